"""When corrections start a training: a pure rule over a few stored times and counts.

A training fires once enough corrections wait and nobody has corrected for a while (so that a burst
makes one training, not hundreds), or once the oldest waits too long. While a training waits for
its turn nothing more is ordered: its dataset is frozen when it starts and takes everything in.
A stored time that lies ahead comes from a clock that was wrong, and counts as long ago.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class RetrainingPolicy(BaseModel):
    """What a project wants.

    Attributes:
        enabled: Whether corrections start trainings at all.
        min_corrections: Corrected images that must wait before the quiet time counts.
        quiet_s: Seconds without a further correction before a training fires.
        max_wait_s: Seconds after which even a single correction fires one.
        count_annotations: Whether newly annotated images count like corrections.
        budget_s: Training time of the trainings that fire; None takes that of the project's recipe.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    min_corrections: Annotated[int, Field(ge=1, le=100_000)] = 20
    quiet_s: Annotated[float, Field(ge=0, le=86_400)] = 120.0
    max_wait_s: Annotated[float, Field(ge=0, le=30 * 86_400)] = 86_400.0
    count_annotations: bool = False
    budget_s: Annotated[float, Field(gt=0, le=7 * 86_400)] | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits to be learnt.

    Attributes:
        waiting: Images corrected since the last dataset was asked for.
        first_at: When the oldest of them was corrected.
        last_at: When the newest was.
    """

    waiting: int
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Fire now, look again at ``due_at``, or (None) wait for the next correction."""

    fire: bool
    due_at: datetime | None = None


IDLE = Decision(False)
LONGEST_PAUSE = timedelta(hours=6)
"""The longest that anything keeps a training of the policy back."""
_SKEW = timedelta(minutes=1)  # of the clocks of two machines


def decide(
    policy: RetrainingPolicy,
    backlog: Backlog,
    *,
    training_waits: bool,
    now: datetime,
    not_before: datetime | None = None,
) -> Decision:
    """What to do about the backlog at ``now``; nothing fires earlier than ``not_before``.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> policy = RetrainingPolicy(min_corrections=2, quiet_s=60, max_wait_s=3600)
    >>> decide(policy, Backlog(2, at, at), training_waits=False, now=at + timedelta(seconds=60))
    Decision(fire=True, due_at=None)
    >>> decide(policy, Backlog(1, at, at), training_waits=False, now=at).due_at - at
    datetime.timedelta(seconds=3600)
    """
    if not policy.enabled or training_waits or backlog.waiting == 0:
        return IDLE
    if backlog.first_at is None or backlog.last_at is None:
        return IDLE
    due_at = _after(backlog.first_at, policy.max_wait_s, now)
    if backlog.waiting >= policy.min_corrections:
        due_at = min(due_at, _after(backlog.last_at, policy.quiet_s, now))
    if not_before is not None and not_before - now <= LONGEST_PAUSE:
        due_at = max(due_at, not_before)
    return Decision(True) if now >= due_at else Decision(False, due_at)


def _after(at: datetime, seconds: float, now: datetime) -> datetime:
    return now if at > now + _SKEW else at + timedelta(seconds=seconds)
