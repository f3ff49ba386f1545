"""labelme JSON, versions 3 to 5, and X-AnyLabeling: outlines, rectangles, masks, flags, groups."""

import base64
import binascii
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.frames import frame_of
from services.annotation.domain.formats.model import (
    FormatError,
    KnownImage,
    LabelCollector,
    ParsedLabels,
)
from services.annotation.domain.formats.placement import (
    Point,
    add_box,
    add_ignore_region,
    add_polygon,
    add_rotated,
    build,
    clean_label,
    fit_ring,
)
from services.annotation.domain.formats.raster import (
    encode_mask,
    fill_rings,
    unite,
)
from services.annotation.domain.formats.records import record_id
from shared.vision import rotated_boxes

IGNORE_LABEL = "__ignore__"
BACKGROUND_LABEL = "_background_"
_CIRCLE_POINTS = 64
_MAX_MASK_TEXT = 4 * 2**20
_AREALESS = ("point", "points", "line", "linestrip", "lines")


def parse(data: bytes, image: KnownImage) -> ParsedLabels:
    """Read the bytes of one labelme file, as `read` does its document."""
    return read(limits.mapping(limits.read_json(data), "the file"), image)


def image_name(document: dict[str, Any]) -> str:
    """Return the name that a file gives its image, or nothing."""
    name = document.get("imagePath")
    return name if isinstance(name, str) else ""


def read(document: dict[str, Any], image: KnownImage) -> ParsedLabels:
    """Read one labelme file.

    `imagePath` and `imageData` are not looked at: the caller matches file and image by base name.
    Polygons of one label with the same `group_id` are one object and become one mask. Shapes of
    label `__ignore__` become ignore regions. Image flags that are set become `image` shapes.

    Args:
        document: The parsed JSON.
        image: The image it belongs to.

    Returns:
        Shapes in pixels of the image; points and lines are left out with a warning.

    Raises:
        FormatError: The file cannot be used; the text says what is wrong where.
    """
    shapes = limits.sequence(document.get("shapes"), "'shapes'")
    limits.count_shapes(len(shapes))
    frame = frame_of(image, _size(document, "imageWidth"), _size(document, "imageHeight"))
    image = frame.image
    labels = LabelCollector()
    for group in _instances(shapes):
        if len(group) == 1:
            _add_single(labels, image, *group[0])
        else:
            _add_group(labels, image, group)
    _add_flags(labels, document.get("flags"))
    return frame.upright(labels.done())


def _size(document: dict[str, Any], key: str) -> float:
    value = document.get(key)
    return 0.0 if value is None else limits.number(value, key)


