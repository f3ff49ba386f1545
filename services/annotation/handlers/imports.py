"""Importing label archives: parsed first, then stored image by image, every file reported."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from services.annotation.domain.conflicts import OnConflict
from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.formats.model import KNOWN_PICTURE, PICTURE, Split, stem_of
from services.annotation.domain.label_rules import follow, no_room, undefined
from services.annotation.errors import NothingImported
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.import_plan import ImportJudge, ImportVerdict
from services.annotation.handlers.label_names import LabelNames
from services.annotation.process.archive_parser import ArchiveParser, Heard
from services.annotation.process.parser_messages import ParsedArchive, ParsedEntry
from services.annotation.repository import Annotation
from shared.callers import Caller
from shared.contracts.names import folded
from shared.documents.hearing import WAIT_S
from shared.errors import FieldError, LoupeError, NotFound
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
    key: str | None = None
    """The Idempotency-Key of an import that is queued."""

    def with_key(self, key: str | None) -> "ImportOptions":
        """Return the same under a key."""
        return replace(self, key=key)


@dataclass(frozen=True)
class ImportWish:
    """Who asks for an import into which project, and how; `import_id` names what it writes."""

    author: Caller
    project: ProjectView
    options: ImportOptions
    import_id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class ImportOutcome:
    """What came of an import, or would; `verdicts` are by image."""

    import_id: str
    parsed: ParsedArchive
    new_labels: tuple[str, ...]
    verdicts: dict[str, ImportVerdict]

    @property
    def failed(self) -> tuple[ParsedEntry, ...]:
        """Return the entries with an error."""
        return tuple(entry for entry in self.parsed.entries if entry.error)


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """What an import would do: `drafts` are what it would write, `verdicts` by image all it meets.

    `refusal` is why it may not be carried out.
    """

    parsed: ParsedArchive
    by_id: dict[str, ImageView]
    splits: dict[str, Split]
    drafts: dict[str, AnnotationDraft]
    verdicts: dict[str, ImportVerdict]
    judge: ImportJudge
    refusal: NothingImported | None = None
    new_labels: tuple[str, ...] = ()

    @property
    def labels(self) -> list[str]:
        """Return the names of labels on what would be written."""
        return list({s.label: None for draft in self.drafts.values() for s in draft.shapes})

    def outcome(self) -> ImportOutcome:
        """Return what to report of a plan that is not carried out."""
        return ImportOutcome("", self.parsed, self.new_labels, self.verdicts)


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

    async def import_archive(self, wish: ImportWish, archive: Path) -> ImportOutcome:
        """Read an archive and store what it says; a rerun of the same archive changes nothing.

        Each image's annotation is one write; a file that is wrong leaves the others alone unless
        `strict`. What a person drew stays unless `on_conflict` says otherwise.

        Raises:
            ArchiveRefused: The archive as a whole is refused.
            NothingImported: No file can be stored, or one is wrong and `strict`.
        """
        plan = await self.plan(wish, archive)
        if plan.refusal is not None:
            raise plan.refusal
        return plan.outcome() if wish.options.dry_run else await self.carry_out(wish, plan)

    async def plan(
        self, wish: ImportWish, archive: Path, *, heard: Heard | None = None
    ) -> ImportPlan:
        """Read an archive and say what would be done; `heard` is told of the files read.

        What an earlier attempt at this import wrote counts as still to be written.

        Raises:
            ArchiveRefused: The archive as a whole is refused.
        """
        tenant, project = wish.author.tenant, wish.project
        parsed, views = await self._parsed(tenant, project, archive, heard)
        parsed = await self._adopted(tenant, project.id, parsed)
        usable = [entry for entry in parsed.entries if entry.usable]
        by_id = {view.id: view for view in views}
        splits = _split_by_image(parsed)
        drafts = _drafts(usable, splits, wish.import_id)
        earlier = await self._store.steps_of_import(tenant, project.id, wish.import_id)
        judge = ImportJudge(
            self._store, self._images, project, wish.options.on_conflict, wish.author, earlier
        )
        verdicts = await judge.plan([by_id[image_id] for image_id in drafts], drafts)
        plan = ImportPlan(
            parsed=parsed,
            by_id=by_id,
            splits=splits,
            drafts={image_id: drafts[image_id] for image_id in drafts if verdicts[image_id].draft},
            verdicts=verdicts,
            judge=judge,
            refusal=_refusal(parsed, usable, wish.options),
        )
        missing = await self._names.missing(tenant, project.id, plan.labels)
        if missing and not wish.author.may("engineer"):
            plan = replace(plan, refusal=NothingImported(undefined(missing)))
        if not await self._names.has_room(tenant, project.id, len(missing)):
            plan = replace(plan, refusal=NothingImported(no_room(len(missing))))
        return replace(plan, new_labels=tuple(missing))

    async def carry_out(
        self, wish: ImportWish, plan: ImportPlan, *, heard: Heard | None = None
    ) -> ImportOutcome:
        """Store what was planned; `heard` is told of the images that are done."""
        author, project_id = wish.author, wish.project.id
        await self._names.take(author, project_id, plan.labels)
        done = await self._store_all(author, plan, heard)
        await self._names.keep_all(author.tenant, project_id, plan.labels)
        written = {image_id for image_id, verdict in done.items() if verdict and verdict.draft}
        for image_id in plan.splits.keys() - written:
            with contextlib.suppress(NotFound):  # deleted meanwhile
                await self._store.set_split(plan.by_id[image_id], plan.splits[image_id])
        gone = {image_id for image_id, verdict in done.items() if verdict is None}
        entries = tuple(_told(plan.parsed.entries, gone))
        verdicts = {i: found for i, found in {**plan.verdicts, **done}.items() if found is not None}
        return ImportOutcome(
            import_id=wish.import_id if written else "",
            parsed=plan.parsed.model_copy(update={"entries": entries}),
            new_labels=plan.new_labels,
            verdicts=verdicts,
        )

    async def _parsed(
        self, tenant: str, project: ProjectView, archive: Path, heard: Heard | None
    ) -> tuple[ParsedArchive, list[ImageView]]:
        """Read an archive; once more when images that it names come in behind their upload."""
        views = await self._known(tenant, project.id)
        parsed = await self._parser.parse(archive, project.task, views, heard=heard)
        stems = {folded(stem_of(entry.file)) for entry in parsed.entries if entry.unmatched}
        twins = {folded(entry.twin) for entry in parsed.entries if entry.twin}
        is_list_open = any(found.unknown for found in parsed.splits)
        if not stems and not twins and not is_list_open:
            return parsed, views

        def misses(found: Sequence[ImageView]) -> bool:
            lacking = stems - {folded(stem_of(view.name)) for view in found}
            return is_list_open or bool(lacking or twins - {folded(view.name) for view in found})

        settled = await self._settled(tenant, project.id, misses)
        if {view.id for view in settled} == {view.id for view in views}:
            return parsed, views
        parsed = await self._parser.parse(archive, project.task, settled, heard=heard)
        return parsed, settled

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
        self, author: Caller, plan: ImportPlan, heard: Heard | None
    ) -> dict[str, ImportVerdict | None]:
        """Store drafts, judged anew as each is written; None for images deleted meanwhile."""
        slots, drafts, over = asyncio.Semaphore(_AT_ONCE), plan.drafts, 0

        async def store(image: ImageView) -> ImportVerdict | None:
            nonlocal over
            verdict: ImportVerdict | None = None

            async def edit(old: Annotation) -> AnnotationDraft | None:
                nonlocal verdict
                verdict = await plan.judge.verdict(image, drafts[image.id], old)
                return None if verdict.is_written else verdict.draft

            async with slots:
                try:
                    await self._store.revise(author, image, edit)
                except NotFound:
                    verdict = None
            over += 1
            if heard is not None:
                heard(over, len(drafts))
            return verdict

        try:
            async with asyncio.TaskGroup() as group:  # whatever ends it, no write is left behind
                tasks = [group.create_task(store(plan.by_id[image_id])) for image_id in drafts]
        except* LoupeError as errors:
            raise errors.exceptions[0] from None
        done = [task.result() for task in tasks]
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


def _refusal(
    parsed: ParsedArchive, usable: Sequence[ParsedEntry], options: ImportOptions
) -> NothingImported | None:
    failed = [entry for entry in parsed.entries if entry.error]
    if usable and not (options.strict and failed):
        return None
    if not usable and parsed.splits and not failed:
        return None
    errors = [FieldError(entry.file, entry.error) for entry in failed[:_ERRORS_SHOWN]]
    return NothingImported(_reason(parsed, len(failed)), errors=errors)


def _reason(parsed: ParsedArchive, failed: int) -> str:
    if not parsed.entries:
        return "the archive holds no label file at its root"
    if not failed:
        other = next((e for e in parsed.entries if e.notice not in (PICTURE, KNOWN_PICTURE)), None)
        if other is not None:
            return f"nothing in the archive can be imported; {other.file}: {other.notice}"
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
