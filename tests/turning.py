"""Sets clocks: the platform's as somebody sets the date, or one that only a test goes by."""

from datetime import UTC, datetime, timedelta, tzinfo

import pytest


def set_clock(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    """Make every :func:`shared.clock.utc_now` tell what is ``ahead`` of the right time."""

    class Turned(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    monkeypatch.setattr("shared.clock.datetime", Turned)


class Time:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
