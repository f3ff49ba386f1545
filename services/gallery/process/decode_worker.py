"""`python -m services.gallery.process.decode_worker BYTES`: a guarded process that decodes files.

It reads one JSON line a job (`path`, `folder`) and answers with one. Memory, CPU time and the size
of what it writes are bounded by the kernel, so that a hostile file costs this process at most.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

_MIB = 1 << 20
JOB_CPU_S = 60
WRITTEN_BYTES = 1024 * _MIB
_CORRUPT = {"reason": "corrupt", "detail": "the image file cannot be decoded"}
_FULL = {"reason": "no-space", "detail": "the disk for uploads is full"}


def main() -> None:
    """Serve jobs from standard input until it ends."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "VIPS_CONCURRENCY"):
        os.environ[name] = "1"
    import cv2
    import pyvips

    from services.gallery.process.decoding import decode
    from shared.disk import NO_SPACE
    from shared.vision.headers.header import HeaderError

    cv2.setNumThreads(0)
    pyvips.cache_set_max(0)  # no file comes twice; what is kept would count against the next one
    _guard(int(sys.argv[1]))
    _answer({"ready": os.getpid()})
    for line in sys.stdin:
        job = json.loads(line)
        _limit_cpu()
        try:
            done = decode(Path(job["path"]), Path(job["folder"]))
            _answer(
                {
                    "thumbnails": str(done.thumbnails),
                    "spans": {str(size): span for size, span in done.spans.items()},
                    "content": str(done.content) if done.content else None,
                    "content_type": done.content_type,
                }
            )
        except HeaderError as error:
            _answer({"reason": error.reason, "detail": error.detail})
        except MemoryError:
            _answer({"reason": "too-costly", "detail": "decoding takes too much memory"})
        except Exception as error:  # any library's own error on a hostile file
            full = getattr(error, "errno", None) in NO_SPACE or "No space left" in str(error)
            _answer(_FULL if full else _CORRUPT)
            print(repr(error), file=sys.stderr)  # noqa: T201 - a worker's log is its stderr


def _guard(memory_bytes: int) -> None:
    reserved = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    memory = reserved + memory_bytes  # what the libraries have reserved is not used yet
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN_BYTES, WRITTEN_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_cpu() -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + JOB_CPU_S, hard))


def _answer(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
