"""Use cases of judging: a version is ordered to be judged, watched, and given up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.evaluator.repository import REPORTS, JudgementOrder, StoredReport, refusal
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.envelope import Event, EventBody
from shared.contracts.training_events import TrainingSucceeded
from shared.contracts.version_names import version_number
from shared.documents.hearing import until
from shared.documents.port import Collection, Documents, TenantScope
from shared.errors import Conflict, NotFound
from shared.ids import derived_id
from shared.jobs.job import FINAL, Job, Progress
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectDirectory

JUDGE = "judge"
WAIT_S = 25.0  # a request may last 30 s
ENDED = ("completed", "failed", "cancelled")
JudgementState = Literal["queued", "running", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How far the judgement on a version is; ``report`` may be of an earlier one."""

    report: StoredReport
    state: JudgementState
    reason: str = ""
    progress: Progress = field(default_factory=Progress)


class Judgements:
    """Orders judgements; a worker does them."""

    def __init__(
        self,
        documents: Documents,
        queue: JobQueue,
        projects: ProjectDirectory,
        *,
        clock: Clock = utc_now,
        wait_s: float = WAIT_S,
    ) -> None:
        self._wait_s = wait_s
        self._documents = documents
        self._queue = queue
        self._projects = projects
        self._clock = clock

    async def order(self, event: Event[TrainingSucceeded]) -> None:
        """Have the version of a training judged, once."""
        data, tenant = event.data, event.tenant
        report = StoredReport(
            id=derived_id(tenant, "report", data.project_id, data.version),
            tenant=tenant,
            project_id=data.project_id,
            training_id=data.training_id,
            name=data.version,
            number=version_number(data.version) or 0,
            manifest_key=data.manifest_key,
            predictions_key=data.predictions_key,
            pretrained=data.pretrained,
            champion=data.champion or "",
            created_at=self._clock(),
            state="running",
        )
        report = report.model_copy(update={"job_id": _job_id(report, 1)})
        stored = await self._reports(tenant).ensure(report)
        if stored.judged_by != stored.job_id:
            await self._enqueue(stored)

    async def again(self, who: Caller, project_id: str, version: str) -> Judgement:
        """Have a version judged anew from the same files; one under way goes on."""
        report = await self.report_on(who, project_id, version)
        if await self._is_under_way(report):
            return await self._of(report)

        def edit(now: StoredReport) -> StoredReport | None:
            if now.job_id != report.job_id:
                return None
            number = now.judgements + 1
            ordered = {"judgements": number, "job_id": _job_id(now, number)}
            if now.state == "failed":
                ordered |= {"state": "running", "reason": ""}
            return now.model_copy(update=ordered)

        stored = await self._reports(who.tenant).change(report.id, edit)
        await self._enqueue(stored)
        return await self._of(stored)

    async def recomputed(self, who: Caller, project_id: str, version: str) -> None:
        """Have a version judged anew and wait for the outcome.

        Raises:
            Conflict: It cannot be judged, was given up, or takes longer than a request may last.
        """
        ordered = await self.again(who, project_id, version)

        async def ended() -> Judgement | None:
            now = await self.judgement(who, project_id, version)
            return now if now.state in ENDED else None

        outcome = await until(ended, wait_s=self._wait_s)
        if outcome is None:
            raise Conflict("the judgement takes longer; its state tells when the report is there")
        if outcome.report.judged_by != ordered.report.job_id:
            why = outcome.reason or "the judgement was cancelled"
            raise Conflict(f"the report cannot be computed: {why}")

    async def cancel(self, who: Caller, project_id: str, version: str) -> Judgement:
        """Give up the judgement under way; without one nothing changes."""
        report = await self.report_on(who, project_id, version)
        job = await self._queue.find(who.tenant, report.job_id)
        if job is not None and job.state not in FINAL:
            await self._queue.cancel(who.tenant, job.id, events=tell_of_end(job))
        return await self._of(report)

    async def judgement(self, who: Caller, project_id: str, version: str) -> Judgement:
        """Tell how far the judgement on a version is; raise NotFound for an unknown version."""
        return await self._of(await self.report_on(who, project_id, version))

    async def report_on(self, who: Caller, project_id: str, version: str) -> StoredReport:
        """Return what is known of a version, judged or not; raise NotFound."""
        await self._projects.require(who.tenant, project_id)
        report_id = derived_id(who.tenant, "report", project_id, version)
        report = await self._reports(who.tenant).find(report_id)
        if report is None:
            raise NotFound(f"no report on version {version}")
        return report

    async def _of(self, report: StoredReport) -> Judgement:
        job = await self._queue.find(report.tenant, report.job_id) if report.job_id else None
        if job is not None and job.state in FINAL and report.judged_by != job.id:
            report = await self._reports(report.tenant).get(report.id)  # it was written meanwhile
        if job is None or report.judged_by == report.job_id:
            state: JudgementState = "queued" if report.state == "running" else report.state
            return Judgement(report, state, report.reason)
        if job.state == "succeeded":
            return Judgement(report, "completed")
        return Judgement(report, job.state, job.error, job.progress)

    async def _is_under_way(self, report: StoredReport) -> bool:
        if not report.job_id or report.judged_by == report.job_id:
            return False
        job = await self._queue.find(report.tenant, report.job_id)
        if job is None:  # ordered, and the process died before it was queued
            job = await self._enqueue(report)
        return job.state not in FINAL

    async def _enqueue(self, report: StoredReport) -> Job:
        order = JudgementOrder(
            project_id=report.project_id,
            training_id=report.training_id,
            version=report.name,
            report_id=report.id,
            is_first=report.state == "running",
        )
        payload = order.model_dump(mode="json")
        return await self._queue.enqueue(report.tenant, JUDGE, report.job_id, payload=payload)

    def _reports(self, tenant: str) -> Collection[StoredReport]:
        return self._documents.collection(REPORTS, TenantScope(tenant))


def tell_of_end(job: Job) -> Sequence[EventBody]:
    """Say that the first judgement on a version ended without a report."""
    order = JudgementOrder.model_validate(job.payload)
    return (refusal(order, job.error or "its judgement was cancelled"),) if order.is_first else ()


def _job_id(report: StoredReport, number: int) -> str:
    return derived_id(report.tenant, "judgement", report.id, str(number))
