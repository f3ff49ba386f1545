"""Sets the platform's clock as somebody sets the date: the machine's ticks go on as they were."""

from datetime import datetime, timedelta, tzinfo

import pytest


def set_clock(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    """Make every :func:`shared.clock.utc_now` tell what is ``ahead`` of the right time."""

    class Turned(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    monkeypatch.setattr("shared.clock.datetime", Turned)
