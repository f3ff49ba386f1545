"""Which shapes come back with a label that was deleted and is there again."""

from collections.abc import Iterable, Mapping, Sequence

from services.annotation.domain.formats.limits import MAX_SHAPES
from services.annotation.domain.history import Change
from services.annotation.domain.stored_size import is_too_large
from shared.contracts.shapes import IgnoreRegion, Shape


def returning(
    steps: Iterable[Change], living: Mapping[str, str], present: Sequence[Shape]
) -> tuple[Shape, ...]:
    """Return the shapes that deleted labels took along and that none of them is without any more.

    Args:
        steps: How an image followed its labels, newest first, since it was last made anew.
        living: The names of the labels that live, by id.
        present: What is on the image.

    Returns:
        Shapes with the id they had, under the name that their label has now. One that came back
        already does not come twice, whatever became of it since.
    """
    taken = {shape.id for shape in present}
    found: list[Shape] = []
    for step in steps:
        after = {shape.id for shape in step.after}
        if step.reason == "label_restored":
            taken |= after - {shape.id for shape in step.before}
        for shape in step.before:
            name = living.get(step.gone.get(shape.label, ""))
            if name is not None and shape.id not in after | taken:
                found.append(shape.model_copy(update={"label": name}))
                taken.add(shape.id)
    return tuple(found)


def has_place(
    returned: Sequence[Shape], present: Sequence[Shape], regions: Sequence[IgnoreRegion]
) -> bool:
    """Whether shapes may stand beside those of today: an image of one label has no second one."""
    if present and any(shape.kind == "image" for shape in returned):
        return False
    together = (*present, *returned)
    return len(together) <= MAX_SHAPES and not is_too_large(together, regions)
