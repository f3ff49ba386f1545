"""Becomes the command given in the arguments, in a process that dies with its parent.

The parent-death signal must be set in the child between fork and exec. Doing that in a
``preexec_fn`` is unsafe in a process with threads, hence this small program in between::

    python -I -S launcher.py PARENT_PID COMMAND ARGUMENTS…
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to ``arguments[0]`` (the parent's id), then execute the rest."""
    parent = int(arguments[0])
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit("the parent is gone already")
    os.execv(arguments[1], arguments[1:])  # noqa: S606  # the point of this program


if __name__ == "__main__":
    main(sys.argv[1:])
