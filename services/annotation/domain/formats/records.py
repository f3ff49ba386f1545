"""Records of files that describe many images: joined with their images, or refused."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from services.annotation.domain.formats.model import (
    Format,
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    NoSuchImage,
)
from shared.contracts.names import file_name

MAX_ID_CHARACTERS = 100


@dataclass(frozen=True)
class ImageRecord:
    """What a file says of one image.

    Attributes:
        place: Which record it is, for people.
        name: The image's name as the file gives it, folders included.
        fields: The record itself.
        annotations: Its annotations.
        is_stem: Whether the name is one without a suffix.
    """

    place: str
    name: str
    fields: dict[str, Any]
    annotations: tuple[Any, ...]
    is_stem: bool = False


@dataclass(frozen=True)
class Matched:
    """An image with all that a file says of it."""

    image: KnownImage
    records: tuple[ImageRecord, ...]

    def told(self, error: FormatError) -> str:
        """Return what is wrong with it, and which record it is."""
        return f"{self.records[0].place}: {error}"


def matched(
    records: Iterable[ImageRecord], file: str, kind: Format, known: KnownImages
) -> Iterator[Matched | ImportEntry]:
    """Join records with images, each image once.

    Records of one image under one name are one; under several names they may be of several images
    whose folders were lost on the way, so none of them is believed.

    Yields:
        Images with their records, and an entry with an error for each record that has none.
    """
    found: dict[str, list[ImageRecord]] = defaultdict(list)
    images: dict[str, KnownImage] = {}
    for record in records:
        try:
            find = known.with_stem if record.is_stem else known.named
            image = find(file_name(record.name))
        except FormatError as error:
            yield ImportEntry(
                file,
                format=kind,
                error=f"{record.place}: {error}",
                unmatched=isinstance(error, NoSuchImage),
            )
            continue
        images[image.image_id] = image
        found[image.image_id].append(record)
    for image_id, same in found.items():
        image = images[image_id]
        names = list(dict.fromkeys(record.name for record in same))
        if len(names) > 1:
            doubt = (
                f"{same[0].place} and {same[1].place}, {names[0]!r} and {names[1]!r}, both mean the"
                f" image {image.name!r}: file names must differ without their folders"
            )
            yield ImportEntry(file, image, format=kind, error=doubt)
        else:
            yield Matched(image, tuple(same))


def record_id(value: object, what: str) -> int | str:
    """Return an id as it is compared: whole numbers are equal however they are written.

    Raises:
        FormatError: It is neither a whole number nor text.

    >>> record_id(2.0, "image 1") == record_id("2", "image 2") == record_id(2, "image 3")
    True
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and 0 < len(value) <= MAX_ID_CHARACTERS:
        text = value.strip()
        return int(text) if text.isascii() and text.removeprefix("-").isdecimal() else text
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise FormatError(f"{what} is neither a whole number nor text: {str(value)[:20]!r}")
