"""What every label format is read into: shapes of known images, with what was wrong on the way."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from shared.contracts.names import file_name, folded
from shared.contracts.shapes import IgnoreRegion, Shape

Split = Literal["train", "val", "test"]
Format = Literal["labelme", "voc", "yolo", "dota", "createml", "coco", "datumaro"]
ID_MARK = "~"
EXPORT_REPORT = "export-report.json"
OWN_MARK = "Loupe"
"""How an export's own report is known when the archive is imported."""

_UPLOAD_PREFIX = re.compile(r"\A[0-9a-f]{8}-")
_CODE = re.compile(rb"%([0-9A-Fa-f]{2})")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
_PICTURE_SUFFIXES = (*IMAGE_SUFFIXES, ".tif", ".tiff", ".webp", ".gif", ".heic")
PICTURE = "a picture; pictures are uploaded to the gallery, not with the labels"
KNOWN_PICTURE = "a picture that is in the gallery already"


class FormatError(ValueError):
    """A label file, or one image's part of it, cannot be used; the text says why, for people."""


class NoSuchImage(FormatError):
    """No image of the name that a label file gives is known."""


@dataclass(frozen=True)
class KnownImage:
    """An image that the gallery holds; sizes in pixels of the EXIF-upright content.

    ``orientation`` is the EXIF orientation by which the stored picture became upright.
    """

    image_id: str
    name: str
    width: int
    height: int
    orientation: int = 1


