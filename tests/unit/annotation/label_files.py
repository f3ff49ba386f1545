"""Label files as tests write them, and the images that they speak of."""

import json
import math
from typing import Any

import numpy as np

from services.annotation.domain.formats.model import KnownImage, KnownImages
from shared.contracts.shapes import Shape

IMAGE = KnownImage("i1", "part-1.jpg", 640, 480)

KNOWN = KnownImages([IMAGE, KnownImage("i2", "part-2.png", 100, 50)])


def labelme_file(*shapes: dict[str, Any], **extra: Any) -> bytes:
    document = {"shapes": list(shapes), "imageWidth": 640, "imageHeight": 480, **extra}
    return json.dumps(document).encode()


def rectangle(*corners: float, label: str = "scratch") -> dict[str, Any]:
    points = [list(corners[:2]), list(corners[2:])]
    return {"label": label, "points": points, "shape_type": "rectangle"}


def voc_file(*boxes: tuple[float | str, ...], size: tuple[int, int] = (640, 480)) -> bytes:
    objects = "".join(
        f"<object><name>RBC</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax>"
        f"<ymax>{d}</ymax></bndbox></object>"
        for a, b, c, d in boxes
    )
    extent = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    return f"<annotation><path>/etc/passwd</path>{extent}{objects}</annotation>".encode()


def assert_same(first: list[Shape], second: list[Shape]) -> None:
    assert [(s.label, s.kind, s.rle) for s in first] == [(s.label, s.kind, s.rle) for s in second]
    for one, other in zip(first, second, strict=True):
        assert np.allclose(np.array(one.points), np.array(other.points), atol=1e-5)
        assert math.isclose(one.angle or 0, other.angle or 0, abs_tol=1e-6)


def coco_document(**annotation: Any) -> dict[str, Any]:
    return {
        "images": [{"id": 5, "file_name": "x/part-1.jpg", "width": 640, "height": 480}],
        "categories": [{"id": 1, "name": "scratch"}],
        "annotations": [{"id": 9, "image_id": 5, "category_id": 1, **annotation}],
    }
