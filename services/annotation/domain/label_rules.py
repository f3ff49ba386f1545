"""Renaming and deleting labels: annotations follow (C-067, C-068)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.shapes import Shape

MAX_LABELS = 5_000
"""Of a project, and of a dataset: the event of one names each label twice, in its warnings too, and
stays below the broker's limit with any names that are legal."""

Moved = Mapping[str, str | None]
"""Label names that mean something else now: the name to use instead, None for a deleted label."""


@dataclass(frozen=True)
class GivenUp:
    """A name that a label had until `at`, and what it is called `now`; None: it was deleted."""

    name: str
    at: datetime
    now: str | None


def no_room(wanted: int) -> str:
    """Say that a project has no room for so many more labels."""
    return (
        f"a project may have at most {MAX_LABELS} labels, and there is no room for {wanted} more:"
        " delete those that are not used"
    )


def moved_names(
    names: Iterable[str], living: Collection[str], given_up: Iterable[GivenUp]
) -> Moved:
    """Say which names belong to no label any more, and what became of them.

    Args:
        names: The names in question.
        living: The names that labels have.
        given_up: The names that labels had; of two that had the same name, the later one counts.

    Returns:
        What each such name means now; a name that a label has, or none ever had, is not in it.

    >>> early, late = datetime(2026, 1, 1), datetime(2026, 1, 2)
    >>> gone = [GivenUp("scrach", early, "scratch"), GivenUp("pit", early, None)]
    >>> dict(moved_names(["scrach", "pit", "dent", "new"], {"scratch", "dent"}, gone))
    {'scrach': 'scratch', 'pit': None}
    >>> dict(moved_names(["pit"], {"dent"}, [*gone, GivenUp("pit", late, "dent")]))
    {'pit': 'dent'}
    """
    last: dict[str, GivenUp] = {}
    for one in given_up:
        if one.name not in last or last[one.name].at <= one.at:
            last[one.name] = one
    return {name: last[name].now for name in names if name in last and name not in living}


def follow(shapes: Sequence[Shape], moved: Moved) -> tuple[Shape, ...]:
    """Give shapes of renamed labels their new name, and drop those of deleted ones.

    Returns:
        The shapes in order, ids kept.

    >>> shapes = [Shape(id=n, label=n, kind="image") for n in ("scrach", "pit", "dent")]
    >>> [(s.id, s.label) for s in follow(shapes, {"scrach": "scratch", "pit": None})]
    [('scrach', 'scratch'), ('dent', 'dent')]
    """
    return tuple(
        shape if name == shape.label else shape.model_copy(update={"label": name})
        for shape in shapes
        if (name := moved.get(shape.label, shape.label)) is not None
    )


def stays_annotated(before: Sequence[Shape], after: Sequence[Shape]) -> bool:
    """Whether an image is still annotated once a label was deleted.

    An image whose every shape went is no negative: nobody said that it shows nothing. It goes back
    to the unannotated ones rather than teach the model that what it shows is background.

    >>> stays_annotated([Shape(label="a", kind="image")], []), stays_annotated([], [])
    (False, True)
    """
    return bool(after) or not before
