"""Who holds a lease, named so that a process of the same machine can tell when it is dead.

A lease says after a minute that its holder fell silent. Of a holder on this machine the kernel can
say at once that it is dead. Whatever cannot be proven (another machine or container, a name of
somebody's own choice) waits for the end of the lease.
"""

import os
import socket
from pathlib import Path

_PROC = Path("/proc")
_DEAD_STATES = ("Z", "X")
_START_FIELD = 19  # of /proc/PID/stat after the command's name: clock ticks since boot, proc(5)


def holder_name() -> str:
    """Return this process's name: host, boot, process namespace, process id, time of its start."""
    machine, state = _machine(), _process(os.getpid())
    if machine is None or state is None:
        return f"{socket.gethostname()}-{os.getpid()}"
    return "/".join((socket.gethostname(), *machine, str(os.getpid()), state[1]))


def is_dead(holder: str) -> bool:
    """Whether the process that gave itself this name certainly ended; anything unsure is False."""
    match holder.split("/"):
        case [_, boot, namespace, pid, started] if (boot, namespace) == _machine():
            if not _exists(int(pid)):
                return True
            state = _process(int(pid))
            return state is not None and (state[0] in _DEAD_STATES or state[1] != started)
    return False


def lives(holder: str) -> bool:
    """Whether the process that gave itself this name certainly lives; anything unsure is False."""
    match holder.split("/"):
        case [_, boot, namespace, _, _] if (boot, namespace) == _machine():
            return not is_dead(holder)
    return False


def _machine() -> tuple[str, str] | None:
    """Return what tells processes apart that have the same id: the boot and the namespace."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return boot, os.readlink(_PROC / "self/ns/pid").removeprefix("pid:")
    except OSError:
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # unlike /proc it tells of the processes of other users, too
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _process(pid: int) -> tuple[str, str] | None:
    """Return a process's state and start, or None where that cannot be read."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[_START_FIELD]
