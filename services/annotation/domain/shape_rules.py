"""What a person may save: shapes of the task, on the image, with an area and an id each."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from services.annotation.domain.formats import placement
from services.annotation.domain.formats.model import FormatError, KnownImage, LabelCollector
from services.annotation.domain.formats.raster import mask_extent
from services.annotation.domain.task_shapes import KINDS
from shared.contracts.shapes import IgnoreRegion, Shape, Task
from shared.errors import FieldError
from shared.runtime.tasks.table import spec_of
from shared.vision import masks, polygons

_MAX_MASK_PIXELS = 10_000 * 30_000


@dataclass(frozen=True)
class CheckedShapes:
    """Shapes fit to be stored, and what was wrong with the others; both at once never."""

    shapes: tuple[Shape, ...]
    errors: tuple[FieldError, ...]


def check_shapes(shapes: Sequence[Shape], image: KnownImage, task: Task) -> CheckedShapes:
    """Check shapes that a person drew against their image and the project's task.

    Boxes are put in order (top-left first) and cut at the image's border. Scores are dropped, for a
    saved shape is a fact, but for that of an accepted proposal, which has one. Every shape gets a
    stable id unless it has one. A classifier learns of labels alone: an image of its project
    without one is not annotated, so that it is refused.

    Args:
        shapes: As they came in.
        image: Their image.
        task: The project's task.

    Returns:
        The shapes to store, or one error for each wrong field.
    """
    checked: list[Shape] = []
    errors: list[FieldError] = []
    for index, shape in enumerate(shapes):
        try:
            checked.append(_check(shape, image, task))
        except FormatError as error:
            errors.append(FieldError(f"shapes.{index}", str(error)))
    spec = spec_of(task)
    if not spec.allows(len(checked)) and not errors:
        most = f"an image of a {task} project has at most {spec.most_shapes} shapes"
        errors.append(FieldError("shapes", most))
    if spec.labels_whole and not shapes:
        errors.append(FieldError("shapes", f"an image of a {task} project needs its label"))
    errors += _doubled_ids(shapes) + _unsure(shapes)
    if errors:
        return CheckedShapes((), tuple(errors))
    return CheckedShapes(with_ids(checked, image.image_id), ())


def check_regions(regions: Sequence[IgnoreRegion], image: KnownImage) -> tuple[FieldError, ...]:
    """Check ignore regions: each has an area and touches the image.

    Returns:
        One error for each wrong region; empty when all are right.
    """
    errors = []
    for index, region in enumerate(regions):
        collector = LabelCollector()
        try:
            placement.add_ignore_region(collector, image, points=region.points, what="the region")
        except FormatError as error:
            errors.append(FieldError(f"ignore_regions.{index}", str(error)))
            continue
        if not collector.ignore_regions:
            errors.append(FieldError(f"ignore_regions.{index}", "the region has no area"))
    return tuple(errors)


def _doubled_ids(shapes: Sequence[Shape]) -> list[FieldError]:
    first: dict[str, int] = {}
    errors = []
    for index, shape in enumerate(shapes):
        if shape.id and first.setdefault(shape.id, index) != index:
            message = f"is the id of shapes.{first[shape.id]} too; leave it out to get a new one"
            errors.append(FieldError(f"shapes.{index}.id", message))
    return errors


def _unsure(shapes: Sequence[Shape]) -> list[FieldError]:
    return [
        FieldError(f"shapes.{index}.score", "an accepted proposal has the version's score")
        for index, shape in enumerate(shapes)
        if shape.proposed_by is not None and shape.score is None
    ]


def with_ids(shapes: Sequence[Shape], image_id: str) -> tuple[Shape, ...]:
    """Give each shape without one an id that follows from its image, content and place.

    The same shapes get the same ids, so that saving twice is saving once.

    >>> box = Shape(label="a", kind="box", points=((0, 0), (1, 1)))
    >>> first, second = with_ids([box, box], "image")
    >>> first.id != second.id, with_ids([box], "image")[0].id == first.id
    (True, True)
    """
    seen: dict[str, int] = {}
    taken = {shape.id for shape in shapes if shape.id}
    named = []
    for shape in shapes:
        if shape.id:
            named.append(shape)
            continue
        content = shape.model_dump_json(exclude={"id", "score", "proposed_by"})
        count = seen[content] = seen.get(content, -1) + 1
        digest = hashlib.sha256(f"{image_id}\x1f{count}\x1f{content}".encode()).hexdigest()
        identity = digest[:16] if digest[:16] not in taken else digest[16:32]
        named.append(shape.model_copy(update={"id": identity}))
    return tuple(named)


def _check(shape: Shape, image: KnownImage, task: Task) -> Shape:
    if shape.kind not in KINDS[task]:
        wanted = ", ".join(KINDS[task])
        raise FormatError(f"a {shape.kind} is no shape of a {task} project ({wanted})")
    score = None if shape.proposed_by is None else shape.score
    facts = {"label": placement.clean_label(shape.label, "the shape"), "score": score}
    if shape.kind == "mask":
        _check_mask(shape, image)
        return shape.model_copy(update=facts)
    if shape.kind == "image":
        return shape.model_copy(update=facts)
    return shape.model_copy(update={**facts, "points": _fit(shape, image)})


def _fit(shape: Shape, image: KnownImage) -> tuple[tuple[float, float], ...]:
    collector = LabelCollector()
    if shape.kind == "polygon":
        placement.add_polygon(
            collector, image, label=shape.label, points=shape.points, what="the shape"
        )
    else:
        first, last = shape.points
        placement.add_box(
            collector, image, label=shape.label, corners=(first, last), what="the shape"
        )
    if not collector.shapes:
        raise FormatError("the shape has no area")
    if shape.kind == "rotated_box":  # its unturned corners may lie outside while it does not
        (x1, y1), (x2, y2) = shape.points
        return ((min(x1, x2), min(y1, y2)), (max(x1, x2), max(y1, y2)))
    return collector.shapes[0].points


def _check_mask(shape: Shape, image: KnownImage) -> None:
    if shape.rle is None or shape.rle.size != (image.height, image.width):
        raise FormatError(f"the mask is not of the image's size, {image.height}×{image.width}")
    if image.height * image.width > _MAX_MASK_PIXELS:
        raise FormatError("the image is too large for masks; use polygons")
    try:
        counts = masks.from_text(shape.rle.counts)
    except ValueError as error:
        raise FormatError(str(error)) from None
    if int(counts.sum(dtype="int64")) != image.height * image.width:
        raise FormatError("the mask's runs do not cover the image")
    if not counts[1::2].any():
        raise FormatError("the mask is empty")


@dataclass(frozen=True)
class TargetSizes:
    """Areas in square pixels and longest sides in pixels of an image's targets."""

    areas: tuple[float, ...]
    sides: tuple[float, ...]


def target_sizes(shapes: Sequence[Shape]) -> TargetSizes:
    """Measure targets, for the advice on tiling; `image` shapes have no size.

    >>> target_sizes([Shape(label="a", kind="box", points=((0, 0), (4, 3)))])
    TargetSizes(areas=(12.0,), sides=(4.0,))
    """
    areas, sides = [], []
    for shape in shapes:
        if shape.kind == "image":
            continue
        if shape.rle is not None:
            extent = mask_extent(shape.rle)
            size, side = extent.area_px, max(extent.box_xywh[2:])
        else:
            x1, y1, x2, y2 = shape.bounds()
            is_outline = shape.kind == "polygon"
            ring = polygons.as_ring(shape.points)
            size = polygons.inside_area(ring) if is_outline else (x2 - x1) * (y2 - y1)
            side = max(x2 - x1, y2 - y1)
        if size > 0:
            areas.append(size)
            sides.append(side)
    return TargetSizes(tuple(areas), tuple(sides))
