"""Whether a job is held, and whether a worker may begin with it."""

from datetime import timedelta

from shared.clock import Clock
from shared.holder import is_dead
from shared.jobs.job import FINAL, Job
from shared.ticks import age_of

LONGEST_PAUSE_S = 30.0
_LONGEST_PAUSE = timedelta(seconds=LONGEST_PAUSE_S)
_SKEW = timedelta(seconds=60)  # of the clocks of two machines


def is_free(job: Job, clock: Clock) -> bool:
    """Tell whether a worker may begin with this job."""
    now = clock()
    over = job.state in FINAL or job.cancel_requested or job.attempt >= job.max_attempts
    waits = (
        job.state == "queued"
        and job.not_before is not None
        and now < job.not_before <= now + _LONGEST_PAUSE + _SKEW
    )
    return not over and not waits and not is_held(job, clock)


def is_held(job: Job, clock: Clock) -> bool:
    """Tell whether a worker holds this job that is not known to be dead."""
    if job.state != "running" or job.lease_until is None or job.heartbeat_at is None:
        return False
    silent = age_of(job.heartbeat_at, job.beat, clock=clock)
    leased = -_SKEW <= silent < job.lease_until - job.heartbeat_at
    return leased and not is_dead(job.worker)
