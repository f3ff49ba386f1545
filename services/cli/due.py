"""What an embedded platform frees by itself: documents past their term, files of dead processes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.annotation import repository as annotation
from services.annotation.settings import AnnotationSettings
from services.gallery.settings import GallerySettings
from services.inference import repository as inference
from services.inference.settings import InferenceSettings
from services.tiling.settings import TilingSettings
from services.trainer.repository import RECEIPTS as TRAINER_RECEIPTS
from services.trainer.settings import TrainerSettings
from services.workspace.repository import RECEIPTS as WORKSPACE_RECEIPTS
from shared.blobs.embedded import STAGING
from shared.documents.port import Documents
from shared.documents.terms import Term, Terms, receipts_term
from shared.hosting.stores import BLOBS
from shared.settings import KeepSettings, Kept
from shared.staging import left_in

_TERMS: tuple[Term[Any], ...] = (
    *annotation.TERMS,
    *inference.TERMS,
    *map(
        receipts_term,
        (annotation.RECEIPTS, inference.RECEIPTS, TRAINER_RECEIPTS, WORKSPACE_RECEIPTS),
    ),
)
COLLECTIONS = tuple(term.spec for term in _TERMS)


@dataclass(frozen=True)
class Due:
    """Documents past their term by kind, of which some may be kept; files that the dead left."""

    documents: dict[Kept, int]
    files: int
    file_bytes: int


async def due(documents: Documents, data: Path) -> Due:
    """Look; nothing is changed. The collections must be open."""
    sizes = [path.stat().st_size for root in _staging(data) for path in _files_left(root)]
    past = await Terms(documents, _TERMS, KeepSettings()).due()
    return Due(past, len(sizes), sum(sizes))


def _staging(data: Path) -> Iterator[Path]:
    """Yield the folders in which each process has its own."""
    for settings in (AnnotationSettings, GallerySettings, InferenceSettings, TilingSettings):
        yield settings().staging_folder()
    yield TrainerSettings().staging_folder()
    yield data / BLOBS / STAGING


def _files_left(root: Path) -> Iterator[Path]:
    for entry in left_in(root):
        yield from (path for path in (entry, *entry.rglob("*")) if path.is_file())
