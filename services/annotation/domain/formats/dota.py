"""DOTA txt: a line an object, four corners in pixels, label, difficulty; headers may come first.

Source of the format: DOTA v1.0 to v2.0 and its development kit (`labelTxt`).
"""

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
    Point,
    add_box,
    add_rotated,
    clean_label,
    nearest_box,
)
from shared.contracts.shapes import Shape

_VALUES = 8
_LEAST_FIELDS = 9
_LOOKED_AT = 20
_HEADERS = ("imagesource:", "gsd:")
_DIFFICULTIES = ("0", "1", "2")
_SHIFT_TOLD_PX = 1.0


def looks_like_labels(data: bytes) -> bool:
    r"""Whether a txt file holds DOTA's lines: a header, or eight numbers and a name that is none.

    A header decides alone: behind it, a name may be a number ("7").

    >>> looks_like_labels(b"imagesource:x\\ngsd:0.1\\n1 1 9 1 9 9 1 9 small-vehicle 0")
    True
    >>> looks_like_labels(b"0 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9")
    False
    """
    lines = [line for line in data.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    looked_at = lines[:_LOOKED_AT]
    if any(_is_header(line) for line in looked_at):
        return True
    return bool(lines) and all(_is_object(line) for line in looked_at)


def _is_header(line: str) -> bool:
    return line.strip().lower().startswith(_HEADERS)


def _is_object(line: str) -> bool:
    fields = line.split()
    if len(fields) < _LEAST_FIELDS:
        return False
    return all(_is_number(field) for field in fields[:_VALUES]) and not _is_number(fields[_VALUES])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def parse(data: bytes, image: KnownImage, class_names: Sequence[str] = ()) -> ParsedLabels:
    """Read one DOTA label file.

    Args:
        data: The file; headers alone mean that the image has no object.
        image: The image it belongs to.
        class_names: Label names of the archive: one that `write` writes differently is found again.

    Returns:
        Boxes, turned where they are not upright; corners that make no rectangle give the nearest.

    Raises:
        FormatError: The file cannot be used; the text names the line.
    """
    lines = limits.read_text(data).splitlines()
    limits.count_shapes(len(lines))
    labels = LabelCollector()
    names = {written: name for name, written in _written(class_names).items()}
    for index, line in enumerate(lines):
        if line.strip() and not _is_header(line):
            _add_line(labels, image, line.split(), names, f"line {index + 1}")
    return frame_of(image).upright(labels.done())


def _add_line(
    labels: LabelCollector,
    image: KnownImage,
    fields: list[str],
    names: dict[str, str],
    what: str,
) -> None:
    if len(fields) < _LEAST_FIELDS:
        raise FormatError(
            f"{what} has {len(fields)} fields; a DOTA row has eight coordinates, the label and"
            " perhaps its difficulty"
        )
    values = [
        limits.number(field, f"{what}: field {index + 1}")
        for index, field in enumerate(fields[:_VALUES])
    ]
    has_difficulty = len(fields) > _LEAST_FIELDS and _is_number(fields[-1])
    if has_difficulty and fields[-1] not in _DIFFICULTIES:
        raise FormatError(f"{what}: {fields[-1][:20]!r} is no difficulty (0, 1 or 2)")
    name = " ".join(fields[_VALUES : len(fields) - has_difficulty])
    label = clean_label(names.get(name, name), what)
    if has_difficulty and fields[-1] != "0":
        labels.warnings.append(f"{what} ({label}) is marked difficult: taken as any other")
    points = list(zip(values[::2], values[1::2], strict=True))
    _add_corners(labels, image, label, points, what)


def _add_corners(
    labels: LabelCollector, image: KnownImage, label: str, points: list[Point], what: str
) -> None:
    found = nearest_box(points)
    if found.shift_px > _SHIFT_TOLD_PX:
        labels.warnings.append(f"{what} ({label}) is no rectangle: the nearest one counts")
    if found.is_upright:
        add_box(labels, image, label=label, corners=found.corners, what=what)
    else:
        add_rotated(labels, image, label=label, corners=found.corners, angle=found.angle, what=what)


def _written(names: Sequence[str]) -> dict[str, str]:
    """How names stand in rows: their blanks as ``_``, another ``_`` behind what is taken already.

    >>> _written(["a b", "a_b"])
    {'a_b': 'a_b', 'a b': 'a_b_'}
    """
    written = {name: name for name in names if len(name.split()) == 1}
    taken = set(written)
    for name in dict.fromkeys(names):
        if name not in written:
            found = "_".join(name.split())
            while found in taken:
                found += "_"
            written[name] = found
            taken.add(found)
    return written


def write(shapes: Sequence[Shape], label_names: Sequence[str]) -> bytes:
    """Write one label file.

    Args:
        shapes: Polygons of four corners.
        label_names: Label names in order; holds every label of the shapes. Rows are split at
            blanks, so that those of a name become ``_``; `parse` with these names gives them back.

    Returns:
        UTF-8 text; the headers alone for a negative image.
    """
    written = _written(label_names)
    lines = ["imagesource:Loupe", "gsd:null"]
    for shape in shapes:
        values = (f"{value:.10g}" for point in shape.points for value in point)
        lines.append(f"{' '.join(values)} {written[shape.label]} 0")
    return "".join(f"{line}\n" for line in lines).encode()
