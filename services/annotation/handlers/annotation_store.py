"""Writing an annotation: one document write with its events, after its step of the history."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence, Set
from dataclasses import replace

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.formats.model import Split
from services.annotation.domain.history import FOLLOWS_LABEL, MADE_ANEW, Change, change_id
from services.annotation.domain.shape_rules import target_sizes
from services.annotation.repository import (
    ANNOTATIONS,
    HISTORY,
    Annotation,
    ChangeRecord,
    Label,
)
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved, ReviewState
from shared.contracts.envelope import EventBody
from shared.documents.port import (
    Collection,
    Cursor,
    Documents,
    Edit,
    Has,
    In,
    Query,
    TenantScope,
    Where,
    Write,
)
from shared.errors import NotFound
from shared.images.directory import ImageDirectory, ImageView

_PAGE = 100  # of steps, each with all shapes before and after it

Revision = Callable[[Annotation], AnnotationDraft | Awaitable[AnnotationDraft | None] | None]
"""The stored annotation (version 0: none yet) → what it shall be; None leaves it."""


class AnnotationStore:
    """Annotations and their history over the document store."""

    def __init__(
        self, documents: Documents, *, images: ImageDirectory, clock: Clock = utc_now
    ) -> None:
        self._documents = documents
        self._images = images
        self._clock = clock

    def annotations(self, tenant: str) -> Collection[Annotation]:
        """Return a tenant's annotations."""
        return self._documents.collection(ANNOTATIONS, TenantScope(tenant))

    def history(self, tenant: str) -> Collection[ChangeRecord]:
        """Return the steps of a tenant's annotations."""
        return self._documents.collection(HISTORY, TenantScope(tenant))

    async def drawn(self, annotation: Annotation) -> Change | None:
        """Return the step that drew what an annotation shows; None when there is none."""
        record = await self.drawing(annotation.tenant, annotation.change_id)
        return None if record is None else record.change

    async def drawing(self, tenant: str, step_id: str) -> ChangeRecord | None:
        """Return the record of the step that drew what was there after the step `step_id`.

        A label's new name is no drawing, and what was restored is as it was drawn.
        """
        while step_id:
            record = await self.history(tenant).find(step_id)
            if record is None:
                return None
            step = record.change
            if not step.restores and step.reason not in FOLLOWS_LABEL:
                return record
            step_id = step.restores or step.previous_id
        return None

    async def step_among(self, annotation: Annotation, ids: Set[str]) -> ChangeRecord | None:
        """Return the last of the steps `ids` that led to an annotation; None when none did."""
        step_id = annotation.change_id if ids else ""
        while step_id:
            record = await self.history(annotation.tenant).find(step_id)
            if record is None or step_id in ids:
                return record
            step_id = record.change.previous_id
        return None

    async def label_steps(self, annotation: Annotation) -> list[Change]:
        """Return how an annotation followed its labels since it was made anew, newest first.

        What an undone import made is passed over.
        """
        steps: list[Change] = []
        step_id = annotation.change_id
        while step_id:
            record = await self.history(annotation.tenant).find(step_id)
            if record is None or record.change.reason in MADE_ANEW:
                break
            if record.change.reason in FOLLOWS_LABEL:
                steps.append(record.change)
            step_id = record.change.restores or record.change.previous_id
        return steps

    def steps_without(self, label: Label, *, after: str = "") -> AsyncIterator[ChangeRecord]:
        """Yield the steps in which a deleted label's shapes went, beyond the one ``after``."""
        place = Cursor(after, after) if after else None
        query = Query(where=_went_with(label), limit=_PAGE, after=place)
        return self.history(label.tenant).walk(query)

    async def count_without(self, label: Label) -> int:
        """Return in how many steps of images a deleted label's shapes went."""
        return await self.history(label.tenant).count(_went_with(label))

    async def is_past(self, record: ChangeRecord) -> bool:
        """Tell whether a step shows no more: no undo, import or tile would ask for it.

        What drew an annotation as it is stays, with what was there before it, whatever their age.
        """
        annotation = await self.annotations(record.tenant).find(record.image_id)
        step_id = "" if annotation is None else annotation.change_id
        while step_id:
            if step_id == record.id:
                return False
            later = await self.history(record.tenant).find(step_id)
            if later is None:
                return True
            step = later.change
            if not step.restores and step.reason not in FOLLOWS_LABEL:
                return record.id != step.previous_id
            step_id = step.restores or step.previous_id
        return True

    async def before(self, record: ChangeRecord) -> Annotation:
        """Return what a step found, as far as it can be read from the history."""
        step = record.change
        found = Annotation(id=record.image_id, tenant=record.tenant, project_id=record.project_id)
        earlier = await self.history(record.tenant).find(step.previous_id or record.id)
        if not step.previous_id or earlier is None:
            return found
        return found.model_copy(
            update={
                "shapes": step.before,
                "ignore_regions": earlier.change.ignore_regions,
                "annotated": earlier.change.annotated,
                "prediction_id": earlier.change.prediction_id,
                "author": earlier.change.author,
                "change_id": step.previous_id,
            }
        )

    async def steps_of_import(
        self, tenant: str, project_id: str, import_id: str
    ) -> dict[str, set[str]]:
        """Return the ids of the steps that an import made, by image."""
        steps: dict[str, set[str]] = {}
        where = {"import_id": import_id, "project_id": project_id}
        async for record in self.history(tenant).walk(Query(where=where, limit=500)):
            if record.change.reason != "drawn_on_whole":  # tiles follow their image
                steps.setdefault(record.image_id, set()).add(record.id)
        return steps

    async def importer(self, tenant: str, project_id: str, import_id: str) -> str:
        """Return who asked for an import that wrote something; an empty text where none did."""
        where: Where = {
            "import_id": import_id,
            "project_id": project_id,
            "change.reason": In(("imported", "merged")),
        }
        found = await self.history(tenant).query(Query(where=where, limit=1))
        return found[0].change.author if found else ""

    async def save(
        self,
        author: Caller,
        image: ImageView,
        draft: AnnotationDraft,
        *,
        expected: int | None = None,
    ) -> Annotation:
        """Make an image's annotation `draft`; the same again changes nothing.

        Args:
            author: Who does it.
            image: The image.
            draft: What it shall be.
            expected: The version that was read (0: none yet); None takes any.

        Returns:
            The stored annotation.

        Raises:
            VersionConflict: `expected` is not the stored version.
            NotFound: The image was deleted meanwhile.
        """
        return await self.revise(author, image, lambda _: draft, expected=expected)

    async def revise(
        self, author: Caller, image: ImageView, edit: Revision, *, expected: int | None = None
    ) -> Annotation:
        """Make an image's annotation what `edit` says of the stored one; None leaves it.

        Raises:
            VersionConflict: `expected` is not the stored version.
            NotFound: The image was deleted meanwhile.
        """

        async def step(old: Annotation) -> Write[Annotation] | None:
            outcome = edit(old)
            draft = await outcome if inspect.isawaitable(outcome) else outcome
            wanted = None if draft is None else _with_kept(draft, old)
            if wanted is None or _is_same(old, wanted):
                return None
            return await self._next(author, image, wanted, old)

        return await self._change(image, step, expected=expected)

    async def set_split(self, image: ImageView, split: Split) -> None:
        """Give an image the split of a list, without touching what is annotated."""
        await self._change(image, lambda old: old.model_copy(update={"split": split}))

    async def note(
        self, image: ImageView, edit: Edit[Annotation], *, expected: int | None = None
    ) -> Annotation:
        """Change what is said of an image's annotation, without touching what is drawn.

        Raises:
            VersionConflict: `expected` is not the stored version.
            NotFound: The image was deleted meanwhile.
        """
        return await self._change(image, edit, expected=expected)

    async def _change(
        self, image: ImageView, edit: Edit[Annotation], *, expected: int | None = None
    ) -> Annotation:
        blank = Annotation(id=image.id, tenant=image.tenant, project_id=image.project_id)
        annotations = self.annotations(image.tenant)
        saved = await annotations.change(image.id, edit, new=blank, expected=expected)
        await self._stay_with(image)
        return saved

    async def forget(self, tenant: str, image_id: str) -> None:
        """Remove the annotation of an image that is gone, and its history."""
        while await self.annotations(tenant).clear({"id": image_id}):
            pass
        while await self.history(tenant).clear({"image_id": image_id}):
            pass

    async def _stay_with(self, image: ImageView) -> None:
        """Take a write back whose image went away before it; raise NotFound then.

        The mark of a deleted image is set before its annotation is removed, so that either that
        removal sees this write or this look sees the mark.
        """
        if not await self._images.lives(image.tenant, image.id):
            await self.forget(image.tenant, image.id)
            raise NotFound(f"no image {image.id}")

    async def _next(
        self, author: Caller, image: ImageView, draft: AnnotationDraft, old: Annotation
    ) -> Write[Annotation]:
        change = self._step(author, image, draft, old)
        await self._append(image, change, draft)
        new = old.model_copy(
            update={
                "shapes": draft.shapes,
                "ignore_regions": draft.ignore_regions,
                "annotated": draft.annotated,
                # Once corrected, always out of the set that judges, whatever happens to it later.
                "corrected": draft.reason == "corrected" or old.corrected,
                "split": draft.split,
                "prediction_id": draft.prediction_id,
                "author": author.subject,
                "updated_at": change.at,
                "change_id": change.change_id,
                "drawn_version": _drawn_version(draft, old),
                "whole_version": draft.whole_version or 0,
                "labels": tuple(sorted({shape.label for shape in draft.shapes})),
            }
        )
        return Write(new, _events(author, image, draft, new.review))

    def _step(
        self, author: Caller, image: ImageView, draft: AnnotationDraft, old: Annotation
    ) -> Change:
        step = Change(
            change_id="",
            previous_id=old.change_id,
            image_id=image.id,
            seq=old.version + 1,
            author=author.subject,
            role=author.role,
            reason=draft.reason,
            prediction_id=draft.prediction_id,
            at=self._clock(),
            before=old.shapes,
            after=draft.shapes,
            ignore_regions=draft.ignore_regions,
            annotated=draft.annotated,
            restores=draft.restores,
            gone=dict(draft.gone),
        )
        identity = change_id(image.id, step.seq, step.model_dump_json())
        return step.model_copy(update={"change_id": identity})

    async def _append(self, image: ImageView, change: Change, draft: AnnotationDraft) -> None:
        record = ChangeRecord(
            id=change.change_id,
            tenant=image.tenant,
            project_id=image.project_id,
            image_id=image.id,
            import_id=draft.import_id,
            gone_labels=tuple(sorted(set(change.gone.values()))),
            change=change,
        )
        await self.history(image.tenant).insert(record)


