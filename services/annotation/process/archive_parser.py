"""Reading archives in guarded children, so that a hostile one costs nobody else anything."""

from collections.abc import Sequence
from pathlib import Path

from services.annotation.errors import ArchiveRefused
from services.annotation.process.parser_messages import (
    ParsedArchive,
    ParsedEntry,
    ParsedSplit,
    ParseEnd,
    ParseJob,
)
from services.annotation.settings import AnnotationSettings
from shared.contracts.shapes import Task
from shared.guarded.limits import Limits
from shared.guarded.pool import GuardedPool, TooCostly
from shared.images.directory import ImageView

_MODULE = "services.annotation.process.parser_child"
_WRITTEN_BYTES = 64 << 20  # compiled kernels may be cached
_LINE_BYTES = 64 << 20  # one image with all its points
_REPORT_BYTES = 512 << 20


class ArchiveParser:
    """Starts a guarded parser for each archive, a few at a time."""

    def __init__(self, settings: AnnotationSettings) -> None:
        limits = Limits(
            settings.parser_memory_mib << 20,
            cpu_s=int(settings.parser_wall_s),
            wall_s=settings.parser_wall_s,
            written_bytes=_WRITTEN_BYTES,
            line_bytes=_LINE_BYTES,
            answer_bytes=_REPORT_BYTES,
        )
        self._pool = GuardedPool(_MODULE, workers=settings.parsers, limits=limits, keep=False)

    async def parse(self, archive: Path, task: Task, images: Sequence[ImageView]) -> ParsedArchive:
        """Read the archive at `archive` against `images`.

        Raises:
            ArchiveRefused: It is no zip, dangerous, or too costly to read.
        """
        rows = tuple((v.id, v.name, v.width, v.height, v.orientation) for v in images)
        job = ParseJob(archive=str(archive), task=task, images=rows)
        try:
            *lines, last = await self._pool.ask(job.model_dump())
        except TooCostly as error:
            raise ArchiveRefused(f"reading the archive takes {error}") from error
        if refused := ParseEnd.model_validate(last).refused:
            raise ArchiveRefused(refused)
        return ParsedArchive(
            entries=tuple(
                ParsedEntry.model_validate(line) for line in lines if line["kind"] == "entry"
            ),
            splits=tuple(
                ParsedSplit.model_validate(line) for line in lines if line["kind"] == "split"
            ),
        )
