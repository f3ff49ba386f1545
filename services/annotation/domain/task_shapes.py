"""Which shapes a task knows, and turning imported ones into those (C-049, C-050, C-071)."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from services.annotation.domain.formats.model import FormatError, ImportEntry, ParsedLabels
from services.annotation.domain.formats.placement import build, turned_box
from services.annotation.domain.formats.raster import mask_bounds
from shared.contracts.shapes import Shape, Task
from shared.runtime.tasks.names import ShapeKind
from shared.runtime.tasks.table import TASKS, spec_of
from shared.vision import rotated_boxes

KINDS: dict[Task, tuple[ShapeKind, ...]] = {spec.name: spec.shape_kinds for spec in TASKS.values()}
TEXT_LABEL = "text"
_BOXES_ONLY = ("voc", "createml", "dota")
_TURNED_AS_CORNERS = ("yolo", "coco", "datumaro")
_CORNERS = 4


def adapt(entry: ImportEntry, task: Task) -> ImportEntry:
    """Turn the shapes of an import into those of the project's task.

    Detection keeps boxes and puts a box around everything else. Segmentation keeps outlines, and
    refuses files that can only hold boxes (item 71: LabelImg is not for segmentation). OCR takes
    the label as the transcription. Classification takes the one label of the file. A file with
    objects of which none is left is refused: it shows no image without objects.

    Args:
        entry: What was read; entries without labels come back unchanged.
        task: The project's task.

    Returns:
        The entry, with shapes of the task or with the reason why it cannot be used.
    """
    if entry.labels is None:
        return entry
    try:
        labels = _ADAPT[task](entry, entry.labels)
        if labels.left_out and not labels.shapes:
            raise FormatError(_lost(labels))
        if spec_of(task).labels_whole and not labels.shapes:
            raise FormatError("names no label for the image")
        return replace(entry, labels=labels)
    except FormatError as error:
        return replace(entry, labels=None, error=str(error))


def _lost(labels: ParsedLabels) -> str:
    return (
        f"none of its {labels.left_out} objects can be used, so that it is not taken for an image"
        f" without objects: {labels.warnings[-1]}"
    )


def _for_detection(entry: ImportEntry, labels: ParsedLabels) -> ParsedLabels:
    return _converted(labels, _turned_or_box if entry.format in _TURNED_AS_CORNERS else as_box)


def _turned_or_box(shape: Shape) -> Shape | None:
    """An outline of four corners is the turned box that these formats write so."""
    found = None
    if shape.kind == "polygon" and len(shape.points) == _CORNERS:
        found = turned_box(shape.points)
    if found is None:
        return as_box(shape)
    box = {"kind": "rotated_box", "points": found.corners, "angle": found.angle}
    return shape.model_copy(update=box)


def _converted(labels: ParsedLabels, convert: Callable[[Shape], Shape | None]) -> ParsedLabels:
    """Turn each shape into one of the task; one that has no such form is told and left out."""
    shapes, warnings = [], list(labels.warnings)
    for shape in labels.shapes:
        found = convert(shape)
        if found is not None:
            shapes.append(found)
        else:
            warnings.append(f"{shape.label!r} is of the whole image, no place on it: left out")
    lost = len(labels.shapes) - len(shapes)
    return replace(
        labels,
        shapes=tuple(shapes),
        warnings=tuple(warnings),
        left_out=labels.left_out + lost,
    )


def as_box(shape: Shape) -> Shape | None:
    """Return the upright box around a shape; a rotated box stays, a mask may have none."""
    if shape.kind in KINDS["detection"]:
        return shape
    if shape.kind == "image":
        return None
    bounds = mask_bounds(shape.rle) if shape.rle is not None else shape.bounds()
    if bounds is None:
        return None
    x1, y1, x2, y2 = bounds
    box = {"kind": "box", "points": ((x1, y1), (x2, y2)), "rle": None}
    return shape.model_copy(update=box)


def _for_segmentation(entry: ImportEntry, labels: ParsedLabels) -> ParsedLabels:
    boxes = [shape for shape in labels.shapes if shape.kind == "box"]
    if entry.format in _BOXES_ONLY or (entry.format == "yolo" and boxes):
        raise FormatError("holds boxes only; a segmentation project needs outlines (labelme)")
    return _converted(labels, lambda shape: None if shape.kind == "image" else as_outline(shape))


def as_outline(shape: Shape) -> Shape:
    """Return the polygon of a box's corners; polygons and masks stay."""
    if shape.kind in ("polygon", "mask"):
        return shape
    points: tuple[tuple[float, float], ...]
    if shape.kind == "rotated_box":
        ends = np.array(shape.points).reshape(1, 4)
        ring = rotated_boxes.corners(rotated_boxes.from_wire(ends, [shape.angle or 0.0]))[0]
        points = tuple((float(x), float(y)) for x, y in ring)
    else:
        x1, y1, x2, y2 = shape.bounds()
        points = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
    return shape.model_copy(update={"kind": "polygon", "points": points, "angle": None})


def _for_ocr(entry: ImportEntry, labels: ParsedLabels) -> ParsedLabels:
    return _converted(labels, _as_line)


def _as_line(shape: Shape) -> Shape | None:
    boxed = shape if shape.kind == "polygon" else as_box(shape)
    if boxed is None:
        return None
    # A file that has a description keeps its label; else the label is what was read.
    read = {} if boxed.text else {"text": boxed.label, "label": TEXT_LABEL}
    return boxed.model_copy(update=read)


def _for_classification(entry: ImportEntry, labels: ParsedLabels) -> ParsedLabels:
    names = {shape.label for shape in labels.shapes if shape.kind == "image"}
    names = names or {shape.label for shape in labels.shapes}
    if len(names) > 1:
        raise FormatError(f"names {len(names)} classes for one image: {', '.join(sorted(names))}")
    shapes = tuple(build("the image", label=name, kind="image") for name in names)
    return replace(labels, shapes=shapes)


_ADAPT: dict[Task, Callable[[ImportEntry, ParsedLabels], ParsedLabels]] = {
    "classification": _for_classification,
    "detection": _for_detection,
    "instance_segmentation": _for_segmentation,
    "semantic_segmentation": _for_segmentation,
    "ocr": _for_ocr,
}
