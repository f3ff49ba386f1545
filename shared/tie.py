"""Becomes the command given in the arguments, in a process that dies with its parent.

The parent-death signal must be set in the child between fork and exec. Doing that in a
``preexec_fn`` is unsafe in a process with threads, hence this small program in between::

    python -I -S tie.py PARENT_PID COMMAND ARGUMENTS…
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def tied(command: Sequence[str]) -> tuple[str, ...]:
    """Return the command that runs ``command``, an absolute path first, tied to this process."""
    return (sys.executable, "-I", "-S", os.path.abspath(__file__), str(os.getpid()), *command)


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, then execute the rest."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(arguments[0]):
        sys.exit("the parent is gone already")
    os.execv(arguments[1], arguments[1:])  # noqa: S606  # the point of this program


if __name__ == "__main__":
    main(sys.argv[1:])
