"""Renaming and deleting labels: annotations follow (C-067, C-068). Their order and colours."""

import colorsys
import string
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from shared.contracts.shapes import Shape

_L = TypeVar("_L")

MAX_LABELS = 5_000
"""Of a project, and of a dataset: the event of one names each label twice, in its warnings too, and
stays below the broker's limit with any names that are legal."""

_EDITOR_LETTERS = "CGOS"
"""With Shift they are the editor's own: one channel, the grid of tiles, the original, scores."""

LABEL_HOTKEYS = (
    *string.digits[1:],
    *(f"Shift+{letter}" for letter in string.ascii_uppercase if letter not in _EDITOR_LETTERS),
)
"""The keys that a label may have for its own, as the editor tells them; the console is built with
this list."""

Moved = Mapping[str, str | None]
"""Label names that mean something else now: the name to use instead, None for a deleted label."""


_VERDICT_HUES = (0, 29)
"""Degrees: the report's red says false, its orange says missed."""
_APART = 40
_GREY, _DARK = 0.15, 0.15


@dataclass(frozen=True)
class LabelChange:
    """What of a label shall be otherwise; None stays. An empty text takes it away."""

    name: str | None = None
    colour: str | None = None
    hotkey: str | None = None
    note: str | None = None


def says_a_verdict(colour: str) -> bool:
    """Whether a colour (``#rrggbb``) may be taken for the report's red or orange.

    Its hue (of HSV) is closer than 40 degrees to one of them; greys and near-blacks have none.

    >>> [says_a_verdict(c) for c in ("#f03e3e", "#ff922b", "#e11d48", "#0ea5e9", "#808080")]
    [True, True, True, False, False]
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if saturation < _GREY or value < _DARK:
        return False
    apart = (abs(hue * 360 - verdict) for verdict in _VERDICT_HUES)
    return min(min(angle, 360 - angle) for angle in apart) < _APART


def in_order(labels: Mapping[str, _L], ids: Iterable[str]) -> list[_L]:
    """Return labels in the order that ``ids`` says; those it does not know come last, as they were.

    Args:
        labels: By id.
        ids: Perhaps with some that are no more.

    >>> in_order({"a": 1, "b": 2, "c": 3}, ["c", "gone", "a"])
    [3, 1, 2]
    """
    placed = {one: labels[one] for one in ids if one in labels}
    return list((placed | dict(labels)).values())


@dataclass(frozen=True)
class GivenUp:
    """A name that a label had until `at`, and what it is called `now`; None: it was deleted.

    ``label_id`` is the label's, empty where nobody knows.
    """

    name: str
    at: datetime
    now: str | None
    label_id: str = ""


def no_room(wanted: int) -> str:
    """Say that a project has no room for so many more labels."""
    return (
        f"a project may have at most {MAX_LABELS} labels, and there is no room for {wanted} more:"
        " delete those that are not used"
    )


def undefined(names: Sequence[str]) -> str:
    """Say that labels are not there, to somebody who may not define any."""
    if len(names) == 1:
        return f"the project has no label ({names[0]}); an engineer defines it first"
    return (
        f"the project lacks {len(names)} labels, the first is ({names[0]});"
        " an engineer defines them first"
    )


def moved_names(
    names: Iterable[str], living: Collection[str], given_up: Iterable[GivenUp]
) -> dict[str, GivenUp]:
    """Say which names belong to no label any more, and what became of them.

    Args:
        names: The names in question.
        living: The names that labels have.
        given_up: The names that labels had; of two that had the same name, the later one counts.

    Returns:
        What became of each such name; one that a label has, or none ever had, is not in it.

    >>> early, late = datetime(2026, 1, 1), datetime(2026, 1, 2)
    >>> gone = [GivenUp("scrach", early, "scratch"), GivenUp("pit", early, None)]
    >>> moved = moved_names(["scrach", "pit", "dent", "new"], {"scratch", "dent"}, gone)
    >>> {name: one.now for name, one in moved.items()}
    {'scrach': 'scratch', 'pit': None}
    >>> moved_names(["pit"], {"dent"}, [*gone, GivenUp("pit", late, "dent")])["pit"].now
    'dent'
    """
    last: dict[str, GivenUp] = {}
    for one in given_up:
        if one.name not in last or last[one.name].at <= one.at:
            last[one.name] = one
    return {name: last[name] for name in names if name in last and name not in living}


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
