"""Renaming and deleting labels: annotations follow (C-067, C-068)."""

from collections.abc import Mapping, Sequence

from shared.contracts.shapes import Shape


def rename(shapes: Sequence[Shape], names: Mapping[str, str]) -> tuple[Shape, ...]:
    """Give shapes of renamed labels their new name.

    Args:
        shapes: Any shapes.
        names: Old name to new name; labels that it does not hold stay.

    Returns:
        The shapes in order, ids kept.

    >>> box = Shape(id="1", label="scrach", kind="image")
    >>> rename([box], {"scrach": "scratch"})[0].label
    'scratch'
    """
    return tuple(
        shape.model_copy(update={"label": names[shape.label]}) if shape.label in names else shape
        for shape in shapes
    )


def without_label(shapes: Sequence[Shape], name: str) -> tuple[Shape, ...]:
    """Drop all shapes of a deleted label.

    >>> without_label([Shape(label="a", kind="image"), Shape(label="b", kind="image")], "a")
    (Shape(id='', label='b', kind='image', points=(), rle=None, angle=None, text=None, score=None),)
    """
    return tuple(shape for shape in shapes if shape.label != name)


def stays_annotated(before: Sequence[Shape], after: Sequence[Shape]) -> bool:
    """Whether an image is still annotated once a label was deleted.

    An image whose every shape went is no negative: nobody said that it shows nothing. It goes back
    to the unannotated ones rather than teach the model that what it shows is background.

    >>> stays_annotated([Shape(label="a", kind="image")], []), stays_annotated([], [])
    (False, True)
    """
    return bool(after) or not before
