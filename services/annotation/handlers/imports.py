"""Importing label archives: parsed first, then stored image by image, every file reported."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.annotation.domain.conflicts import OnConflict
from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.formats.model import Split, normal_name, stem_of
from services.annotation.domain.label_rules import follow
from services.annotation.errors import NothingImported
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.import_plan import Judge, Verdict
from services.annotation.handlers.label_names import LabelNames
from services.annotation.process.archive_parser import ArchiveParser
from services.annotation.process.parser_messages import ParsedArchive, ParsedEntry
from services.annotation.repository import Annotation
from shared.callers import Caller
from shared.documents.hearing import WAIT_S
from shared.errors import FieldError, NotFound
from shared.ids import new_id
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectView

_AT_ONCE = 8
_LOOK_S = 0.2
_MOST_WAITS = 7
_ERRORS_SHOWN = 1000


@dataclass(frozen=True)
class ImportOptions:
    """How to import: ``dry_run`` stores nothing, ``strict`` stores all or nothing."""

    dry_run: bool = False
    strict: bool = False
    on_conflict: OnConflict = "keep"


@dataclass(frozen=True)
class ImportOutcome:
    """What came of an import, or would; `verdicts` are by image."""

    import_id: str
    parsed: ParsedArchive
    new_labels: tuple[str, ...]
    verdicts: dict[str, Verdict]

    @property
    def failed(self) -> tuple[ParsedEntry, ...]:
        """Return the entries with an error."""
        return tuple(entry for entry in self.parsed.entries if entry.error)


class Imports:
    """Use cases of imports."""

    def __init__(
        self,
        parser: ArchiveParser,
        *,
        images: ImageDirectory,
        names: LabelNames,
        store: AnnotationStore,
    ) -> None:
        self._parser = parser
        self._images = images
        self._names = names
        self._store = store

    async def import_archive(
        self, author: Caller, project: ProjectView, archive: Path, options: ImportOptions
    ) -> ImportOutcome:
        """Read an archive and store what it says; a rerun of the same archive changes nothing.

        Each image's annotation is one write; a file that is wrong leaves the others alone unless
        `options.strict`. What a person drew stays unless `options.on_conflict` says otherwise.

        Raises:
            ArchiveRefused: The archive as a whole is refused.
            NothingImported: No file can be stored, or one is wrong and `options.strict`.
        """
        parsed, views = await self._parsed(author.tenant, project, archive)
        parsed = await self._adopted(author.tenant, project.id, parsed)
        usable = [entry for entry in parsed.entries if entry.usable]
        _refuse(parsed, usable, options)
        by_id = {view.id: view for view in views}
        splits = _split_by_image(parsed)
        import_id = new_id()
        drafts = _drafts(usable, splits, import_id)
        judge = Judge(self._store, self._images, project, options.on_conflict)
        plan = await judge.plan([by_id[image_id] for image_id in drafts], drafts)
        wanted = {image_id: drafts[image_id] for image_id in drafts if plan[image_id].draft}
        names = list({s.label: None for draft in wanted.values() for s in draft.shapes})
        if options.dry_run:
            missing = await self._names.missing(author.tenant, project.id, names)
            return ImportOutcome("", parsed, tuple(missing), plan)
        new_labels = await self._names.ensure(author.tenant, project.id, names)
        done = await self._store_all(author, judge, by_id, wanted)
        await self._names.keep_all(author.tenant, project.id, names)
        written = {image_id for image_id, verdict in done.items() if verdict and verdict.draft}
        for image_id in splits.keys() - written:
            with contextlib.suppress(NotFound):  # deleted meanwhile
                await self._store.set_split(by_id[image_id], splits[image_id])
        gone = {image_id for image_id, verdict in done.items() if verdict is None}
        told = parsed.model_copy(update={"entries": tuple(_told(parsed.entries, gone))})
        verdicts = {i: verdict for i, verdict in {**plan, **done}.items() if verdict is not None}
        return ImportOutcome(import_id if written else "", told, tuple(new_labels), verdicts)

    async def _parsed(
        self, tenant: str, project: ProjectView, archive: Path
    ) -> tuple[ParsedArchive, list[ImageView]]:
        """Read an archive; once more when images that it names come in behind their upload."""
        views = await self._known(tenant, project.id)
        parsed = await self._parser.parse(archive, project.task, views)
        stems = {_stem(entry.file) for entry in parsed.entries if entry.unmatched}
        twins = {_folded(entry.twin) for entry in parsed.entries if entry.twin}
        is_list_open = any(found.unknown for found in parsed.splits)
        if not stems and not twins and not is_list_open:
            return parsed, views

        def misses(found: Sequence[ImageView]) -> bool:
            lacking = stems - {_stem(view.name) for view in found}
            return is_list_open or bool(lacking or twins - {_folded(view.name) for view in found})

        settled = await self._settled(tenant, project.id, misses)
        if {view.id for view in settled} == {view.id for view in views}:
            return parsed, views
        return await self._parser.parse(archive, project.task, settled), settled

    async def _adopted(self, tenant: str, project_id: str, parsed: ParsedArchive) -> ParsedArchive:
        """Give shapes of labels that were renamed since the archive was made the new name."""
        names = list({shape.label: None for entry in parsed.entries for shape in entry.shapes})
        aliases = await self._names.aliases(tenant, project_id, names)
        if not aliases:
            return parsed
        return parsed.model_copy(
            update={"entries": tuple(_adopted(entry, aliases) for entry in parsed.entries)}
        )

    async def _known(self, tenant: str, project_id: str) -> list[ImageView]:
        return [view async for view in self._images.walk(tenant, project_id)]

    async def _settled(
        self, tenant: str, project_id: str, misses: Callable[[Sequence[ImageView]], bool]
    ) -> list[ImageView]:
        """Return a project's images once `misses` finds none missing, or after a wait.

        The wait is short, and goes on while news of images still comes in.
        """
        began = quiet_since = time.monotonic()
        known = -1
        while True:
            found = await self._known(tenant, project_id)
            now = time.monotonic()
            if len(found) != known:
                known, quiet_since = len(found), now
            over = now - quiet_since >= WAIT_S or now - began >= _MOST_WAITS * WAIT_S
            if over or not misses(found):
                return found
            await asyncio.sleep(_LOOK_S)

    async def _store_all(
        self,
        author: Caller,
        judge: Judge,
        by_id: dict[str, ImageView],
        drafts: dict[str, AnnotationDraft],
    ) -> dict[str, Verdict | None]:
        """Store drafts, judged anew as each is written; None for images deleted meanwhile."""
        slots = asyncio.Semaphore(_AT_ONCE)

        async def store(image: ImageView) -> Verdict | None:
            verdict: Verdict | None = None

            async def edit(old: Annotation) -> AnnotationDraft | None:
                nonlocal verdict
                verdict = await judge.verdict(image, drafts[image.id], old)
                return verdict.draft

            async with slots:
                try:
                    await self._store.revise(author, image, edit)
                except NotFound:
                    return None
            return verdict

        done = await asyncio.gather(*(store(by_id[image_id]) for image_id in drafts))
        return dict(zip(drafts, done, strict=True))


def _drafts(
    usable: Sequence[ParsedEntry], splits: dict[str, Split], import_id: str
) -> dict[str, AnnotationDraft]:
    return {
        entry.image_id: AnnotationDraft(
            entry.shapes,
            entry.ignore_regions,
            split=splits.get(entry.image_id),
            reason="imported",
            import_id=import_id,
        )
        for entry in usable
        if entry.image_id is not None
    }


def _adopted(entry: ParsedEntry, aliases: dict[str, str]) -> ParsedEntry:
    names = sorted({shape.label for shape in entry.shapes} & aliases.keys())
    told = tuple(f"the label {name!r} is called {aliases[name]!r} now" for name in names)
    shapes = follow(entry.shapes, aliases)
    return entry.model_copy(update={"shapes": shapes, "warnings": (*entry.warnings, *told)})


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


def _stem(name: str) -> str:
    return _folded(stem_of(name))


def _folded(name: str) -> str:
    return normal_name(name).casefold()
