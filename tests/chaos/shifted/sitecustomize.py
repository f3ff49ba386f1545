"""Sets the clock of every Python process that has this folder in PYTHONPATH.

``LOUPE_CHAOS_AHEAD_S`` seconds are added wherever the platform and its tokens ask for the time; the
monotonic clock is the machine's, as where somebody sets the date.
"""

import datetime
import os
import time
from typing import Any

_AHEAD_S = float(os.environ.get("LOUPE_CHAOS_AHEAD_S", "0"))
_now_s = time.time


class _Ahead(datetime.datetime):
    """A datetime whose ``now`` is another one; what it makes are plain ones."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return datetime.datetime.fromtimestamp(_now_s() + _AHEAD_S, tz)


def _set() -> None:
    import jwt.api_jwt

    import shared.clock
    import shared.ids

    for module in (shared.clock, shared.ids, jwt.api_jwt):
        module.datetime = _Ahead  # type: ignore[attr-defined]
    time.time = lambda: _now_s() + _AHEAD_S


if _AHEAD_S:
    _set()
