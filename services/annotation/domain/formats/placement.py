"""Putting shapes on their image: clip what sticks out, leave out what has no area."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.model import FormatError, KnownImage, LabelCollector
from shared.contracts.names import label_name
from shared.contracts.shapes import MAX_NAME, MAX_POINTS, IgnoreRegion, Rle, Shape
from shared.vision import polygons, rotated_boxes

_RECTANGLE_PX = 0.5
_SILENT_OVERHANG_PX = 1.0  # tools that count pixels from one, or round up, reach just outside

Point = tuple[float, float]


def add_box(
    labels: LabelCollector,
    image: KnownImage,
    *,
    label: str,
    corners: tuple[Point, Point],
    what: str,
) -> None:
    """Add an upright box given by two opposite corners in any order.

    Raises:
        FormatError: It lies wholly outside the image, or its label is not a legal name.
    """
    (ax, ay), (bx, by) = corners
    x1, x2, y1, y2 = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
    if x1 == x2 or y1 == y2:
        labels.leave_out(f"{what} ({label}) has no area and was left out")
        return
    left, top = max(x1, 0.0), max(y1, 0.0)
    right, bottom = min(x2, float(image.width)), min(y2, float(image.height))
    if left >= right or top >= bottom:
        raise FormatError(_outside(what, label, image))
    overhang = max(left - x1, top - y1, x2 - right, y2 - bottom)
    if overhang > _SILENT_OVERHANG_PX:
        labels.warnings.append(_clipped(what, label, image))
    points = ((left, top), (right, bottom))
    labels.shapes.append(build(what, label=label, kind="box", points=points))


def add_rotated(
    labels: LabelCollector,
    image: KnownImage,
    *,
    label: str,
    corners: tuple[Point, Point],
    angle: float,
    what: str,
) -> None:
    """Add a box given by two corners of the unturned one, turned clockwise about its centre.

    Args:
        labels: Gathers it.
        image: The image; a turned box may stick out of it.
        label: Its label.
        corners: Two opposite corners in any order.
        angle: Degrees.
        what: How to name the place in errors.

    Raises:
        FormatError: It lies wholly outside the image, or its label is not a legal name.
    """
    (ax, ay), (bx, by) = corners
    ends = ((min(ax, bx), min(ay, by)), (max(ax, bx), max(ay, by)))
    box = rotated_boxes.from_wire([[*ends[0], *ends[1]]], [angle])
    ring = [(float(x), float(y)) for x, y in rotated_boxes.corners(box)[0]]
    told = len(labels.warnings)
    if fit_ring(labels, image, label=label, points=ring, what=what) is not None:
        del labels.warnings[told:]  # it is not cut
        shape = build(what, label=label, kind="rotated_box", points=ends, angle=angle)
        labels.shapes.append(shape)


def add_turned(
    labels: LabelCollector,
    image: KnownImage,
    *,
    label: str,
    corners: tuple[Point, Point],
    angle: float,
    what: str,
) -> None:
    """Add a box as CVAT gives it: upright, or turned by ``angle`` degrees about its centre.

    Raises:
        FormatError: It lies wholly outside the image, or its label is not a legal name.
    """
    if angle % 360:
        angle %= 360
        add_rotated(labels, image, label=label, corners=corners, angle=angle, what=what)
    else:
        add_box(labels, image, label=label, corners=corners, what=what)


def angle_of(labels: LabelCollector, value: object, what: str) -> float:
    """Return the degrees that an attribute says; 0 with a warning where it is no such number.

    Attributes are whatever people call so: one that is called "rotation" may hold a word.
    """
    try:
        return limits.number(value, what)
    except FormatError:
        labels.warnings.append(f"{what}: its attribute rotation is no angle: taken as not turned")
        return 0.0


def add_polygon(
    labels: LabelCollector,
    image: KnownImage,
    *,
    label: str,
    points: Sequence[Point],
    what: str,
) -> None:
    """Add a polygon; what sticks out is cut off.

    Raises:
        FormatError: It lies wholly outside the image, has too many points, or an illegal label.
    """
    ring = fit_ring(labels, image, label=label, points=points, what=what)
    if ring is not None:
        labels.shapes.append(build(what, label=label, kind="polygon", points=ring))


def add_quad(
    labels: LabelCollector,
    image: KnownImage,
    *,
    label: str,
    points: Sequence[Point],
    what: str,
) -> None:
    """Add an outline of four corners; a turned box that sticks out of the image stays one.

    Raises:
        FormatError: It lies wholly outside the image, or its label is not a legal name.
    """
    ring = polygons.as_ring(points)
    x1, y1, x2, y2 = polygons.bounds(ring)
    sticks_out = min(x1, y1, image.width - x2, image.height - y2) < 0
    turned = turned_box(points) if sticks_out else None
    if turned is None:
        add_polygon(labels, image, label=label, points=points, what=what)
    else:
        corners, angle = turned.corners, turned.angle
        add_rotated(labels, image, label=label, corners=corners, angle=angle, what=what)


@dataclass(frozen=True)
class NearestBox:
    """The box nearest to four corners.

    Attributes:
        corners: Two opposite ones of the unturned box.
        angle: Degrees, clockwise about its centre.
        shift_px: How far the farthest corner is from that of the box.
        is_upright: Whether the four corners are, but for half a pixel, those of an upright box.
    """

    corners: tuple[Point, Point]
    angle: float
    shift_px: float
    is_upright: bool


def nearest_box(points: Sequence[Point]) -> NearestBox:
    """Fit a box to four corners in order around it; an upright one keeps angle 0.

    >>> nearest_box([(5, 0), (10, 5), (5, 10), (0, 5)]).angle
    45.0
    >>> nearest_box([(4, 0), (4, 2), (0, 2), (0, 0)])
    NearestBox(corners=((0.0, 0.0), (4.0, 2.0)), angle=0.0, shift_px=0.0, is_upright=True)
    """
    ring = polygons.as_ring(points)
    x1, y1, x2, y2 = polygons.bounds(ring)
    upright = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])
    gap = _farthest(ring, upright)
    if gap <= _RECTANGLE_PX:
        return NearestBox(((x1, y1), (x2, y2)), 0.0, gap, is_upright=True)
    box = rotated_boxes.from_corners(ring[np.newaxis])
    gap = _farthest(ring, rotated_boxes.corners(box)[0])
    ((left, top, right, bottom),), (angle,) = (v.tolist() for v in rotated_boxes.to_wire(box))
    return NearestBox(((left, top), (right, bottom)), angle, gap, is_upright=False)


def turned_box(points: Sequence[Point]) -> NearestBox | None:
    """Return the box whose four corners `points` are; None where it is upright or no rectangle."""
    found = nearest_box(points)
    return None if found.is_upright or found.shift_px > _RECTANGLE_PX else found


def _farthest(ring: polygons.Ring, corners: NDArray[np.float64]) -> float:
    """How far the corners of a ring are from the nearest of others, and those from them, at most.

    In pixels along an axis.
    """
    gaps = np.abs(ring[:, np.newaxis] - corners[np.newaxis]).max(axis=2)
    return float(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))


def add_ignore_region(
    labels: LabelCollector, image: KnownImage, *, points: Sequence[Point], what: str
) -> None:
    """Add a polygon whose inside neither trains nor counts.

    Raises:
        FormatError: It lies wholly outside the image or has too many points.
    """
    ring = fit_ring(labels, image, label="ignore", points=points, what=what)
    if ring is not None:
        labels.ignore_regions.append(IgnoreRegion(points=ring))


def fit_ring(
    labels: LabelCollector,
    image: KnownImage,
    *,
    label: str,
    points: Sequence[Point],
    what: str,
) -> tuple[Point, ...] | None:
    """Check a ring against the image and cut off what sticks out.

    Returns:
        The points, or None (with a warning) when the ring has no area.

    Raises:
        FormatError: It lies wholly outside the image or has too many points.
    """
    if len(points) > MAX_POINTS:
        raise FormatError(f"{what} ({label}) has {len(points)} points; {MAX_POINTS} are allowed")
    ring = polygons.as_ring(points)
    if not polygons.has_inside(ring):
        labels.leave_out(f"{what} ({label}) has no area and was left out")
        return None
    x1, y1, x2, y2 = polygons.bounds(ring)
    if min(x1, y1, image.width - x2, image.height - y2) >= 0:
        return tuple((float(x), float(y)) for x, y in ring)
    clipped = polygons.clip_to_window(ring, (0, 0, image.width, image.height))
    if len(clipped) < 3:
        raise FormatError(_outside(what, label, image))
    if max(-x1, -y1, x2 - image.width, y2 - image.height) > _SILENT_OVERHANG_PX:
        labels.warnings.append(_clipped(what, label, image))
    return tuple((float(x), float(y)) for x, y in clipped)


def tell_shared_names(labels: LabelCollector, names: Iterable[str]) -> None:
    """Tell of labels that several classes of a file are called: they are one label here."""
    used, counts = {shape.label: None for shape in labels.shapes}, Counter(names)
    for name in used:
        if counts[name] > 1:
            labels.warnings.append(
                f"{counts[name]} classes are called {name!r}: taken as one label"
            )


def build(
    what: str,
    *,
    label: str,
    kind: str,
    points: Sequence[Point] = (),
    rle: Rle | None = None,
    **extra: object,
) -> Shape:
    """Make the wire shape.

    Raises:
        FormatError: The label or a value is not legal.
    """
    fields = {"label": clean_label(label, what), "kind": kind, "points": tuple(points), "rle": rle}
    try:
        return Shape.model_validate({**fields, **extra})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "shape"
        raise FormatError(f"{what}: {place}: {first['msg']}") from None


def clean_label(label: object, what: str) -> str:
    """Return a label name in normal form.

    Raises:
        FormatError: Not text, blank, over 128 characters, or with invisible characters.

    >>> clean_label(" scratch ", "shape 1")
    'scratch'
    """
    if not isinstance(label, str):
        raise FormatError(f"{what} has no label name")
    if not label.strip():
        raise FormatError(f"{what}: a label name has 1 to 128 characters, not 0")
    try:
        name = label_name(label)
    except ValueError:
        raise FormatError(f"{what}: the label name holds invisible or control characters") from None
    if len(name) > MAX_NAME:
        raise FormatError(f"{what}: a label name has 1 to {MAX_NAME} characters, not {len(name)}")
    return name


def _outside(what: str, label: str, image: KnownImage) -> str:
    return (
        f"{what} ({label}) lies outside the image {image.name!r}, {image.width}×{image.height} px"
    )


def _clipped(what: str, label: str, image: KnownImage) -> str:
    return f"{what} ({label}) stuck out of the {image.width}×{image.height} px image and was cut"
