"""YOLO txt: a line an object, class index and fractions of the image; boxes or outlines."""

from collections.abc import Sequence

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.frames import frame_of
from services.annotation.domain.formats.model import (
    FormatError,
    KnownImage,
    LabelCollector,
    ParsedLabels,
)
from services.annotation.domain.formats.placement import (
    add_box,
    add_polygon,
    add_quad,
    tell_shared_names,
)
from shared.contracts.shapes import Shape

_BOX_FIELDS = 5
_TRIANGLE_FIELDS = 7
_FIRST_KEY_POINT = 4  # behind the box
_MOST = 2.0  # tools let outlines reach a little outside; a 2 is the mark of a visible key point


def looks_like_labels(data: bytes) -> bool:
    """Whether a txt file holds object lines (or nothing, a negative) rather than a list of names.

    >>> looks_like_labels(b"0 0.5 0.5 0.2 0.2"), looks_like_labels(b"BloodImage_00001")
    (True, False)
    """
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    return all(_is_object_line(line) for line in lines[:20])


def _is_object_line(line: str) -> bool:
    fields = line.split()
    try:
        [float(field) for field in fields]
    except ValueError:
        return False
    return len(fields) >= _BOX_FIELDS


def parse(data: bytes, image: KnownImage, class_names: Sequence[str]) -> ParsedLabels:
    """Read one YOLO label file.

    Args:
        data: The file; an empty one means that the image has no object.
        image: The image it belongs to; fractions are of its sides.
        class_names: Label names by index.

    Returns:
        Boxes (five fields a line) and polygons (index and at least three pairs).

    Raises:
        FormatError: The file cannot be used; the text names the line.
    """
    lines = [line.split() for line in limits.read_text(data).splitlines()]
    limits.count_shapes(len(lines))
    labels = LabelCollector()
    for index, fields in enumerate(lines):
        if fields:
            _add_line(labels, image, fields, class_names, f"line {index + 1}")
    tell_shared_names(labels, class_names)
    return frame_of(image).upright(labels.done())


def _add_line(
    labels: LabelCollector,
    image: KnownImage,
    fields: list[str],
    class_names: Sequence[str],
    what: str,
) -> None:
    label = _class_name(fields[0], class_names, what)
    values = [
        limits.number(field, f"{what}: field {index + 2}") for index, field in enumerate(fields[1:])
    ]
    if _is_pose(fields[1:]):
        raise FormatError(
            f"{what} reads as a box with key points, which are no outline;"
            " write a whole coordinate of an outline as 1.0"
        )
    if max((abs(v) for v in values), default=0.0) >= _MOST:
        raise FormatError(f"{what}: YOLO values are fractions of the image, not pixels")
    if len(values) == _BOX_FIELDS - 1:
        _add_box_row(labels, image, label, values, what)
    elif _is_outline(fields):
        pairs = zip(values[::2], values[1::2], strict=True)
        points = [(x * image.width, y * image.height) for x, y in pairs]
        add = add_quad if len(points) == 4 else add_polygon  # YOLO-OBB and YOLO-seg
        add(labels, image, label=label, points=points, what=what)
    else:
        raise FormatError(
            f"{what} has {len(fields)} fields; a box has 5 (class, centre, size), an outline an odd"
            " 7 or more (class, then x and y); confidences and track ids are no labels"
        )


def _add_box_row(
    labels: LabelCollector, image: KnownImage, label: str, values: list[float], what: str
) -> None:
    x, y, w, h = values
    if w < 0 or h < 0:
        raise FormatError(f"{what}: width or height is negative")
    low = ((x - w / 2) * image.width, (y - h / 2) * image.height)
    high = ((x + w / 2) * image.width, (y + h / 2) * image.height)
    add_box(labels, image, label=label, corners=(low, high), what=what)


def _is_outline(fields: Sequence[str]) -> bool:
    """Whether a row is class and points; a box with confidence and track id looks like a triangle.

    Trackers write the id as a whole number behind fractions, which no tool does with a coordinate.
    """
    if len(fields) < _TRIANGLE_FIELDS or len(fields) % 2 == 0:
        return False
    fractions = ["." in field or "e" in field.lower() for field in fields[1:]]
    is_tracked = len(fields) == _TRIANGLE_FIELDS and not fractions[-1] and any(fractions)
    return not is_tracked


def _is_pose(fields: Sequence[str]) -> bool:
    """Whether a row goes on behind its box with key points: x, y and a whole 0, 1 or 2 each."""
    marks = fields[_FIRST_KEY_POINT + 2 :: 3]
    is_whole = len(fields) > _FIRST_KEY_POINT and (len(fields) - _FIRST_KEY_POINT) % 3 == 0
    has_fractions = any("." in field for field in fields)
    return is_whole and has_fractions and all(mark in ("0", "1", "2") for mark in marks)


def _class_name(text: str, class_names: Sequence[str], what: str) -> str:
    if not text.isdecimal() or len(text) > 6:
        raise FormatError(f"{what}: {text[:20]!r} is not a class index")
    if int(text) >= len(class_names):
        raise FormatError(
            f"{what}: class {int(text)}, but there are {len(class_names)} class names"
            " (classes.txt, *.names or data.yaml at the archive's root)"
        )
    return class_names[int(text)]


def write(image: KnownImage, shapes: Sequence[Shape], class_names: Sequence[str]) -> bytes:
    """Write one label file: polygons as outlines (seg, OBB), everything else as boxes.

    Args:
        image: Its sides turn pixels into fractions.
        shapes: Shapes with points; `mask` and `image` shapes must be converted before.
        class_names: Label names by index; holds every label of `shapes`.

    Returns:
        ASCII text; empty for a negative image.
    """
    index = {name: position for position, name in enumerate(class_names)}
    lines = []
    for shape in shapes:
        if shape.kind == "polygon":
            values = [v for x, y in shape.points for v in (x / image.width, y / image.height)]
        else:
            x1, y1, x2, y2 = shape.bounds()
            centre = [(x1 + x2) / 2 / image.width, (y1 + y2) / 2 / image.height]
            values = [*centre, (x2 - x1) / image.width, (y2 - y1) / image.height]
        lines.append(" ".join([str(index[shape.label]), *(_fraction(v) for v in values)]))
    return "".join(f"{line}\n" for line in lines).encode()


def _fraction(value: float) -> str:
    text = f"{value:.10g}"
    return text if "." in text or "e" in text else f"{text}.0"  # never like a track id
