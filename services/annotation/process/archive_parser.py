"""Reading archives in guarded children, so that a hostile one costs nobody else anything."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from services.annotation.errors import ArchiveRefused
from services.annotation.process import doubles
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


Heard = Callable[[int, int], None]
"""Is told how many files have been read, of how many."""


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

    async def parse(
        self,
        archive: Path,
        task: Task,
        images: Sequence[ImageView],
        *,
        heard: Heard | None = None,
    ) -> ParsedArchive:
        """Read the archive at `archive` against `images`; `heard` is told how far it is.

        Raises:
            ArchiveRefused: It is no zip, dangerous, or too costly to read.
        """
        rows = tuple((v.id, v.name, v.width, v.height, v.orientation) for v in images)
        job = ParseJob(archive=str(archive), task=task, images=rows)
        try:
            *lines, last = await self._pool.ask(
                job.model_dump(), heard=None if heard is None else _Count(heard).take
            )
        except TooCostly as error:
            raise ArchiveRefused(f"reading the archive takes {error}") from error
        if refused := ParseEnd.model_validate(last).refused:
            raise ArchiveRefused(refused)
        return await asyncio.to_thread(_report_of, lines)  # seconds for a large archive


def _report_of(lines: Sequence[Any]) -> ParsedArchive:
    return doubles.settled(
        [ParsedEntry.model_validate(line) for line in lines if line["kind"] == "entry"],
        [ParsedSplit.model_validate(line) for line in lines if line["kind"] == "split"],
    )


class _Count:
    """Counts the files that an answer tells of."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._files = 0
        self._read = 0
        self._last = ""

    def take(self, line: Any) -> None:  # noqa: ANN401  JSON
        """Count one line; a file that describes many images has one for each."""
        if line["kind"] == "start":
            self._files, self._read, self._last = line["files"], 0, ""
        elif line["kind"] == "entry" and line["file"] != self._last:
            self._last = line["file"]
            self._read = min(self._read + 1, self._files)
        else:
            return
        self._heard(self._read, self._files)
