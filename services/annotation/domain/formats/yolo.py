"""YOLO txt: a line an object, class index and fractions of the image; boxes or polygons."""

import re
from collections.abc import Sequence

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.model import (
    FormatError,
    KnownImage,
    LabelCollector,
    ParsedLabels,
)
from services.annotation.domain.formats.placing import add_box, add_polygon, clean_label
from shared.contracts.shapes import Shape

MAX_CLASSES = 10_000
_BOX_FIELDS = 5
_NAMES_KEY = re.compile(r"^names\s*:\s*(.*)$")
_BLOCK_ITEM = re.compile(r"^\s*(?:-|(\d+)\s*:)\s+(.*)$")
_INLINE_PAIR = re.compile(r"^\s*(\d+)\s*:\s*(.*)$")


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
    return labels.done()


def _add_line(
    labels: LabelCollector,
    image: KnownImage,
    fields: list[str],
    class_names: Sequence[str],
    what: str,
) -> None:
    label = _class_name(fields[0], class_names, what)
    values = [limits.number(field, what) for field in fields[1:]]
    if max((abs(v) for v in values), default=0.0) > 2:
        raise FormatError(f"{what}: YOLO values are fractions of the image, not pixels")
    if len(values) == _BOX_FIELDS - 1:
        x, y, w, h = values
        if w < 0 or h < 0:
            raise FormatError(f"{what}: width or height is negative")
        low = ((x - w / 2) * image.width, (y - h / 2) * image.height)
        high = ((x + w / 2) * image.width, (y + h / 2) * image.height)
        add_box(labels, image, label=label, corners=(low, high), what=what)
    elif len(values) >= 6 and len(values) % 2 == 0:
        pairs = zip(values[::2], values[1::2], strict=True)
        points = [(x * image.width, y * image.height) for x, y in pairs]
        add_polygon(labels, image, label=label, points=points, what=what)
    else:
        raise FormatError(
            f"{what} has {len(fields)} fields; a box has 5, a polygon an odd 7 or more"
        )


def _class_name(text: str, class_names: Sequence[str], what: str) -> str:
    if not text.isdecimal() or len(text) > 6:
        raise FormatError(f"{what}: {text[:20]!r} is not a class index")
    if int(text) >= len(class_names):
        raise FormatError(
            f"{what}: class {int(text)}, but there are {len(class_names)} class names"
            " (classes.txt, *.names or data.yaml at the archive's root)"
        )
    return class_names[int(text)]


def parse_classes(data: bytes, file_name: str) -> tuple[str, ...]:
    """Read label names from classes.txt, *.names (a name a line) or a data.yaml (`names:`).

    Args:
        data: The file.
        file_name: Its name; the suffix decides the format.

    Returns:
        Names by index.

    Raises:
        FormatError: No names, too many, or an illegal one.
    """
    text = limits.read_text(data)
    is_yaml = file_name.lower().endswith((".yaml", ".yml"))
    names = _yaml_names(text) if is_yaml else text.strip().splitlines()
    if not 1 <= len(names) <= MAX_CLASSES:
        raise FormatError(f"holds {len(names)} class names; 1 to {MAX_CLASSES} are expected")
    return tuple(clean_label(name, f"class {index}") for index, name in enumerate(names))


def _yaml_names(text: str) -> list[str]:
    """The `names` entry of a data.yaml: a list or a map, inline or in block form.

    Only this one key is read, by hand: a YAML engine is far more than a label file needs.
    """
    lines = text.splitlines()
    for index, line in enumerate(lines):
        found = _NAMES_KEY.match(line)
        if found and found[1].split("#")[0].strip():
            return _inline_names(found[1])
        if found:
            return _block_names(lines[index + 1 :])
    return []


def _inline_names(text: str) -> list[str]:
    body = text.split(" #")[0].strip()
    if body[:1] not in "[{" or body[-1:] not in "]}":
        raise FormatError("'names' is neither a list nor a map")
    items = [item for item in body[1:-1].split(",") if item.strip()]
    pairs = [_INLINE_PAIR.match(item) for item in items]
    if body[0] == "{":
        return _by_index([(pair[1], pair[2]) for pair in pairs if pair])
    return [_unquoted(item) for item in items]


def _block_names(lines: Sequence[str]) -> list[str]:
    listed: list[str] = []
    numbered: list[tuple[str, str]] = []
    for line in lines:
        bare = line.split(" #")[0].rstrip()
        if not bare.strip():
            continue
        item = _BLOCK_ITEM.match(bare)
        if item is None:
            break
        if item[1] is None:
            listed.append(_unquoted(item[2]))
        else:
            numbered.append((item[1], item[2]))
    return _by_index(numbered) if numbered else listed


def _by_index(pairs: Sequence[tuple[str, str]]) -> list[str]:
    names = {int(index[:6]): _unquoted(name) for index, name in pairs}
    if sorted(names) != list(range(len(names))):
        raise FormatError("the indices of 'names' are not 0, 1, 2 …")
    return [names[index] for index in range(len(names))]


def _unquoted(text: str) -> str:
    bare = text.strip()
    is_quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\""
    return bare[1:-1] if is_quoted else bare


def write(image: KnownImage, shapes: Sequence[Shape], class_names: Sequence[str]) -> bytes:
    """Write one label file: polygons as polygons, everything else as boxes.

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
        lines.append(" ".join([str(index[shape.label]), *(f"{v:.10g}" for v in values)]))
    return "".join(f"{line}\n" for line in lines).encode()
