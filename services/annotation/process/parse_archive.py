"""`python -m …process.parse_archive BYTES SECONDS`: reads one label archive, guarded.

One JSON job comes on standard input, one JSON line an entry goes out. Memory, CPU time and what it
may write are bounded by the kernel: a hostile archive costs this process at most.
"""

import os
import resource
import sys
from pathlib import Path

from pydantic import BaseModel

_WRITTEN_BYTES = 64 << 20  # compiled kernels may be cached


def main() -> None:
    """Read the job, walk the archive, write its report."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    from services.annotation.domain.formats.archive import LabelArchive
    from services.annotation.domain.formats.model import (
        FormatError,
        KnownImage,
        KnownImages,
        stem_of,
    )
    from services.annotation.domain.formats.reading import ArchiveReader
    from services.annotation.domain.shape_rules import with_ids
    from services.annotation.domain.task_shapes import adapt
    from services.annotation.process.parser_messages import (
        ParsedEntry,
        ParsedSplit,
        ParseEnd,
        ParseJob,
    )

    job = ParseJob.model_validate_json(sys.stdin.buffer.read())
    _guard(int(sys.argv[1]), int(sys.argv[2]))
    refused = ""
    try:
        with Path(job.archive).open("rb") as source:
            known = KnownImages(KnownImage(*row) for row in job.images)
            archive = LabelArchive(source, is_known=lambda name: known.has_stem(stem_of(name)))
            reader = ArchiveReader(archive, known)
            for entry in reader.entries():
                adapted = adapt(entry, job.task)
                shapes = adapted.labels.shapes if adapted.labels else ()
                named = with_ids(shapes, adapted.image.image_id) if adapted.image else ()
                _say(ParsedEntry.of(adapted, named))
            for found in reader.splits():
                _say(ParsedSplit.of(found))
    except FormatError as error:
        refused = str(error)
    except MemoryError:
        refused = "reading the archive takes too much memory"
    _say(ParseEnd(refused=refused))


def _guard(memory_bytes: int, cpu_s: int) -> None:
    reserved = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    memory = reserved + memory_bytes  # what the libraries have reserved is not used yet
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_WRITTEN_BYTES, _WRITTEN_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(line: BaseModel) -> None:
    sys.stdout.write(line.model_dump_json() + "\n")


if __name__ == "__main__":
    main()
