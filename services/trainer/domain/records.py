"""What a training record shows (C-085 to C-090, O4)."""

from datetime import datetime


def whole_minutes(started_at: datetime | None, ended_at: datetime | None) -> int | None:
    """Duration in minutes, rounded down (O4); None unless both times are known.

    >>> whole_minutes(datetime(2024, 1, 1, 14, 19, 33), datetime(2024, 1, 1, 14, 27, 4))
    7
    """
    if started_at is None or ended_at is None:
        return None
    return int((ended_at - started_at).total_seconds() // 60)
