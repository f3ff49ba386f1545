"""A version against those before it that may be serving, by one yardstick."""

from functools import partial

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.numbers.figure import known
from services.evaluator.domain.numbers.interruption import Interrupted, interruptible
from services.evaluator.domain.objects.comparison import Difference
from services.evaluator.domain.readers.version_pairs import Stored, read_pair
from services.evaluator.domain.yardstick import Effort, Yardstick, measured
from services.evaluator.repository import REPORTS, StoredReport
from services.evaluator.settings import EvaluatorSettings
from shared.blobs.port import Blobs
from shared.contracts.training_events import ComparedFigure, VersionComparison
from shared.documents.port import Documents, Query, Range, Sort, TenantScope
from shared.errors import LoupeError, NotFound
from shared.jobs.worker import Lease
from shared.telemetry import logger

RIVALS = 5  # made since the serving one; any of them may have taken over by the time of the report

log = logger(__name__)


class Yardsticks:
    """Compares a version with the one that served when it was made, and with those made since."""

    def __init__(self, documents: Documents, blobs: Blobs, settings: EvaluatorSettings) -> None:
        self._documents = documents
        self._blobs = blobs
        self._settings = settings

    async def of(self, report: StoredReport, lease: Lease) -> tuple[VersionComparison, ...]:
        """Comparisons with the rivals, newest first; one that cannot be compared is left out."""
        rivals = await self._rivals(report)
        if not rivals:
            return ()
        snapshot = await self._blobs.read(report.manifest_key)
        mine = await self._blobs.read(report.predictions_key)
        found = []
        for rival in rivals:
            try:
                theirs = await self._blobs.read(rival.predictions_key)
                known_then = await self._blobs.read(rival.manifest_key)
                told = await lease.in_thread(
                    interruptible,
                    lease.stopping.is_set,
                    partial(self._measured, Stored(snapshot, known_then, theirs, mine)),
                )
            except (BadSamples, NotFound) as error:
                log.warning("versions not compared", rival=rival.name, error=error.detail)
                continue
            except (LoupeError, Interrupted):
                raise
            except Exception:  # a defect of ours must not take the report along
                log.exception("versions not compared", rival=rival.name)
                continue
            found.append(_said(rival.name, told))
        return tuple(found)

    def _measured(self, stored: Stored) -> Yardstick | None:
        pair = read_pair(stored)
        settings = self._settings
        effort = Effort(settings.replicates, settings.max_detections)
        return None if pair is None else measured(pair, effort)

    async def _rivals(self, report: StoredReport) -> list[StoredReport]:
        """The version that served, and the latest of those between it and this one."""
        reports = self._documents.collection(REPORTS, TenantScope(report.tenant))
        query = Query(
            where={"project_id": report.project_id, "number": Range(lt=report.number)},
            sort=Sort("number", -1),
            limit=RIVALS,
        )
        latest = await reports.query(query)
        if not report.champion:
            return latest
        query = Query(where={"project_id": report.project_id, "name": report.champion}, limit=1)
        served = [one for one in await reports.query(query) if one.id != report.id]
        since = served[0].number if served else 0
        return [one for one in latest if one.number > since] + served


def _said(name: str, told: Yardstick | None) -> VersionComparison:
    if told is None:
        return VersionComparison(with_version=name, images=0)
    alarms = told.false_per_image
    return VersionComparison(
        with_version=name,
        images=told.images,
        false_per_image=None if alarms is None else known(alarms),
        figures=tuple(_figure(*each) for each in told.figures.items()),
    )


def _figure(name: str, found: Difference) -> ComparedFigure:
    return ComparedFigure(
        name=name,
        before=known(found.first),
        after=known(found.second),
        difference=known(found.difference),
        low=known(found.interval.low),
        high=known(found.interval.high),
        p_value=known(found.p_value),
    )
