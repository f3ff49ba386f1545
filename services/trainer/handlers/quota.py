"""What a tenant may train: how many trainings run or wait, and for how many minutes in a day."""

import math
from dataclasses import dataclass
from datetime import timedelta

from services.trainer.domain.training_time import DAY, Span, trained, wait
from services.trainer.errors import LineFull, TrainingTimeUsed
from services.trainer.repository import LINES, SERVICE, TRAINING_JOB, TrainingQuotaName
from shared.clock import Clock, format_time, utc_now
from shared.documents.port import Documents, In, Not, Query, Range, TenantScope, Where
from shared.errors import QuotaExceeded
from shared.jobs.job import Job, job_spec
from shared.quotas import Limits, Used

RETRY_S = 60
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which quota is used up, and what whoever asks is told."""

    quota: TrainingQuotaName
    error: QuotaExceeded


class TrainingQuota:
    """Looks what a tenant trains, over its lines and jobs.

    Lines and jobs of a deleted project count no more. Of requests at the same moment one may pass
    that the other one leaves no room for.
    """

    def __init__(self, documents: Documents, limits: Limits, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._limits = limits
        self._clock = clock

    async def admit(self, tenant: str) -> None:
        """Refuse a further training of a tenant that has no room for it.

        Raises:
            LineFull: As many run or wait as may.
            TrainingTimeUsed: The minutes of the last 24 hours are used up.
        """
        if (refusal := await self.refusal(tenant)) is not None:
            raise refusal.error

    async def refusal(self, tenant: str) -> Refusal | None:
        """Return why a further training is refused; None where it is not."""
        quotas = await self._limits.of(tenant)
        most, minutes = quotas.trainings_in_line, quotas.training_minutes_per_day
        if most is not None and (there := await self._in_line(tenant)) >= most:
            full = f"{there} trainings of this tenant run or wait, of at most {most}"
            return Refusal("trainings_in_line", LineFull(full, retry_after_s=RETRY_S))
        if minutes is None:
            return None
        now, spans = self._clock(), await self._spans(tenant)
        if (pause := wait(spans, minutes * _MINUTE, now)) == timedelta(0):
            return None
        used = _minutes(trained(spans, now))
        gone = f"this tenant trained {used} of at most {minutes} minutes in 24 hours"
        wait_s = math.ceil(pause.total_seconds()) + 1
        return Refusal("training_minutes_per_day", TrainingTimeUsed(gone, retry_after_s=wait_s))

    async def told(self, tenant: str) -> tuple[Used, ...]:
        """Return each quota of a tenant, and how much of it is used."""
        quotas = await self._limits.of(tenant)
        most, minutes = quotas.trainings_in_line, quotas.training_minutes_per_day
        used = _minutes(trained(await self._spans(tenant), self._clock()))
        there = await self._in_line(tenant)
        return (
            Used("trainings_in_line", there, most, most is not None),
            Used("training_minutes_per_day", used, minutes, minutes is not None),
        )

    async def _in_line(self, tenant: str) -> int:
        lines = self._documents.collection(LINES, TenantScope(tenant))
        places = ("running.training_id", "waiting.training_id")
        return sum([await lines.count({place: Not(None)}) for place in places])

    async def _spans(self, tenant: str) -> list[Span]:
        """Return when trainings ran that may have in the last 24 hours."""
        jobs = self._documents.collection(job_spec(SERVICE), TenantScope(tenant))
        since = format_time(self._clock() - DAY)
        begun: Where = {"kind": TRAINING_JOB, "state": In(("running", "queued"))}
        ended: Where = {"kind": TRAINING_JOB, "finished_at": Range(gte=since)}
        ran = [job for where in (begun, ended) async for job in jobs.walk(Query(where))]
        spans = {job.id: self._span(job) for job in ran}  # one may end between the two reads
        return [span for span in spans.values() if span is not None]

    def _span(self, job: Job) -> Span | None:
        """Return when a job ran, as if all that nobody worked on it had been before."""
        if job.started_at is None:
            return None
        given_back = job.heartbeat_at if job.state == "queued" else None
        idle = timedelta(seconds=job.idle_s)
        return Span(job.started_at + idle, job.finished_at or given_back or self._clock())


def _minutes(time: timedelta) -> int:
    return time // _MINUTE
