"""Files on their way: every process has a folder of its own, which does not outlive it."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from shared.holder import holder_name, is_dead, lives

_SLASH = "+"  # no host's name has it
_FORGOTTEN_S = 86_400.0


def own_folder(root: Path) -> Path:
    """Return this process's folder below ``root``; whoever writes to it makes it.

    What dead processes left there is removed.
    """
    for entry in left_in(root):
        shutil.rmtree(entry, ignore_errors=True)
        with contextlib.suppress(OSError):
            entry.unlink()
    return root / holder_name().replace("/", _SLASH)


def left_in(root: Path) -> Iterator[Path]:
    """Yield what dead processes left below ``root``.

    Whose death cannot be proven (those of another machine or container) have until a day after
    their last file.
    """
    for entry in root.glob("*"):
        holder = entry.name.replace(_SLASH, "/")
        if is_dead(holder) or (not lives(holder) and _is_forgotten(entry)):
            yield entry


def _is_forgotten(entry: Path) -> bool:
    """Whether nothing below was written for a day; what is gone meanwhile needs no removal."""
    try:
        latest = max(path.stat().st_mtime for path in (entry, *entry.rglob("*")))
    except OSError:
        return False
    return time.time() - latest > _FORGOTTEN_S
