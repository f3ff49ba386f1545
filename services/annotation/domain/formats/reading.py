"""Reading a whole label archive: which format each file has, and one report entry for each."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from services.annotation.domain.formats import coco, createml, labelme, limits, voc, yolo
from services.annotation.domain.formats.archive import LabelArchive, Member
from services.annotation.domain.formats.model import (
    IMAGE_SUFFIXES,
    Format,
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    NoSuchImage,
    ParsedLabels,
    Split,
    SplitList,
    stem_of,
)

_LISTS: dict[str, Split] = {
    "train": "train",
    "trainval": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
_FORMATS: dict[str, Format] = {".json": "labelme", ".xml": "voc", ".txt": "yolo"}
_CLASS_FILES = ("classes.txt", "obj.names", "data.yaml", "data.yml", "labels.txt")
_COLLECTION_SPLIT = re.compile(r"(?:^|[_\-.])(train|val|valid|test)(?:\d{4})?(?:[_\-.]|$)")
_NO_LABELS = "not a label file (.json, .xml, .txt)"
_UNKNOWN_SHOWN = 5


class ArchiveReader:
    """Walks a label archive against the images of a project.

    Args:
        archive: The opened zip.
        known: The images of the project.
    """

    def __init__(self, archive: LabelArchive, known: KnownImages) -> None:
        self._archive = archive
        self._known = known
        self._owners: dict[str, str] = {}
        self._collection_splits: list[SplitList] = []
        self._class_names: tuple[str, ...] = ()
        self._class_error = ""

    def entries(self) -> Iterator[ImportEntry]:
        """Yield one entry a label file or, for files that describe many images, one an image.

        Lists of a split and files of class names give no entry unless they are wrong.
        """
        for refused in self._archive.refused:
            yield ImportEntry(refused.name, error=refused.reason)
        class_files = [m for m in self._archive.members if is_class_file(m.name)]
        yield from self._read_classes(class_files)
        for member in self._archive.members:
            if not is_class_file(member.name):
                yield from self._once_an_image(self._read(member))

    def splits(self) -> Iterator[SplitList]:
        """Yield the lists of a split, read after `entries`; `trainval` only where no `train` is.

        Raises:
            FormatError: A list is not text.
        """
        stems = {stem_of(member.name).lower() for member in self._archive.members}
        yield from self._collection_splits
        for member in self._archive.members:
            stem = stem_of(member.name).lower()
            if not self._is_list(member) or (stem == "trainval" and "train" in stems):
                continue
            lines = limits.read_text(self._archive.read(member)).splitlines()
            yield match_list(member.name, _LISTS[stem], lines, self._known)

    def _read_classes(self, members: list[Member]) -> Iterator[ImportEntry]:
        for member in members:
            try:
                names = yolo.parse_classes(self._archive.read(member), member.name)
                # A data.yaml of YOLO wins over a labels.txt that merely lists names.
                if not self._class_names or member.name.lower().startswith(("classes", "data")):
                    self._class_names = names
            except FormatError as error:
                yield ImportEntry(member.name, error=str(error))

    def _read(self, member: Member) -> Iterator[ImportEntry]:
        suffix = PurePosixPath(member.name).suffix.lower()
        notice = self._stray(member, suffix)
        if notice:
            yield ImportEntry(member.name, notice=notice)
            return
        try:
            if suffix == ".json":
                yield from self._read_json(member)
            elif suffix == ".xml":
                yield self._of_one_image(member, voc.image_name(self._archive.read(member)))
            elif suffix != ".txt":
                raise FormatError(_NO_LABELS)
            elif not self._is_list(member):
                yield self._of_one_image(member)
        except FormatError as error:
            yield ImportEntry(member.name, error=str(error))

    def _stray(self, member: Member, suffix: str) -> str:
        """Why a file is none of labels, or nothing when it may be one."""
        if suffix in IMAGE_SUFFIXES:
            return "a picture; pictures are uploaded to the gallery, not with the labels"
        if member.name.startswith("."):
            return "a hidden file of a system"
        if self._known.has_stem(stem_of(member.name)):
            return ""
        if suffix not in _FORMATS:
            return _NO_LABELS
        lowered = stem_of(member.name).lower()
        if suffix == ".txt" and lowered not in _LISTS and not self._holds_labels(member):
            return "text that holds neither objects nor a list of a split"
        return ""

    def _holds_labels(self, member: Member) -> bool:
        data = self._archive.read(member)
        return not data.strip() or yolo.looks_like_labels(data)

    def _is_list(self, member: Member) -> bool:
        if PurePosixPath(member.name).suffix.lower() != ".txt":
            return False
        if stem_of(member.name).lower() not in _LISTS:
            return False
        return not yolo.looks_like_labels(self._archive.read(member))

    def _of_one_image(self, member: Member, own_name: str = "") -> ImportEntry:
        image: KnownImage | None = None
        kind = _FORMATS[PurePosixPath(member.name).suffix.lower()]
        try:
            image = self._known.with_stem(stem_of(member.name), own_name)
            return ImportEntry(member.name, image, self._parse_one(member, image), kind)
        except FormatError as error:
            unmatched = isinstance(error, NoSuchImage)
            return ImportEntry(
                member.name, image, format=kind, error=str(error), unmatched=unmatched
            )

    def _parse_one(self, member: Member, image: KnownImage) -> ParsedLabels:
        data = self._archive.read(member)
        if member.name.lower().endswith(".xml"):
            return voc.parse(data, image)
        if member.name.lower().endswith(".json"):
            return labelme.parse(data, image)
        return yolo.parse(data, image, self._class_names)

    def _read_json(self, member: Member) -> Iterator[ImportEntry]:
        data = self._archive.read(member)
        document = limits.read_json(data, max_bytes=limits.MAX_COLLECTION_BYTES)
        if isinstance(document, dict) and "shapes" in document:
            own = document.get("imagePath")
            yield self._of_one_image(member, own if isinstance(own, str) else "")
        elif isinstance(document, dict) and "images" in document:
            yield from self._with_split(member, coco.parse(document, member.name, self._known))
        elif isinstance(document, list):
            entries = createml.parse(document, member.name, self._known)
            yield from self._with_split(member, entries)
        else:
            told = "JSON of no known kind: neither labelme, COCO nor CreateML"
            if self._known.has_stem(stem_of(member.name)):
                raise FormatError(told)
            yield ImportEntry(member.name, notice=told)

    def _with_split(self, member: Member, entries: Iterator[ImportEntry]) -> Iterator[ImportEntry]:
        """A collection called `instances_val.json` says which split its images belong to."""
        images = []
        for entry in entries:
            if entry.image is not None and entry.labels is not None:
                images.append(entry.image)
            yield entry
        named = _COLLECTION_SPLIT.search(stem_of(member.name).lower())
        if named and images:
            split = _LISTS[named[1]]
            self._collection_splits.append(SplitList(member.name, split, tuple(images), ()))

    def _once_an_image(self, entries: Iterable[ImportEntry]) -> Iterator[ImportEntry]:
        for entry in entries:
            if entry.image is None or entry.labels is None:
                yield entry
                continue
            owner = self._owners.setdefault(entry.image.image_id, entry.file)
            if owner != entry.file:
                error = f"{entry.image.name!r} already has labels from {owner!r} in this archive"
                yield replace(entry, labels=None, error=error)
            else:
                yield entry


def is_class_file(name: str) -> bool:
    """Whether a file lists class names for YOLO.

    >>> is_class_file("classes.txt"), is_class_file("part-17.txt")
    (True, False)
    """
    lowered = name.lower()
    return lowered in _CLASS_FILES or lowered.endswith((".names", ".yaml", ".yml"))


def match_list(file: str, split: Split, lines: Iterable[str], known: KnownImages) -> SplitList:
    """Find the images that a list names: base names, file names or paths, one a line.

    A VOC class list carries a mark (1, 0, -1) behind the name; it is not looked at.

    Args:
        file: The list's name, for the report.
        split: What it stands for.
        lines: Its lines; blank ones are skipped.
        known: The images of the project.

    Returns:
        The images found, and the first few names that no image has.
    """
    images: list[KnownImage] = []
    unknown: list[str] = []
    for line in lines:
        text = line.strip()
        if not text:
            continue
        image = known.find(text) or known.find(text.split()[0])
        if image is not None:
            images.append(image)
        else:
            unknown.append(text[:120])
    return SplitList(file, split, tuple(images), tuple(unknown[:_UNKNOWN_SHOWN]))
