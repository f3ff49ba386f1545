"""Whose turn it is among tenants whose jobs wait: a fair share of the workers for each.

Who holds the fewest workers comes first, and of those who hold as many the one whose turn begins
first by start-time fair queueing (Goyal, Vin, Cheng 1996) with jobs of length one: a turn begins
where the tenant's last one ended, yet never before the latest that began among those who wait. So
who comes back after a while owes nothing and is owed nothing. Who is neither goes by the oldest
job.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.jobs.job import Job


@dataclass(frozen=True)
class Line:
    """The jobs of one tenant: the first that may begin, and what its turn depends on.

    Attributes:
        job: The oldest that may begin.
        held: How many of its jobs workers hold.
        last: Where the tenant's latest turn began; None before its first.
    """

    job: Job
    held: int = 0
    last: float | None = None


@dataclass(frozen=True)
class Turn:
    """The job that is next, and where the turn begins that it takes."""

    job: Job
    begins: float


def next_turn(lines: Sequence[Line]) -> Turn | None:
    """Return whose turn it is; None without a line.

    >>> from datetime import UTC, datetime
    >>> def job(tenant): return Job(id="J", tenant=tenant, kind="k", created_at=datetime.now(UTC))
    >>> often, seldom = Line(job("often"), last=7.0), Line(job("seldom"), last=3.0)
    >>> turn = next_turn([often, seldom])
    >>> turn.job.tenant, turn.begins
    ('seldom', 7.0)
    """
    if not lines:
        return None
    now = _latest(line.last for line in lines)
    first = min(lines, key=lambda line: (line.held, _begins(line, now), line.job.created_at))
    return Turn(first.job, _begins(first, now))


def _latest(begins: Iterable[float | None]) -> float:
    return max((one for one in begins if one is not None), default=0.0)


def _begins(line: Line, now: float) -> float:
    return now if line.last is None else max(now, line.last + 1)
