"""What runs in a guarded child: jobs from standard input, one a line, and their answers.

Memory, CPU time and the size of what it writes are bounded by the kernel, so that a hostile file
costs this process at most. A job and each line of its answer is JSON.
"""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from shared.guarded.limits import DONE, LOST, READY, REPLY

Job = Any  # what the service's own code sent
Work = Callable[[Job], Iterator[Any]]
"""Yields the lines of a job's answer; a MemoryError ends it as one that takes too much."""


def serve(load: Callable[[], Work]) -> None:
    """Answer jobs until standard input ends; ``load`` imports what the work needs.

    The limits of :class:`shared.guarded.limits.Limits` come as arguments, and count from here on.
    """
    memory_bytes, cpu_s, written_bytes = (int(word) for word in sys.argv[1:4])
    answers = _own_output()
    work = load()
    _guard(memory_bytes, written_bytes)
    _say(answers, READY)
    for line in sys.stdin.buffer:
        _allow_cpu(cpu_s)
        end = b""
        try:
            for answer in work(orjson.loads(line)):
                _say(answers, REPLY, orjson.dumps(answer))
        except MemoryError:
            end = LOST
        _say(answers, DONE, end)


def _own_output() -> IO[bytes]:
    """Keep standard output for answers alone: what libraries print there goes to the log."""
    own = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(own, "wb")


def _guard(memory_bytes: int, written_bytes: int) -> None:
    reserved = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    memory = reserved + memory_bytes  # what the libraries have reserved is not used yet
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written_bytes, written_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_cpu(cpu_s: int) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + cpu_s, hard))


def _say(answers: IO[bytes], kind: bytes, text: bytes = b"") -> None:
    answers.write(kind + text + b"\n")
    answers.flush()
