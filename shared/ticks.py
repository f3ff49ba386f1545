"""How long ago something was, whatever became of the clock meanwhile.

A clock is set: by a time service after a start with an empty battery, or by hand. What must not end
too early, or never, for that notes the machine's ticks beside its time. Ticks count since the boot,
with sleep, and nobody sets them; all processes and containers of a machine share them. Between two
boots or machines there is the clock alone.
"""

import time
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shared.clock import Clock, utc_now

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Ticks(BaseModel):
    """A moment of one boot of one machine: ``s`` seconds after its begin (CLOCK_BOOTTIME)."""

    model_config = ConfigDict(frozen=True)

    boot: str
    s: float


def ticks_beside(clock: Clock) -> Ticks | None:
    """Return the moment by the machine's ticks; None where it tells none, or a test turns time."""
    if clock is not utc_now:
        return None
    try:
        return Ticks(boot=_BOOT.read_text().strip(), s=time.clock_gettime(time.CLOCK_BOOTTIME))
    except (OSError, AttributeError):  # not Linux
        return None


def age_of(at: datetime, ticks: Ticks | None, *, clock: Clock) -> timedelta:
    """Return how long ago a moment was that was noted as ``at`` and ``ticks``.

    Within a boot the ticks alone tell it. Else it is the clock's, and negative where ``at`` lies
    ahead.
    """
    now = ticks_beside(clock)
    if now is not None and ticks is not None and now.boot == ticks.boot and now.s >= ticks.s:
        return timedelta(seconds=now.s - ticks.s)
    return clock() - at
