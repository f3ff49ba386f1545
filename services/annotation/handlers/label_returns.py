"""Bringing shapes back whose label was deleted and is there again."""

from collections.abc import Set

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.label_returns import has_place, returning
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.repository import LABELS, Annotation, Label
from shared.callers import Caller
from shared.documents.port import Collection, Documents, In, Query, TenantScope, Where
from shared.images.directory import ImageView

_PAGE = 500


class LabelReturns:
    """What an image's history holds of labels that live again."""

    def __init__(self, documents: Documents, store: AnnotationStore) -> None:
        self._documents = documents
        self._store = store

    async def bring_back(self, image: ImageView) -> Annotation | None:
        """Put the shapes back that went with labels that live; asked again, nothing changes.

        Returns:
            The annotation as it is stored then; None where the image has none.

        Raises:
            NotFound: The image was deleted meanwhile.
        """
        found = await self._store.annotations(image.tenant).find(image.id)
        if found is None or await self._draft(found) is None:
            return found
        return await self._store.revise(Caller.system(image.tenant), image, self._draft)

    async def _draft(self, old: Annotation) -> AnnotationDraft | None:
        steps = await self._store.label_steps(old)
        gone = {label_id for step in steps for label_id in step.gone.values()}
        returned = returning(steps, await self._living(old, gone), old.shapes)
        if not returned or not has_place(returned, old.shapes, old.ignore_regions):
            return None
        return AnnotationDraft(
            (*old.shapes, *returned),
            old.ignore_regions,
            reason="label_restored",
            prediction_id=old.prediction_id,
        )

    async def _living(self, old: Annotation, ids: Set[str]) -> dict[str, str]:
        wanted = sorted(ids)
        living: dict[str, str] = {}
        for start in range(0, len(wanted), _PAGE):
            where: Where = {
                "id": In(wanted[start : start + _PAGE]),
                "project_id": old.project_id,
                "deleted": False,
            }
            found = await self._labels(old.tenant).query(Query(where=where, limit=_PAGE))
            living |= {label.id: label.name for label in found}
        return living

    def _labels(self, tenant: str) -> Collection[Label]:
        return self._documents.collection(LABELS, TenantScope(tenant))
