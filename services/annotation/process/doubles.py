"""Images of which several files of an archive speak: the same of it counts once, else none does."""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set

from services.annotation.process.parser_messages import ParsedArchive, ParsedEntry, ParsedSplit


def settled(entries: Sequence[ParsedEntry], splits: Iterable[ParsedSplit]) -> ParsedArchive:
    """Return a report in which each image has one usable entry at most.

    Where entries of several files differ, nobody knows which was meant (they may be of two images
    of one name in two folders): all are refused, and no list of a folder takes the image.
    """
    by_image: dict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        if entry.usable and entry.image_id is not None:
            by_image[entry.image_id].append(index)
    found, doubtful = list(entries), set[str]()
    for image_id, indices in by_image.items():
        if len(indices) == 1:
            continue
        first, *others = (entries[index] for index in indices)
        if all(_content(other) == _content(first) for other in others):
            for index in indices[1:]:
                found[index] = _left(entries[index], notice=f"says the same as {first.file!r}")
            continue
        doubtful.add(image_id)
        for index in indices:
            other = others[0] if entries[index] is first else first
            found[index] = _left(entries[index], error=_doubt(entries[index], other))
    return ParsedArchive(
        entries=tuple(found), splits=tuple(_without(split, doubtful) for split in splits)
    )


def _content(entry: ParsedEntry) -> object:
    shapes = [shape.model_copy(update={"id": None}) for shape in entry.shapes]
    return sorted(map(repr, shapes)), sorted(map(repr, entry.ignore_regions))


def _left(entry: ParsedEntry, *, error: str = "", notice: str = "") -> ParsedEntry:
    update = {"usable": False, "shapes": (), "ignore_regions": (), "warnings": ()}
    return entry.model_copy(update={**update, "error": error, "notice": notice})


def _doubt(entry: ParsedEntry, other: ParsedEntry) -> str:
    return (
        f"{entry.image_name!r} has other labels in {other.file!r}: leave the wrong file out of the"
        " archive, or give the images names that differ without their folders"
    )


def _without(split: ParsedSplit, image_ids: Set[str]) -> ParsedSplit:
    kept = tuple(image_id for image_id in split.image_ids if image_id not in image_ids)
    return split.model_copy(update={"image_ids": kept})
