"""Reading archives in a process of their own, so that a hostile one costs nobody else anything."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from services.annotation.errors import ArchiveRefused
from services.annotation.process.parser_messages import (
    ParsedArchive,
    ParsedEntry,
    ParsedSplit,
    ParseJob,
)
from services.annotation.repository import ImageView
from services.annotation.settings import AnnotationSettings
from shared.contracts.shapes import Task
from shared.telemetry import logger

_ROOT = Path(__file__).resolve().parents[3]
_LINE_BYTES = 64 << 20  # one image with all its points
_REPORT_BYTES = 512 << 20

log = logger(__name__)


class ArchiveParser:
    """Starts a guarded parser for each archive, a few at a time."""

    def __init__(self, settings: AnnotationSettings) -> None:
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.parsers)

    async def parse(self, archive: Path, task: Task, images: Sequence[ImageView]) -> ParsedArchive:
        """Read the archive at `archive` against `images`.

        Raises:
            ArchiveRefused: It is no zip, dangerous, or too costly to read.
        """
        rows = tuple((view.id, view.name, view.width, view.height) for view in images)
        job = ParseJob(archive=str(archive), task=task, images=rows)
        async with self._slots:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services.annotation.process.parse_archive",
                str(self._settings.parser_memory_mib << 20),
                str(int(self._settings.parser_wall_s)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=_ROOT,
                limit=_LINE_BYTES,
            )
            try:
                return await asyncio.wait_for(_converse(process, job), self._settings.parser_wall_s)
            except TimeoutError:
                raise ArchiveRefused("reading the archive takes too long") from None
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()


async def _converse(process: asyncio.subprocess.Process, job: ParseJob) -> ParsedArchive:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the parser was started without pipes")
    process.stdin.write(job.model_dump_json().encode())
    process.stdin.close()
    entries: list[ParsedEntry] = []
    splits: list[ParsedSplit] = []
    size = 0
    while line := await _line(process.stdout):
        size += len(line)
        if size > _REPORT_BYTES:
            raise ArchiveRefused("the archive holds more annotations than one import may")
        message = orjson.loads(line)
        if message["kind"] == "end":
            if message["refused"]:
                raise ArchiveRefused(message["refused"])
            return ParsedArchive(entries=tuple(entries), splits=tuple(splits))
        if message["kind"] == "entry":
            entries.append(ParsedEntry.model_validate(message))
        else:
            splits.append(ParsedSplit.model_validate(message))
    log.warning("import.parser_died", archive=job.archive)
    raise ArchiveRefused("the archive takes too much time or memory to read")


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        raise ArchiveRefused("one image holds more annotation than one import may") from None