def _went_with(label: Label) -> Where:
    return {
        "project_id": label.project_id,
        "change.reason": "label_deleted",
        "gone_labels": Has(label.id),
    }


def _with_kept(draft: AnnotationDraft, old: Annotation) -> AnnotationDraft:
    split = old.split if draft.split is None else draft.split
    whole = old.whole_version if draft.whole_version is None else draft.whole_version
    return replace(draft, split=split, whole_version=whole)


def _drawn_version(draft: AnnotationDraft, old: Annotation) -> int:
    return old.drawn_version if draft.reason in FOLLOWS_LABEL else old.version + 1


def _is_same(old: Annotation, draft: AnnotationDraft) -> bool:
    return (
        old.shapes == draft.shapes
        and old.ignore_regions == draft.ignore_regions
        and old.annotated == draft.annotated
        and old.split == draft.split
        and old.whole_version == draft.whole_version
        and (draft.reason != "corrected" or old.prediction_id == draft.prediction_id)
    )


def _events(
    author: Caller, image: ImageView, draft: AnnotationDraft, review: ReviewState
) -> Sequence[EventBody]:
    sizes = target_sizes(draft.shapes)
    saved = AnnotationSaved(
        project_id=image.project_id,
        image_id=image.id,
        labels=tuple(shape.label for shape in draft.shapes),
        annotated=draft.annotated,
        image_area=image.width * image.height,
        target_areas=sizes.areas,
        target_sides=sizes.sides,
        author=author.subject,
        review=review,
    )
    if draft.reason != "corrected":
        return [saved]
    correction = CorrectionSaved(
        project_id=image.project_id,
        image_id=image.id,
        prediction_id=draft.prediction_id or "",
        author=author.subject,
    )
    return [saved, correction]
