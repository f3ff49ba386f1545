"""How far an import came that was stopped, or broke off: its plan, held against what it wrote."""

from services.annotation.domain.import_report import ImportReport, as_far
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.repository import ImportRun
from shared.blobs.port import Blobs
from shared.documents.port import In, Query
from shared.texts.language import speaking

_AT_ONCE = 200


class ImportReach:
    """The report, in English, of an import that came to none itself."""

    def __init__(self, blobs: Blobs, store: AnnotationStore) -> None:
        self._blobs = blobs
        self._store = store

    async def report(self, run: ImportRun) -> ImportReport:
        """Return what an import planned, as far as it was done."""
        with speaking("en"):
            planned = ImportReport.model_validate_json(await self._blobs.read(run.plan_key))
            return as_far(planned, run.id, await self._written(run))

    async def _written(self, run: ImportRun) -> set[str]:
        """Return the ids of the images whose annotations have a step of the import behind them.

        A step alone proves nothing: it is there before the annotation is.
        """
        steps = await self._store.steps_of_import(run.tenant, run.project_id, run.id)
        ids, written = sorted(steps), set[str]()
        for start in range(0, len(ids), _AT_ONCE):
            some = Query(where={"id": In(ids[start : start + _AT_ONCE])}, limit=_AT_ONCE)
            for annotation in await self._store.annotations(run.tenant).query(some):
                if await self._store.step_among(annotation, steps[annotation.id]):
                    written.add(annotation.id)
        return written
