"""What an import would do, image by image: found before it is done, and once more while it is."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from services.annotation.domain.conflicts import Action, Drawn, OnConflict, merged, same_content
from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.repository import Annotation
from shared.callers import Caller
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectView

_AT_ONCE = 8


@dataclass(frozen=True)
class ImportVerdict:
    """What becomes of an image: nothing is written without a draft.

    ``is_written`` says that an earlier attempt at the same import has written it.
    """

    action: Action
    draft: AnnotationDraft | None = None
    before: Drawn | None = None
    is_written: bool = False


@dataclass(frozen=True)
class ImportJudge:
    """Decides what an import does to images that are annotated already.

    What a person drew is kept unless ``on_conflict`` says otherwise, and from a ``importer`` who is
    no engineer what somebody else imported, too. ``earlier`` are the steps, by image, that earlier
    attempts at the same import made: what they wrote is judged by what stood there before them.
    """

    store: AnnotationStore
    images: ImageDirectory
    project: ProjectView
    on_conflict: OnConflict
    importer: Caller
    earlier: Mapping[str, Set[str]] = field(default_factory=dict)

    async def plan(
        self, images: Sequence[ImageView], drafts: dict[str, AnnotationDraft]
    ) -> dict[str, ImportVerdict]:
        """Return the verdict of each image as things stand."""
        slots = asyncio.Semaphore(_AT_ONCE)

        async def judged(image: ImageView) -> ImportVerdict:
            async with slots:
                old = await self.store.annotations(image.tenant).find(image.id)
                blank = Annotation(id=image.id, tenant=image.tenant, project_id=image.project_id)
                return await self.verdict(image, drafts[image.id], old or blank)

        verdicts = await asyncio.gather(*(judged(image) for image in images))
        return {image.id: verdict for image, verdict in zip(images, verdicts, strict=True)}

    async def verdict(
        self, image: ImageView, draft: AnnotationDraft, old: Annotation
    ) -> ImportVerdict:
        """Return what `draft` does to an image with the annotation `old`."""
        ours = await self.store.step_among(old, self.earlier.get(image.id, frozenset()))
        if ours is None:
            return await self._judged(image, draft, old)
        found = await self.store.before(ours)
        return replace(await self._judged(image, draft, found), is_written=True)

    async def _judged(
        self, image: ImageView, draft: AnnotationDraft, old: Annotation
    ) -> ImportVerdict:
        on_tiles = await self._drawn_on_tiles(image)
        if not old.annotated and on_tiles is None:
            return ImportVerdict("new", draft)
        before = on_tiles or await self._before(image, old)
        same_regions = old.ignore_regions == draft.ignore_regions
        if old.annotated and same_regions and same_content(old.shapes, draft.shapes):
            return ImportVerdict("unchanged", None, before)
        if on_tiles is not None and self.on_conflict != "replace":
            return ImportVerdict("kept", None, before)
        if self.on_conflict == "merge":
            return self._merge(image, draft, old, before)
        if self.on_conflict == "keep" and (before.by_hand or not self._may_replace(before)):
            return ImportVerdict("kept", None, before)
        return ImportVerdict("replaced", draft, before)

    def _may_replace(self, before: Drawn) -> bool:
        return before.author == self.importer.subject or self.importer.may("engineer")

    def _merge(
        self, image: ImageView, draft: AnnotationDraft, old: Annotation, before: Drawn
    ) -> ImportVerdict:
        shapes = merged(old.shapes, draft.shapes, image.id, self.project.task)
        regions = tuple(dict.fromkeys((*old.ignore_regions, *draft.ignore_regions)))
        if shapes is None:
            return ImportVerdict("kept", None, before)
        if shapes == old.shapes and regions == old.ignore_regions:
            return ImportVerdict("unchanged", None, before)
        reason = "merged" if before.by_hand else draft.reason
        both = replace(draft, shapes=shapes, ignore_regions=regions, reason=reason)
        return ImportVerdict("merged", replace(both, prediction_id=old.prediction_id), before)

    async def _before(self, image: ImageView, old: Annotation) -> Drawn:
        step = await self.store.drawn(old)
        if step is not None and step.reason == "drawn_on_whole" and image.parent_id:
            whole = await self.store.annotations(image.tenant).find(image.parent_id)
            step = None if whole is None else await self.store.drawn(whole)
        by_hand = step is None or step.reason != "imported"  # in doubt, a person's
        return Drawn(old.author if step is None else step.author, len(old.shapes), by_hand)

    async def _drawn_on_tiles(self, image: ImageView) -> Drawn | None:
        """What a person drew on the tiles of an image, which would follow what is imported."""
        if self.project.tiling is None or image.parent_id:
            return None
        annotations, found = self.store.annotations(image.tenant), []
        async for tile in self.images.walk(image.tenant, self.project.id, parent_id=image.id):
            drawn = await annotations.find(tile.id)
            if drawn is None or not drawn.annotated:
                continue
            step = await self.store.drawn(drawn)
            if step is None or step.reason not in ("drawn_on_whole", "imported"):
                found.append(drawn)
        if not found:
            return None
        return Drawn(found[0].author, sum(len(drawn.shapes) for drawn in found), by_hand=True)
