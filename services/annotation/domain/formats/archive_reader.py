"""Reading a whole label archive: which format each file has, and one report entry for each."""

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from services.annotation.domain.formats import (
    class_lists,
    coco,
    createml,
    datumaro,
    dota,
    encodings,
    labelme,
    limits,
    voc,
    yolo,
)
from services.annotation.domain.formats.archive import LabelArchive, Member
from services.annotation.domain.formats.model import (
    EXPORT_REPORT,
    KNOWN_PICTURE,
    OWN_MARK,
    PICTURE,
    Format,
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    NoSuchImage,
    ParsedLabels,
    Split,
    SplitList,
    is_picture,
    stem_of,
    twin_name,
)

_LISTS: dict[str, Split] = {
    "train": "train",
    "trainval": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
_FORMATS = (".json", ".xml", ".txt")
_COLLECTION_SPLIT = re.compile(r"(?:^|[_\-.])(train|val|valid|test)(?:\d{4})?(?:[_\-.]|$)")
_NO_LABELS = "not a label file (.json, .xml, .txt)"
_UNKNOWN_JSON = "JSON of no known kind: neither labelme, COCO, CreateML nor Datumaro"
_UNKNOWN_SHOWN = 5
_CLASS_MARKS = ("1", "0", "-1")


class ArchiveReader:
    """Walks a label archive against the images of a project; each file is read once.

    Args:
        archive: The opened zip.
        known: The images of the project.
    """

    def __init__(self, archive: LabelArchive, known: KnownImages) -> None:
        self._archive = archive
        self._known = known
        self._splits: list[SplitList] = []
        self._folders: dict[Split, list[KnownImage]] = {}
        self._classes = class_lists.ClassList()
        self._class_doubt = ""

    def entries(self) -> Iterator[ImportEntry]:
        """Yield one entry a label file or, for files that describe many images, one an image.

        Lists of a split and files of class names give no entry unless they are wrong.
        """
        for refused in self._archive.refused:
            yield ImportEntry(refused.name, error=refused.reason)
        yield from self._read_classes()
        for member in self._archive.members:
            if not class_lists.is_class_file(member.name):
                yield from self._in_folder(member, self._read(member))

    def splits(self) -> Iterator[SplitList]:
        """Yield the lists of a split, found by `entries`; `trainval` only where no `train` is.

        Folders that are called as a split count as its list.
        """
        stems = {stem_of(found.file).lower() for found in self._splits}
        for found in self._splits:
            if stem_of(found.file).lower() != "trainval" or "train" not in stems:
                yield found
        for split, images in self._folders.items():
            yield SplitList(f"{split}/", split, tuple(images), ())

    def _read_classes(self) -> Iterator[ImportEntry]:
        found = []
        for member in self._archive.members:
            if not class_lists.is_class_file(member.name):
                continue
            try:
                data, told = encodings.as_utf8(self._archive.read(member))
                classes = class_lists.parse(data, member.name)
                found.append(classes)
                if not classes.names:
                    yield ImportEntry(member.path, notice="YAML without names of classes")
                elif told:
                    yield ImportEntry(member.path, notice=told)
            except FormatError as error:
                yield ImportEntry(member.path, error=str(error))
        try:
            self._classes = class_lists.agreed(found)
        except FormatError as error:
            self._class_doubt = str(error)

    def _read(self, member: Member) -> Iterator[ImportEntry]:
        suffix = PurePosixPath(member.name).suffix.lower()
        is_of_image = self._known.has_stem(stem_of(member.name))
        try:
            if is_picture(member.name):
                is_here = self._known.holds(member.name)
                yield ImportEntry(member.path, notice=KNOWN_PICTURE if is_here else PICTURE)
            elif member.name.startswith(".") and not is_of_image:
                yield ImportEntry(member.path, notice="a hidden file of a system")
            elif suffix in _FORMATS:
                yield from self._read_labels(member, suffix, is_of_image)
            elif is_of_image:
                raise FormatError(_NO_LABELS)
            else:
                yield ImportEntry(member.path, notice=_NO_LABELS)
        except FormatError as error:
            yield ImportEntry(member.path, error=str(error))

    def _read_labels(self, member: Member, suffix: str, is_of_image: bool) -> Iterator[ImportEntry]:
        data = self._archive.read(member)
        if suffix == ".xml":
            data, told = encodings.xml_as_utf8(data)
            entries = self._read_xml(member, data)
        else:
            data, told = encodings.as_utf8(data)
            read = self._read_json if suffix == ".json" else self._read_text
            entries = read(member, data, is_of_image)
        lists = len(self._splits)
        for entry in entries:
            yield _with_warning(entry, told)
        if told and len(self._splits) > lists and suffix == ".txt":
            yield ImportEntry(member.path, notice=told)

    def _read_xml(self, member: Member, data: bytes) -> Iterator[ImportEntry]:
        root = voc.root_of(data)
        parse = functools.partial(voc.read, root)
        yield self._of_one_image(member, "voc", parse, own_name=voc.image_name(root))

    def _read_text(self, member: Member, data: bytes, is_of_image: bool) -> Iterator[ImportEntry]:
        stem = stem_of(member.name).lower()
        holds_rows = yolo.looks_like_labels(data)
        is_blank_list = not data.strip() and not is_of_image
        if stem in _LISTS and (is_blank_list or not holds_rows):
            lines = limits.read_text(data).splitlines()
            self._splits.append(match_list(member.path, _LISTS[stem], lines, self._known))
        elif dota.looks_like_labels(data):
            names = () if self._class_doubt else self._classes.names
            parse = functools.partial(dota.parse, data, class_names=names)
            yield self._of_one_image(member, "dota", parse)
        elif is_of_image or holds_rows:
            yield self._of_one_image(member, "yolo", functools.partial(self._rows, data))
        else:
            told = "text that holds neither objects nor a list of a split"
            yield ImportEntry(member.path, notice=told)

    def _rows(self, data: bytes, image: KnownImage) -> ParsedLabels:
        if self._class_doubt:
            raise FormatError(self._class_doubt)
        if self._classes.has_keypoints:
            raise FormatError(
                f"{self._classes.file} says that rows hold key points (kpt_shape); those are no"
                " outlines, and poses are not read"
            )
        return yolo.parse(data, image, self._classes.names)

    def _of_one_image(
        self,
        member: Member,
        kind: Format,
        parse: Callable[[KnownImage], ParsedLabels],
        *,
        own_name: str = "",
    ) -> ImportEntry:
        image: KnownImage | None = None
        try:
            image = self._known.with_stem(stem_of(member.name), own_name)
            twin = twin_name(own_name, image)
            labels = parse(image)
            if self._known.others_named(own_name, image):
                doubt = (
                    f"the file names the image {own_name!r}; its own name counts: {image.name!r}"
                )
                labels = replace(labels, warnings=(*labels.warnings, doubt))
            return ImportEntry(member.path, image, labels, kind, twin=twin)
        except FormatError as error:
            unmatched = isinstance(error, NoSuchImage)
            return ImportEntry(
                member.path, image, format=kind, error=str(error), unmatched=unmatched
            )

    def _read_json(self, member: Member, data: bytes, is_of_image: bool) -> Iterator[ImportEntry]:
        document = limits.read_json(data, max_bytes=limits.MAX_COLLECTION_BYTES)
        if _is_own_report(member, document):
            return
        if isinstance(document, dict) and "shapes" in document:
            parse = functools.partial(labelme.read, document)
            own_name = labelme.image_name(document)
            yield self._of_one_image(member, "labelme", parse, own_name=own_name)
        elif isinstance(document, dict) and "images" in document:
            yield from self._with_split(member, coco.parse(document, member.path, self._known))
        elif isinstance(document, dict) and {"items", "categories"} <= document.keys():
            entries = datumaro.parse(document, member.path, self._known)
            yield from self._with_split(member, entries)
        elif isinstance(document, list):
            entries = createml.parse(document, member.path, self._known)
            yield from self._with_split(member, entries)
        elif is_of_image:
            raise FormatError(_UNKNOWN_JSON)
        else:
            yield ImportEntry(member.path, notice=_UNKNOWN_JSON)

    def _with_split(self, member: Member, entries: Iterator[ImportEntry]) -> Iterator[ImportEntry]:
        """A collection called `instances_val.json` says which split its images belong to."""
        images, is_empty = [], True
        for entry in entries:
            is_empty = False
            if entry.image is not None and entry.labels is not None:
                images.append(entry.image)
            yield entry
        if is_empty:
            yield ImportEntry(member.path, notice="a list of images that holds none")
        named = _COLLECTION_SPLIT.search(stem_of(member.name).lower())
        if named and images:
            split = _LISTS[named[1]]
            self._splits.append(SplitList(member.path, split, tuple(images), ()))

    def _in_folder(self, member: Member, entries: Iterable[ImportEntry]) -> Iterator[ImportEntry]:
        """A label file in a folder `valid` says which split its images belong to."""
        folder = next((part for part in reversed(member.folders) if part in _LISTS), None)
        for entry in entries:
            if folder and entry.image is not None and entry.labels is not None:
                self._folders.setdefault(_LISTS[folder], []).append(entry.image)
            yield entry


def _with_warning(entry: ImportEntry, told: str) -> ImportEntry:
    if not told or entry.labels is None:
        return entry
    return replace(entry, labels=replace(entry.labels, warnings=(*entry.labels.warnings, told)))


def _is_own_report(member: Member, document: object) -> bool:
    is_ours = isinstance(document, dict) and document.get("made_by") == OWN_MARK
    return is_ours and member.name == EXPORT_REPORT


def match_list(file: str, split: Split, lines: Iterable[str], known: KnownImages) -> SplitList:
    """Find the images that a list names: base names, file names or paths, one a line.

    A list of a VOC class carries a mark (1, 0, -1) behind each name; it is not looked at.

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
    texts = [line.strip() for line in lines if line.strip()]
    marked = [text.rsplit(maxsplit=1) for text in texts]
    has_marks = all(len(parts) == 2 and parts[1] in _CLASS_MARKS for parts in marked)
    for text, parts in zip(texts, marked, strict=True):
        image = known.find(text) or (known.find(parts[0]) if has_marks else None)
        if image is not None:
            images.append(image)
        else:
            unknown.append(text[:120])
    return SplitList(file, split, tuple(images), tuple(unknown[:_UNKNOWN_SHOWN]))
