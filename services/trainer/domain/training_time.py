"""How much a tenant trained in the last 24 hours, and when there is time for more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a training ran; one that runs still ends now."""

    begin: datetime
    end: datetime


def trained(spans: Sequence[Span], now: datetime) -> timedelta:
    """Return how long trainings ran in the 24 hours before ``now``, side by side counted each.

    >>> at = datetime(2026, 1, 2)
    >>> trained([Span(at - timedelta(hours=25), at - timedelta(hours=23))], at)
    datetime.timedelta(seconds=3600)
    """
    return sum((_length(span, now) for span in spans), timedelta(0))


def wait(spans: Sequence[Span], allowed: timedelta, now: datetime) -> timedelta:
    """Return how long until ``allowed`` is not used up any more, where nothing else is trained.

    Nothing where it is not used up now; a day where nothing is allowed. Of trainings that ran side
    by side the later part may still count then.

    >>> at = datetime(2026, 1, 2)
    >>> spans = [Span(at - timedelta(hours=20), at - timedelta(hours=18))]
    >>> wait(spans, timedelta(hours=1), at)
    datetime.timedelta(seconds=18000)
    """
    excess = trained(spans, now) - allowed
    if excess < timedelta(0):
        return timedelta(0)
    for span in sorted(spans, key=lambda one: one.begin):
        length = _length(span, now)
        if length > excess:
            return max(span.begin, now - DAY) + excess + DAY - now
        excess -= length
    return DAY


def _length(span: Span, now: datetime) -> timedelta:
    within = min(span.end, now) - max(span.begin, now - DAY)
    return max(within, timedelta(0))
