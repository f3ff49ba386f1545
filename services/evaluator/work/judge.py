"""The work of a judgement: read a version, compute its report, render and store it."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.numbers.figure import known
from services.evaluator.domain.numbers.interruption import interruptible
from services.evaluator.domain.readers.platform_files import read_version
from services.evaluator.domain.readers.versions import TaskVersion
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.traits import ImageTraits
from services.evaluator.domain.report.tree.identity import Identity
from services.evaluator.domain.report.tree.overall import DetectionOverall
from services.evaluator.domain.report.tree.reports import AnyReport, from_json, to_json
from services.evaluator.repository import (
    JOBS,
    REPORTS,
    JudgementOrder,
    LabelPoint,
    Pages,
    StoredReport,
    refusal,
)
from services.evaluator.settings import EvaluatorSettings
from services.evaluator.work.computation import LANGUAGES, compute, rendered_html, rendered_pdf
from services.evaluator.work.image_traits import look_at
from services.evaluator.work.yardsticks import Yardsticks
from shared.blobs.content import put_by_hash
from shared.blobs.port import Blobs
from shared.contracts.envelope import EventBody
from shared.contracts.training_events import ReportCompleted, VersionComparison
from shared.documents.port import (
    Collection,
    Documents,
    Query,
    Range,
    Sort,
    TenantScope,
    Where,
    Write,
)
from shared.errors import LoupeError, NotFound
from shared.hosting.allocator import give_back_what_is_free
from shared.jobs.job import FINAL, Job, Progress
from shared.jobs.worker import Lease

logger = logging.getLogger(__name__)

HISTORY = 20  # earlier versions that a learning curve looks at


class Judge:
    """Works on judgements; a killed one begins again and gives the same report."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        settings: EvaluatorSettings,
        *,
        yardsticks: Yardsticks,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._settings = settings
        self._yardsticks = yardsticks

    async def judge(self, lease: Lease) -> None:
        """Judge the version of a job, unless an earlier attempt has stored its report already."""
        order = JudgementOrder.model_validate(lease.job.payload)
        reports = self._reports(lease.job.tenant)
        report = await reports.find(order.report_id)
        if report is None or not _is_of(lease.job, report):
            return
        if await self._waits_for_earlier(report):
            await lease.give_back(counted=False)
            return
        try:
            done, said = await self._judged(report, lease)
        except (BadSamples, NotFound) as error:
            if report.state == "running":  # an earlier report on the version stays
                failed = report.model_copy(update={"state": "failed", "reason": error.detail})
                await self._store(reports, failed, refusal(order, error.detail), lease.job)
            await lease.finish("failed", error=error.detail)
            return
        await self._store(reports, done, said, lease.job)

    async def _store(
        self, reports: Collection[StoredReport], done: StoredReport, said: EventBody, job: Job
    ) -> None:
        """Write the outcome once, whatever attempt comes first."""

        def edit(now: StoredReport) -> Write[StoredReport] | None:
            if not _is_of(job, now):
                return None
            return Write(done.model_copy(update={"judged_by": job.id}), events=(said,))

        await reports.change(done.id, edit)

    async def _judged(self, report: StoredReport, lease: Lease) -> tuple[StoredReport, EventBody]:
        await lease.report(Progress(percent=0, stage="reading"))
        manifest = await self._blobs.read(report.manifest_key)
        predictions = await self._blobs.read(report.predictions_key)
        version = await lease.in_thread(
            interruptible, lease.stopping.is_set, partial(read_version, manifest, predictions)
        )
        del manifest, predictions
        give_back_what_is_free()
        await lease.report(Progress(percent=15, stage="looking at images"))
        images = [version.dataset.images[name] for name in version.image_ids]
        traits = await look_at(self._blobs, images, most=self._settings.looked_at)
        before = await self._earlier(report)
        again = report.state != "running"
        report = report.model_copy(
            update={
                "revision": report.revision + again,
                "created_at": lease.job.created_at,
            }
        )
        options = replace(
            self._options(report, version, before, traits),
            passed_before=await self._passed(before[-1]) if before else {},
        )
        await lease.report(Progress(percent=20, stage="computing"))
        return await self._completed(report, version, options, lease)

    async def _completed(
        self, report: StoredReport, version: TaskVersion, options: ReportOptions, lease: Lease
    ) -> tuple[StoredReport, EventBody]:
        try:
            judged = await lease.in_thread(
                interruptible,
                lease.stopping.is_set,
                partial(compute, version, options, self._settings),
            )
        except LoupeError:
            raise
        except Exception as error:  # a defect of ours must not keep the version waiting for ever
            logger.exception("a report could not be computed", extra={"report_id": report.id})
            raise BadSamples(f"the report could not be computed: {type(error).__name__}") from error
        said, pages = judged.report, Pages()
        for place, language in enumerate(LANGUAGES):
            await lease.report(Progress(percent=60 + 20 * place, stage="rendering"))
            html = await lease.in_thread(rendered_html, said, language, self._settings)
            pages.html[language] = await self._put(report, html)
            pdf = await lease.in_thread(rendered_pdf, said, language)
            pages.pdf[language] = await self._put(report, pdf)
        await lease.report(Progress(percent=98, stage="storing"))
        stored = report.model_copy(
            update={
                "state": "completed",
                "reason": "",
                "dataset_hash": version.dataset.dataset_hash,
                "threshold": said.threshold,
                "document_key": await self._put(report, to_json(said)),
                "matches_key": await self._put(report, judged.matches) if judged.matches else "",
                "watched_key": await self._put(report, judged.watched) if judged.watched else "",
                "pages": pages,
                "points": tuple(
                    LabelPoint(label=row.label, count=row.count, rate=known(row.detection_rate))
                    for row in said.labels
                ),
            }
        )
        if report.state != "running":  # judged again: the gate has decided long ago
            return stored, headline(stored, said, ())
        await lease.report(Progress(percent=99, stage="comparing"))
        return stored, headline(stored, said, await self._yardsticks.of(stored, lease))

    def _options(
        self,
        report: StoredReport,
        version: TaskVersion,
        before: Sequence[StoredReport],
        traits: ImageTraits,
    ) -> ReportOptions:
        dataset = version.dataset
        history: dict[str, list[tuple[int, float]]] = {}
        for earlier in before:
            for point in earlier.points:
                if point.rate is not None:
                    history.setdefault(point.label, []).append((point.count, point.rate))
        return ReportOptions(
            identity=Identity(
                version=report.name,
                project_id=report.project_id,
                training_id=report.training_id,
                dataset_hash=dataset.dataset_hash,
                task=dataset.task,
                revision=report.revision,
                image_names=tuple(dataset.images[name].name for name in version.image_ids),
            ),
            dataset_images=len(dataset.images),
            annotation_counts=dataset.annotation_counts,
            pretrained=report.pretrained,
            history=history,
            elapsed_ms=version.elapsed_ms,
            image_traits=traits,
            corrected=frozenset(name for name, image in dataset.images.items() if image.corrected),
            replicates=self._settings.replicates,
        )

    async def _passed(self, earlier: StoredReport) -> dict[str, bool]:
        """Which corrected images a version got right; they may be more than a document holds."""
        data = await self._blobs.read(earlier.document_key)
        said = await asyncio.to_thread(from_json, data)
        return said.regressions.passes

    async def _waits_for_earlier(self, report: StoredReport) -> bool:
        """Tell whether an earlier version, whose report this one looks back on, is still judged."""
        scope = TenantScope(report.tenant)
        where: Where = {
            "project_id": report.project_id,
            "state": "running",
            "number": Range(lt=report.number),
        }
        jobs = self._documents.collection(JOBS, scope)
        async for earlier in self._documents.collection(REPORTS, scope).walk(Query(where=where)):
            job = await jobs.find(earlier.job_id)
            if job is not None and job.state not in FINAL:
                return True
        return False

    async def _earlier(self, report: StoredReport) -> list[StoredReport]:
        """Reports on earlier versions, oldest first."""
        found = await self._reports(report.tenant).query(
            Query(
                where={
                    "project_id": report.project_id,
                    "state": "completed",
                    "number": Range(lt=report.number),
                },
                sort=Sort("number", -1),
                limit=HISTORY,
            )
        )
        return list(reversed(found))

    async def _put(self, report: StoredReport, data: bytes) -> str:
        return await put_by_hash(
            self._blobs, data, tenant=report.tenant, project_id=report.project_id
        )

    def _reports(self, tenant: str) -> Collection[StoredReport]:
        return self._documents.collection(REPORTS, TenantScope(tenant))


def _is_of(job: Job, report: StoredReport) -> bool:
    """Whether the report waits for this job, and no attempt at it has ended yet."""
    return report.job_id == job.id and report.judged_by != job.id


def headline(
    report: StoredReport, said: AnyReport, comparisons: tuple[VersionComparison, ...] = ()
) -> ReportCompleted:
    """Say in an event what the report found."""
    overall = said.overall
    detector = overall if isinstance(overall, DetectionOverall) else None
    return ReportCompleted(
        project_id=report.project_id,
        training_id=report.training_id,
        version=report.name,
        average_detection_rate=known(overall.average_detection_rate),
        map_50=detector and known(detector.map_50),
        map_50_95=detector and known(detector.map),
        precision=known(overall.precision),
        recall=known(overall.recall),
        f1=known(overall.f1),
        best_threshold=said.threshold if said.question else None,
        images=said.images,
        comparisons=comparisons,
    )
