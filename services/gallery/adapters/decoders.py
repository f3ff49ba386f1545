"""Guarded decoders of the gallery: staged files in, thumbnails and upright content out."""

from dataclasses import dataclass
from pathlib import Path

from services.gallery.domain.refusals import ImageDecodeTooCostly, refusal_of
from shared.guarded.budget import MemoryBudget
from shared.guarded.limits import Limits
from shared.guarded.pool import GuardedPool, TooCostly

_MODULE = "services.gallery.process.decode_worker"


@dataclass(frozen=True, slots=True)
class DecodedFiles:
    """What a decoder wrote: thumbnails in one file, and upright content where it differs.

    `spans` has the offset and length in bytes of each thumbnail, by longest side.
    """

    thumbnails: Path
    spans: dict[int, tuple[int, int]]
    content: Path | None
    content_type: str
    looks: str
    warnings: tuple[str, ...] = ()


class Decoders:
    """Decodes staged files in guarded children.

    `memory_bytes` bounds what all may take by prediction, `worker_bytes` what one may take at all.
    """

    def __init__(self, *, workers: int, memory_bytes: int, worker_bytes: int = 1536 << 20) -> None:
        self._budget = MemoryBudget(memory_bytes)
        self.pool = GuardedPool(_MODULE, workers=workers, limits=Limits(worker_bytes))

    async def decode(self, path: Path, folder: Path, *, predicted_bytes: int) -> DecodedFiles:
        """Decode the file at `path` fully; what comes of it stands in `folder`.

        Raises:
            LoupeError: the file is damaged or too costly; one of the gallery's refusals.
        """
        async with self._budget.take(predicted_bytes):
            try:
                (reply,) = await self.pool.ask({"path": str(path), "folder": str(folder)})
            except TooCostly as error:
                raise ImageDecodeTooCostly(f"decoding the image takes {error}") from error
        if "reason" in reply:
            raise refusal_of(reply["reason"], reply["detail"])
        spans = {int(size): (start, length) for size, (start, length) in reply["spans"].items()}
        content = Path(reply["content"]) if reply["content"] else None
        return DecodedFiles(
            Path(reply["thumbnails"]),
            spans,
            content=content,
            content_type=reply["content_type"],
            looks=reply["looks"],
            warnings=tuple(reply["warnings"]),
        )
