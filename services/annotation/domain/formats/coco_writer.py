"""COCO instances JSON: what `coco.parse` reads back."""

import json
from collections.abc import Sequence
from typing import Any

from services.annotation.domain.formats.model import KnownImage
from services.annotation.domain.formats.raster import mask_bounds
from shared.contracts.shapes import Rle, Shape
from shared.vision import polygons, rotated_boxes


def write(
    images: Sequence[tuple[KnownImage, Sequence[Shape]]], label_names: Sequence[str]
) -> bytes:
    """Write one COCO file for all images.

    Args:
        images: Images with their shapes. `image` shapes have no place in COCO and are left out.
        label_names: Category names in order; ids count from 1. Holds every label of the shapes.

    Returns:
        UTF-8 JSON.
    """
    category = {name: position + 1 for position, name in enumerate(label_names)}
    annotations: list[dict[str, Any]] = []
    for number, (_, shapes) in enumerate(images):
        for shape in shapes:
            if shape.kind != "image":
                identity = {"id": len(annotations) + 1, "image_id": number + 1}
                place = _place(shape)
                annotations.append(
                    {**identity, "category_id": category[shape.label], "iscrowd": 0, **place}
                )
    document = {
        "info": {"description": "Loupe export"},
        "licenses": [],
        "images": [
            {"id": n + 1, "file_name": i.name, "width": i.width, "height": i.height}
            for n, (i, _) in enumerate(images)
        ],
        "categories": [
            {"id": index, "name": name, "supercategory": ""} for name, index in category.items()
        ],
        "annotations": annotations,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _place(shape: Shape) -> dict[str, Any]:
    if shape.kind == "mask" and shape.rle is not None:
        return _mask_place(shape.rle)
    ring = polygons.as_ring(shape.points)
    outline: list[list[float]] = []
    if shape.kind == "polygon":
        outline = [ring.ravel().tolist()]
    elif shape.kind == "rotated_box":
        box = rotated_boxes.from_wire([ring.ravel()], [shape.angle or 0.0])
        ring = rotated_boxes.corners(box)[0]
        outline = [ring.ravel().tolist()]
    x1, y1, x2, y2 = polygons.bounds(ring)
    size = polygons.inside_area(ring) if outline else (x2 - x1) * (y2 - y1)
    return {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": size, "segmentation": outline}


def _mask_place(rle: Rle) -> dict[str, Any]:
    from shared.vision import masks  # its compiled kernels load slowly; most exports need none

    x1, y1, x2, y2 = mask_bounds(rle) or (0.0, 0.0, 0.0, 0.0)
    size = int(masks.from_text(rle.counts)[1::2].sum())
    outline = {"size": list(rle.size), "counts": rle.counts}
    return {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": size, "segmentation": outline}
