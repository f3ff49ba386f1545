"""labelme JSON, version 5: what `labelme.parse` reads back unchanged."""

import base64
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from services.annotation.domain.formats.labelme import IGNORE_LABEL
from services.annotation.domain.formats.model import KnownImage
from services.annotation.domain.formats.raster import decode_mask
from shared.contracts.shapes import IgnoreRegion, Shape
from shared.vision import rotated_boxes


def write(
    image: KnownImage, shapes: Sequence[Shape], ignore_regions: Sequence[IgnoreRegion] = ()
) -> bytes:
    """Write one labelme 5 file without the picture.

    Args:
        image: Name and size.
        shapes: Any kinds; a rotated box becomes a polygon of four points with a flag, an `image`
            shape an image flag.
        ignore_regions: Become polygons of label `__ignore__`.

    Returns:
        UTF-8 JSON; `parse` gives the same shapes back.
    """
    flags = {shape.label: True for shape in shapes if shape.kind == "image"}
    described = [_describe(shape) for shape in shapes if shape.kind != "image"]
    described += [
        _entry(IGNORE_LABEL, "polygon", [list(p) for p in region.points])
        for region in ignore_regions
    ]
    document = {
        "version": "5.7.0",
        "flags": flags,
        "shapes": described,
        "imagePath": image.name,
        "imageData": None,
        "imageHeight": image.height,
        "imageWidth": image.width,
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _describe(shape: Shape) -> dict[str, Any]:
    if shape.kind == "mask" and shape.rle is not None:
        pixels = decode_mask(shape.rle)
        rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
        y1, y2, x1, x2 = int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])
        picture = io.BytesIO()
        Image.fromarray(pixels[y1 : y2 + 1, x1 : x2 + 1]).convert("L").save(picture, "PNG")
        entry = _entry(shape.label, "mask", [[x1, y1], [x2, y2]])
        entry["mask"] = base64.b64encode(picture.getvalue()).decode()
    elif shape.kind == "rotated_box":
        ends = np.array(shape.points).reshape(1, 4)
        box = rotated_boxes.from_wire(ends, [shape.angle or 0.0])
        entry = _entry(shape.label, "polygon", rotated_boxes.corners(box)[0].tolist())
        entry["flags"] = {"rotated_box": True}
    else:
        kind = "rectangle" if shape.kind == "box" else "polygon"
        entry = _entry(shape.label, kind, [list(p) for p in shape.points])
    return {**entry, "description": shape.text or ""}


def _entry(label: str, shape_type: str, points: list[Any]) -> dict[str, Any]:
    return {
        "label": label,
        "points": points,
        "group_id": None,
        "description": "",
        "shape_type": shape_type,
        "flags": {},
        "mask": None,
    }
