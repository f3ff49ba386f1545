"""Files on their way: every process has a folder of its own, which does not outlive it."""

import contextlib
import shutil
import time
from pathlib import Path

from shared.holder import holder_name, is_dead

_SLASH = "+"  # no host's name has it
_FORGOTTEN_S = 86_400.0


def own_folder(root: Path) -> Path:
    """Return this process's folder below ``root``; whoever writes to it makes it.

    What dead processes left there is removed. Whose death cannot be proven (those of another
    machine or container) have until a day after their last file.
    """
    for entry in root.glob("*"):
        if is_dead(entry.name.replace(_SLASH, "/")) or _is_forgotten(entry):
            shutil.rmtree(entry, ignore_errors=True)
            with contextlib.suppress(OSError):
                entry.unlink()
    return root / holder_name().replace("/", _SLASH)


def _is_forgotten(entry: Path) -> bool:
    try:
        return time.time() - entry.stat().st_mtime > _FORGOTTEN_S
    except OSError:  # gone meanwhile
        return False