def _instances(shapes: list[Any]) -> list[list[tuple[str, dict[str, Any]]]]:
    """Shapes in file order, those of one label and group together."""
    groups: dict[object, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for index, raw in enumerate(shapes):
        what = f"shape {index + 1}"
        shape = limits.mapping(raw, what)
        group, kind = shape.get("group_id"), shape.get("shape_type") or "polygon"
        joins = group is not None and kind in ("polygon", "mask", "circle")
        group = record_id(group, f"{what}: 'group_id'") if joins else None
        key = (shape.get("label"), group) if joins and _is_text(shape.get("label")) else index
        groups[key].append((what, shape))
    return list(groups.values())


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _add_single(
    labels: LabelCollector, image: KnownImage, what: str, shape: dict[str, Any]
) -> None:
    label = clean_label(shape.get("label"), what)
    if label == BACKGROUND_LABEL:
        return
    kind = shape.get("shape_type") or "polygon"
    if kind in _AREALESS:
        labels.leave_out(f"{what} ({label}) is a {kind}: it has no area and was left out")
        return
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise FormatError(f"{what} ({label}) has the unknown shape_type {str(kind)[:30]!r}")
    if shape.get("difficult") is True:
        labels.warnings.append(f"{what} ({label}) is marked difficult: taken as any other")
    before = len(labels.shapes)
    reader(labels, image, label, shape, what)
    text = shape.get("description")
    if isinstance(text, str) and text.strip() and len(labels.shapes) > before:
        labels.shapes[-1] = labels.shapes[-1].model_copy(update={"text": text.strip()[:1000]})


def _points(shape: dict[str, Any], what: str, *, least: int, most: int = 10**9) -> list[Point]:
    raw = limits.sequence(shape.get("points"), f"{what}: 'points'")
    if not least <= len(raw) <= most:
        raise FormatError(f"{what} has {len(raw)} points")
    points: list[Point] = []
    for pair in raw:
        if not isinstance(pair, list) or len(pair) != 2:
            raise FormatError(f"{what}: a point is not a pair of numbers")
        x, y = (limits.number(value, f"{what}: a coordinate") for value in pair)
        points.append((x, y))
    return points


def _read_rectangle(
    labels: LabelCollector, image: KnownImage, label: str, shape: dict[str, Any], what: str
) -> None:
    points = _points(shape, what, least=2, most=4)
    x, y = [p[0] for p in points], [p[1] for p in points]
    corners = ((min(x), min(y)), (max(x), max(y)))
    if label == IGNORE_LABEL:
        ring = (corners[0], (corners[1][0], corners[0][1]), corners[1], (corners[0][0], max(y)))
        add_ignore_region(labels, image, points=ring, what=what)
    else:
        add_box(labels, image, label=label, corners=corners, what=what)


def _read_polygon(
    labels: LabelCollector, image: KnownImage, label: str, shape: dict[str, Any], what: str
) -> None:
    points = _points(shape, what, least=0)
    if label == IGNORE_LABEL:
        add_ignore_region(labels, image, points=points, what=what)
    elif _is_rotated(shape) and len(points) == 4:
        _add_rotated(labels, image, label, points, what)
    else:
        add_polygon(labels, image, label=label, points=points, what=what)


def _is_rotated(shape: dict[str, Any]) -> bool:
    flags = shape.get("flags")
    kind = shape.get("shape_type")
    own = isinstance(flags, dict) and flags.get("rotated_box") is True
    return own or kind in ("rotation", "oriented_rectangle")


def _add_rotated(
    labels: LabelCollector, image: KnownImage, label: str, points: list[Point], what: str
) -> None:
    box = rotated_boxes.from_corners(np.array([points]))
    ((x1, y1, x2, y2),), (angle,) = (values.tolist() for values in rotated_boxes.to_wire(box))
    corners = ((x1, y1), (x2, y2))
    add_rotated(labels, image, label=label, corners=corners, angle=angle, what=what)


def _circle_ring(points: Sequence[Point]) -> list[Point]:
    (cx, cy), (x, y) = points
    radius = float(np.hypot(x - cx, y - cy))
    turns = np.linspace(0, 2 * np.pi, _CIRCLE_POINTS, endpoint=False)
    return [(cx + radius * float(np.cos(t)), cy + radius * float(np.sin(t))) for t in turns]


def _read_circle(
    labels: LabelCollector, image: KnownImage, label: str, shape: dict[str, Any], what: str
) -> None:
    ring = _circle_ring(_points(shape, what, least=2, most=2))
    _read_polygon(labels, image, label, {**shape, "points": [list(p) for p in ring]}, what)


def _read_mask(
    labels: LabelCollector, image: KnownImage, label: str, shape: dict[str, Any], what: str
) -> None:
    pixels = _mask_pixels(shape, image, what)
    if not pixels.any():
        labels.leave_out(f"{what} ({label}) has no area and was left out")
    elif label == IGNORE_LABEL:
        rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
        x1, x2 = float(columns[0]), float(columns[-1]) + 1
        y1, y2 = float(rows[0]), float(rows[-1]) + 1
        ring = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
        labels.warnings.append(f"{what} ({label}) is a mask; its bounding box is ignored")
        add_ignore_region(labels, image, points=ring, what=what)
    else:
        labels.shapes.append(build(what, label=label, kind="mask", rle=encode_mask(pixels)))


def _mask_pixels(shape: dict[str, Any], image: KnownImage, what: str) -> NDArray[np.bool_]:
    """Full-image mask from labelme's base64 PNG; its corner points are inclusive pixels."""
    (x1, y1), (x2, y2) = _points(shape, what, least=2, most=2)
    left, top = round(min(x1, x2)), round(min(y1, y2))
    text = shape.get("mask")
    if not isinstance(text, str) or len(text) > _MAX_MASK_TEXT:
        raise FormatError(f"{what}: the mask picture is missing or too large")
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"])
        width, height = picture.size
        if left < 0 or top < 0 or left + width > image.width or top + height > image.height:
            raise FormatError(f"{what}: the mask reaches outside the image {image.name!r}")
        inside = np.asarray(picture.convert("L")) > 0
    except (OSError, binascii.Error, ValueError, SyntaxError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{what}: the mask is not a PNG picture") from None
    pixels = np.zeros((image.height, image.width), np.bool_)
    pixels[top : top + height, left : left + width] = inside
    return pixels


def _add_group(
    labels: LabelCollector, image: KnownImage, group: list[tuple[str, dict[str, Any]]]
) -> None:
    """Several outlines of one instance: one mask, filled the way labelme itself fills them."""
    what = f"{group[0][0]} and its group"
    label = clean_label(group[0][1].get("label"), what)
    if label in (IGNORE_LABEL, BACKGROUND_LABEL):
        for place, shape in group:
            _add_single(labels, image, place, shape)
        return
    pixels = unite(_parts(labels, image, label, group))
    if pixels is not None:
        labels.shapes.append(build(what, label=label, kind="mask", rle=encode_mask(pixels)))


def _parts(
    labels: LabelCollector,
    image: KnownImage,
    label: str,
    group: list[tuple[str, dict[str, Any]]],
) -> Iterator[NDArray[np.bool_]]:
    """Yield the pixels of each outline of a group, on the whole image."""
    for place, shape in group:
        kind = shape.get("shape_type") or "polygon"
        if kind == "mask":
            yield _mask_pixels(shape, image, place)
            continue
        points = _points(shape, place, least=2 if kind == "circle" else 0)
        ring = _circle_ring(points[:2]) if kind == "circle" else points
        if fit_ring(labels, image, label=label, points=ring, what=place) is not None:
            yield fill_rings([ring], image.width, image.height)


def _add_flags(labels: LabelCollector, flags: object) -> None:
    if not isinstance(flags, dict):
        return
    for name, is_set in flags.items():
        if is_set is True and name not in (IGNORE_LABEL, BACKGROUND_LABEL):
            labels.shapes.append(build(f"flag {name!r}", label=name, kind="image"))


_Reader = Callable[[LabelCollector, KnownImage, str, dict[str, Any], str], None]
_READERS: dict[str, _Reader] = {
    "rectangle": _read_rectangle,
    "polygon": _read_polygon,
    "rotation": _read_polygon,
    "oriented_rectangle": _read_polygon,
    "quadrilateral": _read_polygon,
    "circle": _read_circle,
    "mask": _read_mask,
}
