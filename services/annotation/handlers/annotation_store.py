"""Writing an annotation: one document write with its events, after its step of the history."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.formats.model import Split
from services.annotation.domain.history import Change, change_id
from services.annotation.domain.shape_rules import target_sizes
from services.annotation.handlers.images import Images
from services.annotation.handlers.walking import walk
from services.annotation.repository import (
    ANNOTATIONS,
    HISTORY,
    Annotation,
    ChangeRecord,
    ImageView,
)
from shared.clock import Clock, utc_now
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.envelope import EventBody
from shared.documents.port import Collection, D, Documents, TenantScope, Where
from shared.errors import AlreadyExists, NotFound, VersionConflict

_RACES = 20
_FOLLOWS_LABEL = ("label_renamed", "label_deleted")


@dataclass(frozen=True)
class Author:
    """Who changes an annotation: tenant, credential and role."""

    tenant: str
    subject: str
    role: str


class AnnotationStore:
    """Annotations and their history over the document store."""

    def __init__(self, documents: Documents, *, images: Images, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._images = images
        self._clock = clock

    def annotations(self, tenant: str) -> Collection[Annotation]:
        """Return a tenant's annotations."""
        return self._documents.collection(ANNOTATIONS, TenantScope(tenant))

    def history(self, tenant: str) -> Collection[ChangeRecord]:
        """Return the steps of a tenant's annotations."""
        return self._documents.collection(HISTORY, TenantScope(tenant))

    async def save(
        self,
        author: Author,
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
        for _ in range(_RACES):
            old = await self.annotations(author.tenant).find(image.id)
            if expected is not None and expected != (old.version if old else 0):
                raise VersionConflict("the annotation was changed by somebody else; read it again")
            wanted = _with_kept(draft, old)
            if old is not None and _is_same(old, wanted):
                return old
            try:
                saved = await self._write(author, image, wanted, old)
            except (AlreadyExists, VersionConflict):
                if expected is not None:
                    raise VersionConflict(
                        "the annotation was changed by somebody else; read it again"
                    ) from None
                continue
            await self._stay_with(image)
            return saved
        raise VersionConflict("the annotation changes too fast")

    async def set_split(self, author: Author, image: ImageView, split: Split) -> None:
        """Give an image the split of a list, without touching what is annotated."""
        for _ in range(_RACES):
            old = await self.annotations(author.tenant).find(image.id)
            if old is not None and old.split == split:
                return
            base = old or Annotation(id=image.id, tenant=author.tenant, project_id=image.project_id)
            new = base.model_copy(update={"split": split})
            annotations = self.annotations(author.tenant)
            try:
                await (annotations.replace(new) if old else annotations.insert(new))
            except (AlreadyExists, VersionConflict):
                continue
            await self._stay_with(image)
            return

    async def forget(self, tenant: str, image_id: str) -> None:
        """Remove the annotation of an image that is gone, and its history."""
        await self._delete_all(self.annotations(tenant), {"id": image_id})
        await self._delete_all(self.history(tenant), {"image_id": image_id})

    async def _stay_with(self, image: ImageView) -> None:
        """Take a write back whose image went away before it; raise NotFound then.

        The mark of a deleted image is set before its annotation is removed, so that either that
        removal sees this write or this look sees the mark.
        """
        if not await self._images.lives(image):
            await self.forget(image.tenant, image.id)
            raise NotFound(f"no image {image.id}")

    async def _delete_all(self, collection: Collection[D], where: Where) -> None:
        async for document in walk(collection, where):
            with contextlib.suppress(NotFound, VersionConflict):  # written anew: by its own look
                await collection.delete(document)

    async def _write(
        self, author: Author, image: ImageView, draft: AnnotationDraft, old: Annotation | None
    ) -> Annotation:
        change = self._change(author, image, draft, old)
        await self._append(author.tenant, image, change)
        new = Annotation(
            id=image.id,
            tenant=author.tenant,
            version=old.version if old else 0,
            project_id=image.project_id,
            shapes=draft.shapes,
            ignore_regions=draft.ignore_regions,
            annotated=draft.annotated,
            # Once corrected, always out of the set that judges, whatever happens to it later.
            corrected=draft.reason == "corrected" or (old is not None and old.corrected),
            split=draft.split,
            prediction_id=draft.prediction_id,
            author=author.subject,
            updated_at=change.at,
            change_id=change.change_id,
            drawn_version=_drawn_version(draft, old),
            whole_version=draft.whole_version or 0,
            labels=tuple(sorted({shape.label for shape in draft.shapes})),
        )
        annotations = self.annotations(author.tenant)
        events = _events(author, image, draft)
        if old is None:
            return await annotations.insert(new, events=events)
        return await annotations.replace(new, events=events)

    def _change(
        self, author: Author, image: ImageView, draft: AnnotationDraft, old: Annotation | None
    ) -> Change:
        seq = (old.version if old else 0) + 1
        step = Change(
            change_id="",
            previous_id=old.change_id if old else "",
            image_id=image.id,
            seq=seq,
            author=author.subject,
            role=author.role,
            reason=draft.reason,
            prediction_id=draft.prediction_id,
            at=self._clock(),
            before=old.shapes if old else (),
            after=draft.shapes,
            ignore_regions=draft.ignore_regions,
            annotated=draft.annotated,
        )
        return step.model_copy(
            update={"change_id": change_id(image.id, seq, step.model_dump_json())}
        )

    async def _append(self, tenant: str, image: ImageView, change: Change) -> None:
        record = ChangeRecord(
            id=change.change_id,
            tenant=tenant,
            project_id=image.project_id,
            image_id=image.id,
            change=change,
        )
        await self.history(tenant).insert(record)


def _with_kept(draft: AnnotationDraft, old: Annotation | None) -> AnnotationDraft:
    if old is None:
        return draft
    split = old.split if draft.split is None else draft.split
    whole = old.whole_version if draft.whole_version is None else draft.whole_version
    return replace(draft, split=split, whole_version=whole)


def _drawn_version(draft: AnnotationDraft, old: Annotation | None) -> int:
    if old is not None and draft.reason in _FOLLOWS_LABEL:
        return old.drawn_version
    return (old.version if old else 0) + 1


def _is_same(old: Annotation, draft: AnnotationDraft) -> bool:
    return (
        old.shapes == draft.shapes
        and old.ignore_regions == draft.ignore_regions
        and old.annotated == draft.annotated
        and old.split == draft.split
        and old.whole_version == draft.whole_version
        and (draft.reason != "corrected" or old.prediction_id == draft.prediction_id)
    )


def _events(author: Author, image: ImageView, draft: AnnotationDraft) -> Sequence[EventBody]:
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
