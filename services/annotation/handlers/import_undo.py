"""Undoing an import: what it replaced comes back, what it made is taken away."""

import asyncio
from dataclasses import dataclass, replace

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.label_names import LabelNames
from services.annotation.repository import Annotation
from shared.callers import Caller
from shared.errors import Forbidden, NotFound
from shared.images.directory import ImageDirectory, ImageView

_AT_ONCE = 8


@dataclass(frozen=True)
class Undone:
    """How many images are as they were (`restored`, or unannotated again: `cleared`).

    `left` were changed since the import, are gone, were undone before, or had a label that is gone
    and that the author may not define.
    """

    restored: int
    cleared: int
    left: int


class ImportUndo:
    """The use case of undoing an import."""

    def __init__(
        self, *, images: ImageDirectory, names: LabelNames, store: AnnotationStore
    ) -> None:
        self._images = images
        self._names = names
        self._store = store

    async def undo(self, author: Caller, project_id: str, import_id: str) -> Undone:
        """Give every image that an import wrote what it had before, unless it was changed since.

        Labels that come back with it live again; labels that the import made stay, as do splits.

        Raises:
            NotFound: The project has no import of this id that wrote anything.
            Forbidden: Somebody else began it, and the author is no engineer.
        """
        written = (
            await self._store.steps_of_import(author.tenant, project_id, import_id)
            if import_id
            else {}
        )
        if not written:
            raise NotFound(f"no import {import_id} that changed an annotation")
        author.check_own(await self._store.importer(author.tenant, project_id, import_id))
        slots = asyncio.Semaphore(_AT_ONCE)

        async def back(image_id: str) -> str:
            async with slots:
                try:
                    image = await self._images.require(author.tenant, project_id, image_id)
                    return await self._restore(author, image, written[image_id])
                except (NotFound, Forbidden):  # it, or a label that was there before, is gone
                    return "left"

        done = await asyncio.gather(*(back(image_id) for image_id in written))
        return Undone(done.count("restored"), done.count("cleared"), done.count("left"))

    async def _restore(self, author: Caller, image: ImageView, steps: set[str]) -> str:
        outcome = "left"

        async def edit(old: Annotation) -> AnnotationDraft | None:
            nonlocal outcome
            outcome = "left"
            draft = await self._before(old, steps)
            if draft is not None:
                shapes = await self._names.adopt(author, image.project_id, draft.shapes)
                draft = replace(draft, shapes=shapes)
                outcome = "restored" if draft.annotated else "cleared"
            return draft

        await self._names.keep(image, await self._store.revise(author, image, edit))
        return outcome

    async def _before(self, old: Annotation, steps: set[str]) -> AnnotationDraft | None:
        """Return what was there before the steps of an import, where they still show."""
        record = await self._store.drawing(old.tenant, old.change_id)
        if record is None or record.id not in steps:
            return None
        before = await self._store.before(record)
        return AnnotationDraft(
            before.shapes,
            before.ignore_regions,
            annotated=before.annotated,
            reason="restored",
            prediction_id=before.prediction_id,
            restores=before.change_id,
        )
