"""Importing label archives: parsed first, then stored image by image, every file reported."""

import asyncio
import contextlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.formats.model import Split, normal_name, stem_of
from services.annotation.errors import NothingImported
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.images import Images
from services.annotation.handlers.labels import Labels
from services.annotation.process.archive_parser import ArchiveParser
from services.annotation.process.parser_messages import ParsedArchive, ParsedEntry
from services.annotation.repository import ImageView
from shared.callers import Caller
from shared.errors import FieldError, NotFound
from shared.projects.directory import ProjectView

_AT_ONCE = 8
_ERRORS_SHOWN = 1000


@dataclass(frozen=True)
class ImportOptions:
    """How to import: ``dry_run`` stores nothing, ``strict`` stores all or nothing."""

    dry_run: bool = False
    strict: bool = False


@dataclass(frozen=True)
class ImportOutcome:
    """What came of an import."""

    parsed: ParsedArchive
    new_labels: tuple[str, ...]
    stored: int

    @property
    def failed(self) -> tuple[ParsedEntry, ...]:
        """Return the entries with an error."""
        return tuple(entry for entry in self.parsed.entries if entry.error)


class Imports:
    """Use cases of imports."""

    def __init__(
        self, parser: ArchiveParser, *, images: Images, labels: Labels, store: AnnotationStore
    ) -> None:
        self._parser = parser
        self._images = images
        self._labels = labels
        self._store = store

    async def import_archive(
        self, author: Caller, project: ProjectView, archive: Path, options: ImportOptions
    ) -> ImportOutcome:
        """Read an archive and store what it says; a rerun of the same archive changes nothing.

        Each image's annotation is one write; a file that is wrong leaves the others alone unless
        `options.strict`.

        Raises:
            ArchiveRefused: The archive as a whole is refused.
            NothingImported: No file can be stored, or one is wrong and `options.strict`.
        """
        stems = await asyncio.to_thread(_stems_of, archive)
        views = await self._images.settled(
            author.tenant, project.id, lambda found: bool(stems - _stems(found))
        )
        parsed = await self._parser.parse(archive, project.task, views)
        usable = [entry for entry in parsed.entries if entry.usable]
        _refuse(parsed, usable, options)
        if options.dry_run:
            return ImportOutcome(parsed, (), 0)
        names = [shape.label for entry in usable for shape in entry.shapes]
        new_labels = await self._labels.ensure(author.tenant, project.id, names)
        by_id = {view.id: view for view in views}
        splits = _split_by_image(parsed)
        gone = await self._store_all(author, usable, by_id, splits)
        await self._labels.ensure(author.tenant, project.id, names)  # one deleted meanwhile
        rest = splits.keys() - {entry.image_id for entry in usable}
        for image_id in rest:
            with contextlib.suppress(NotFound):  # deleted meanwhile
                await self._store.set_split(by_id[image_id], splits[image_id])
        told = parsed.model_copy(update={"entries": tuple(_told(parsed.entries, gone))})
        return ImportOutcome(told, tuple(new_labels), len(usable) - len(gone))

    async def _store_all(
        self,
        author: Caller,
        entries: Sequence[ParsedEntry],
        by_id: dict[str, ImageView],
        splits: dict[str, Split],
    ) -> set[str]:
        """Store entries; return the images that were deleted meanwhile."""
        gone: set[str] = set()
        slots = asyncio.Semaphore(_AT_ONCE)

        async def store(entry: ParsedEntry) -> None:
            async with slots:
                image = by_id[entry.image_id or ""]
                draft = AnnotationDraft(
                    entry.shapes,
                    entry.ignore_regions,
                    split=splits.get(image.id),
                    reason="imported",
                )
                try:
                    await self._store.save(author, image, draft)
                except NotFound:
                    gone.add(image.id)

        await asyncio.gather(*(store(entry) for entry in entries))
        return gone


def _told(entries: Sequence[ParsedEntry], gone: set[str]) -> Iterator[ParsedEntry]:
    for entry in entries:
        if entry.usable and entry.image_id in gone:
            error = f"the image {entry.image_name!r} was deleted meanwhile"
            yield entry.model_copy(update={"usable": False, "error": error})
        else:
            yield entry


def _refuse(parsed: ParsedArchive, usable: Sequence[ParsedEntry], options: ImportOptions) -> None:
    failed = [entry for entry in parsed.entries if entry.error]
    if usable and not (options.strict and failed):
        return
    if not usable and parsed.splits and not failed:
        return
    errors = [FieldError(entry.file, entry.error) for entry in failed[:_ERRORS_SHOWN]]
    raise NothingImported(_reason(parsed, len(failed)), errors=errors)


def _reason(parsed: ParsedArchive, failed: int) -> str:
    if not parsed.entries:
        return "the archive holds no label file at its root"
    if not failed:
        return "the archive holds pictures but no label file; pictures go to the gallery"
    first = next(entry for entry in parsed.entries if entry.error)
    return f"{failed} of {len(parsed.entries)} files are wrong; {first.file}: {first.error}"


def _split_by_image(parsed: ParsedArchive) -> dict[str, Split]:
    """A list that holds an image out wins over one that trains on it."""
    order: tuple[Split, ...] = ("train", "val", "test")
    splits: dict[str, Split] = {}
    for split in order:
        for found in parsed.splits:
            if found.split == split:
                splits.update(dict.fromkeys(found.image_ids, split))
    return splits


def _stems_of(archive: Path) -> set[str]:
    """Base names of the label files, as far as the archive can be listed at all."""
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [normal_name(name) for name in opened.namelist()[:20_000]]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return set()
    return {stem_of(name) for name in names if name.endswith((".json", ".xml"))}


def _stems(views: Sequence[ImageView]) -> set[str]:
    return {stem_of(normal_name(view.name)) for view in views}
