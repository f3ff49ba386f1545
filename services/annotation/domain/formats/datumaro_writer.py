"""Datumaro JSON: what `datumaro.parse` reads back."""

import json
from collections.abc import Sequence
from typing import Any

from services.annotation.domain.formats.model import KnownImage, stem_of
from shared.contracts.shapes import Shape


def write(
    images: Sequence[tuple[KnownImage, Sequence[Shape]]], label_names: Sequence[str]
) -> bytes:
    """Write one Datumaro file for all images of a split.

    Args:
        images: Images with their shapes; rotated boxes must be outlines.
        label_names: Label names in order; holds every label of the shapes.

    Returns:
        UTF-8 JSON.
    """
    index = {name: position for position, name in enumerate(label_names)}
    labels = [{"name": name, "parent": "", "attributes": []} for name in label_names]
    document = {
        "dm_format_version": "1.0",
        "media_type": 2,
        "infos": {},
        "categories": {"label": {"labels": labels, "label_groups": [], "attributes": []}},
        "items": [_item(image, shapes, index) for image, shapes in images],
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _item(image: KnownImage, shapes: Sequence[Shape], index: dict[str, int]) -> dict[str, Any]:
    return {
        "id": stem_of(image.name),
        "annotations": [
            {
                "id": number + 1,
                "attributes": {"text": shape.text} if shape.text else {},
                "group": 0,
                "label_id": index[shape.label],
                "z_order": 0,
                **_place(shape),
            }
            for number, shape in enumerate(shapes)
        ],
        "image": {"path": image.name, "size": [image.height, image.width]},
    }


def _place(shape: Shape) -> dict[str, Any]:
    if shape.kind == "image":
        return {"type": "label"}
    if shape.rle is not None:
        rle = {"counts": shape.rle.counts, "size": list(shape.rle.size)}
        return {"type": "mask", "rle": rle}
    if shape.kind == "box":
        x1, y1, x2, y2 = shape.bounds()
        return {"type": "bbox", "bbox": [x1, y1, x2 - x1, y2 - y1]}
    return {"type": "polygon", "points": [value for point in shape.points for value in point]}
