"""How much room an annotation takes in a store, and how much it may take.

Stores and brokers refuse what is too large only once it is written. A step of the history holds an
annotation twice (before and after it), an annotation's own document its shapes, its labels and the
event that tells of them: with this bound each stays below MongoDB's 16 MiB, and the event below the
broker's bound.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.annotation.domain.formats.model import ImportEntry
from shared.contracts.shapes import IgnoreRegion, Shape

MAX_STORED_BYTES = 6 * 2**20
TOO_MUCH = (
    "the shapes of one image take more than 6 MiB: use fewer or simpler outlines, or tile the image"
)
_SHAPE_BYTES = 180  # names of fields and their types (BSON 1.1)
_NEW_ID = "s" * 26
_REGION_BYTES = 40
_POINT_BYTES = 54


def stored_bytes(shapes: Sequence[Shape], regions: Sequence[IgnoreRegion] = ()) -> int:
    """Return an upper bound of what shapes and regions take in a store, in bytes.

    >>> stored_bytes([Shape(label="pit", kind="box", points=((0, 0), (1, 1)))])
    317
    """
    points = sum(len(shape.points) for shape in shapes)
    points += sum(len(region.points) for region in regions)
    fixed = _SHAPE_BYTES * len(shapes) + _REGION_BYTES * len(regions) + _POINT_BYTES * points
    return fixed + sum(_text_bytes(shape) for shape in shapes)


def is_too_large(shapes: Sequence[Shape], regions: Sequence[IgnoreRegion] = ()) -> bool:
    """Whether an annotation would take more room than any store has for it."""
    return stored_bytes(shapes, regions) > MAX_STORED_BYTES


def _text_bytes(shape: Shape) -> int:
    code = len(shape.rle.counts) if shape.rle else 0
    texts = (shape.id or _NEW_ID, shape.label, shape.text or "")
    return code + sum(len(text.encode()) for text in texts)


def bounded(entry: ImportEntry) -> ImportEntry:
    """Return an entry of an import, refused where its image would take too much room."""
    labels = entry.labels
    if labels is None or not is_too_large(labels.shapes, labels.ignore_regions):
        return entry
    return replace(entry, labels=None, error=TOO_MUCH)