@dataclass(frozen=True)
class ParsedLabels:
    """The labels of one image as one file gives them.

    Attributes:
        shapes: Objects, inside the image; empty for a negative image.
        ignore_regions: Places that neither train nor count.
        warnings: What was left out or changed, one sentence each.
        left_out: How many objects the file holds that are not among the shapes.
    """

    shapes: tuple[Shape, ...] = ()
    ignore_regions: tuple[IgnoreRegion, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class ImportEntry:
    """One line of the import report: a file, or one image of a file that holds many.

    Attributes:
        file: The label file's name as it stands in the archive.
        image: The image it belongs to; None when there is none or it is not known.
        labels: What was read; None when nothing can be stored.
        format: How the file is written; None when it could not be told.
        error: Why nothing can be stored; empty when it can, or when the file is left aside.
        notice: Why the file is left aside without being wrong (a picture among the labels).
        unmatched: Whether the error is that no image of the name is known.
        twin: The image's name as the file gives it, where only one of another suffix is known.
    """

    file: str
    image: KnownImage | None = None
    labels: ParsedLabels | None = None
    format: Format | None = None
    error: str = ""
    notice: str = ""
    unmatched: bool = False
    twin: str = ""


@dataclass(frozen=True)
class SplitList:
    """A train, val or test list: the images it names, and the names that no image has."""

    file: str
    split: Split
    images: tuple[KnownImage, ...]
    unknown: tuple[str, ...]


def is_picture(name: str) -> bool:
    """Tell whether a file is a picture by its name, also one that the gallery does not take.

    >>> is_picture("a.JPG"), is_picture("a.tif"), is_picture("a.json")
    (True, True, False)
    """
    return PurePosixPath(name).suffix.lower() in _PICTURE_SUFFIXES


class KnownImages:
    """The images of a project, found by file name or by base name.

    An exact match wins; then one that differs in its letters' case only, where it is unique.
    """

    def __init__(self, images: Iterable[KnownImage]) -> None:
        self._names = _Names()
        self._stems = _Names()
        self._by_id: dict[str, KnownImage] = {}
        for image in images:
            name = file_name(image.name)
            self._names.add(name, image)
            self._stems.add(file_name(stem_of(name)), image)
            self._by_id[image.image_id.lower()] = image

    def named(self, path: str) -> KnownImage:
        """Return the image with this file name, folders ignored.

        Raises:
            FormatError: There is none, or more than one.
        """
        name = file_name(path)
        found = self._names.find(name) or self._marked(stem_of(name)) or self._marked(name)
        others = (self._names.find(other) for other in _spellings(name))
        return _only(found or next(filter(None, others), []), f"named {name!r}")

    def others_named(self, own_name: str, image: KnownImage) -> bool:
        """Whether the name that a file gives its image is that of other images alone."""
        found = self._names.find(file_name(own_name)) if own_name else []
        return bool(found) and image not in found

    def with_stem(self, stem: str, own_name: str = "") -> KnownImage:
        """Return the image whose name without suffix is `stem`.

        Args:
            stem: The label file's base name.
            own_name: The image's name as the file itself gives it: decides between twins.

        Raises:
            FormatError: There is none, or more than one.
        """
        wanted = file_name(stem)
        whole = self._names.find(wanted)  # `a.jpg.json`, where a.png exists too
        if len(whole) == 1:
            return whole[0]
        found = self._stems.find(wanted)
        if len(found) > 1 and own_name:
            own = file_name(own_name)
            found = [image for image in found if file_name(image.name) == own] or found
        found = found or self._marked(wanted) or self._stems.find(_unprefixed(wanted))
        return _only(found, f"with the base name {wanted!r}")

    def holds(self, path: str) -> bool:
        """Whether there is an image of this file name, folders ignored."""
        return bool(self._names.find(file_name(path)))

    def has_stem(self, stem: str) -> bool:
        """Whether a label file of this base name is one of an image."""
        wanted = file_name(stem)
        return any(
            (
                self._names.find(wanted),
                self._stems.find(wanted),
                self._marked(wanted),
                self._stems.find(_unprefixed(wanted)),
            )
        )

    def find(self, listed: str) -> KnownImage | None:
        """Return the image that a list's line means, by file name or base name, or None."""
        name = file_name(listed)
        stem = stem_of(name) if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES else ""
        for found in (
            self._names.find(name),
            self._stems.find(name),
            self._marked(name),
            self._stems.find(stem) or self._marked(stem),
        ):
            if len(found) == 1:
                return found[0]
        return None

    def _marked(self, stem: str) -> list[KnownImage]:
        """The image whose id an export wrote behind a name that several images have."""
        _, mark, image_id = stem.rpartition(ID_MARK)
        image = self._by_id.get(image_id.lower()) if mark else None
        return [image] if image else []


class _Names:
    """Images by a name, exactly or but for the case."""

    def __init__(self) -> None:
        self._exact: dict[str, list[KnownImage]] = {}
        self._folded: dict[str, list[KnownImage]] = {}

    def add(self, name: str, image: KnownImage) -> None:
        self._exact.setdefault(name, []).append(image)
        self._folded.setdefault(folded(name), []).append(image)

    def find(self, name: str) -> list[KnownImage]:
        return self._exact.get(name) or self._folded.get(folded(name), [])


def _only(found: list[KnownImage], described: str) -> KnownImage:
    if not found:
        raise NoSuchImage(
            f"no image {described} is known here: upload it first, "
            "or import again if it was uploaded a moment ago"
        )
    if len(found) > 1:
        raise FormatError(f"{len(found)} images {described} in the gallery; names must be unique")
    return found[0]


def _unprefixed(name: str) -> str:
    """A name without the eight signs that Label Studio writes in front of an uploaded file's."""
    return _UPLOAD_PREFIX.sub("", name)


def _spellings(name: str) -> Iterator[str]:
    """A name as it was before an annotation tool kept it: without its mark, its query, its codes.

    >>> list(_spellings("0a1b2c3d-a%20b.jpg?v=1"))
    ['a%20b.jpg?v=1', 'a%20b.jpg', 'a b.jpg']
    """
    plain = _unprefixed(name)
    path = plain.partition("?")[0]
    yield plain
    yield path
    yield _unprefixed(file_name(_uncoded(path)))


def _uncoded(name: str) -> str:
    """A name without the codes of addresses (RFC 3986, 2.1), where they are UTF-8.

    >>> _uncoded("%E5%88%92%20a.png"), _uncoded("50%.png"), _uncoded("%ff.png")
    ('划 a.png', '50%.png', '%ff.png')
    """
    data = _CODE.sub(lambda code: bytes((int(code[1], 16),)), name.encode())
    try:
        return data.decode()
    except UnicodeDecodeError:
        return name


def twin_name(own_name: str, image: KnownImage) -> str:
    """Return the name that a file gives its image where the match differs by its suffix only.

    >>> twin_name("x/a.png", KnownImage("i", "a.jpg", 9, 9))
    'a.png'
    >>> twin_name("A.JPG", KnownImage("i", "a.jpg", 9, 9))
    ''
    """
    own, name = file_name(own_name), file_name(image.name)
    is_image = PurePosixPath(own).suffix.lower() in IMAGE_SUFFIXES
    same_stem = folded(stem_of(own)) == folded(stem_of(name))
    return own if is_image and same_stem and folded(own) != folded(name) else ""


def stem_of(name: str) -> str:
    """Return a file name without its last suffix.

    >>> stem_of("part.17.jpg")
    'part.17'
    """
    return PurePosixPath(name).stem if name else ""


@dataclass
class LabelCollector:
    """Gathers shapes, regions and warnings while a parser walks its file."""

    shapes: list[Shape] = field(default_factory=list)
    ignore_regions: list[IgnoreRegion] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    left_out: int = 0

    def leave_out(self, warning: str) -> None:
        """Tell of an object that is not taken."""
        self.warnings.append(warning)
        self.left_out += 1

    def done(self) -> ParsedLabels:
        """Return what was gathered, the same object twice once."""
        shapes = tuple(dict.fromkeys(self.shapes))
        doubled = len(self.shapes) - len(shapes)
        if doubled:
            self.warnings.append(f"{doubled} objects are given twice and were taken once")
        return ParsedLabels(shapes, tuple(self.ignore_regions), tuple(self.warnings), self.left_out)
