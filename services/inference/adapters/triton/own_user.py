"""A user of its own for the model server where root starts it.

A model is code: whoever gets one loaded runs as the server does. So the server is nobody else, and
reaches nothing but what it serves.
"""

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shared.telemetry import logger

_FIRST_UID = 64_101  # above people and services, below what systemd gives away from 61,184 … 65,519
_LAST_UID = 64_164

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class User:
    """By whom the server runs; its group has the same number."""

    uid: int
    gid: int

    def give(self, folder: Path) -> None:
        """Make ``folder`` this user's own, closed to everybody else but root."""
        if os.geteuid() == 0:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def show(self, folder: Path) -> None:
        """Let the server read ``folder`` and what will be made in it, and write nothing."""
        if os.geteuid() == 0:
            os.chown(folder, -1, self.gid)
        folder.chmod(0o2750)

    def let_through(self, folder: Path) -> None:
        """Let the server pass through ``folder`` without seeing what else is there."""
        mode = stat.S_IMODE(folder.stat().st_mode)
        if self.uid != os.geteuid() == 0 and not mode & stat.S_IXOTH:
            os.chown(folder, -1, self.gid)
            folder.chmod(mode | stat.S_IXGRP)


def user_for(needed: Iterable[Path], *, data: Path) -> User:
    """Return the user that the server is to be: one without a name where root asks, else we.

    Args:
        needed: What the server must read; where others may not, it stays root, and the log says
            why.
        data: The platform's folder, in which it will be let through; what is above must be open.
    """
    ours = User(os.geteuid(), os.getegid())
    if ours.uid != 0:
        return ours
    closed = next((path for path in needed if not open_to_others(path)), None)
    if closed is None and not _way_is_open(data):
        closed = data.parent
    if closed is not None:
        log.warning("triton runs as root", because=f"other users cannot read {closed}")
        return ours
    uid = next((uid for uid in range(_FIRST_UID, _LAST_UID) if not _is_known(uid)), 0)
    return User(uid, uid)


def _is_known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def open_to_others(path: Path) -> bool:
    """Whether every user of the machine may read ``path`` and pass through all that is above."""
    return _way_is_open(path) and bool(path.stat().st_mode & stat.S_IROTH)


def _way_is_open(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
