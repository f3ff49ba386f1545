"""Exporting annotations as a zip of another tool's files."""

import asyncio
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from services.annotation.domain.export_shapes import ExportFormat
from services.annotation.domain.exports import ExportedImage, ExportedProject, export_files
from services.annotation.domain.formats.model import KnownImage, KnownImages
from services.annotation.domain.samples import sample
from services.annotation.domain.snapshots import AnnotatedImage
from services.annotation.domain.splits import SplitCandidate, assign_splits
from services.annotation.errors import NothingToExport
from services.annotation.handlers.labels import Labels
from services.annotation.handlers.snapshots import Snapshots
from services.annotation.repository import known_image
from shared.images.directory import ImageDirectory

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same annotations give the same archive


class LabelExports:
    """Use cases of exports."""

    def __init__(
        self, snapshots: Snapshots, *, images: ImageDirectory, labels: Labels, staging: Path
    ) -> None:
        self._snapshots = snapshots
        self._images = images
        self._labels = labels
        self._staging = staging

    async def export(self, tenant: str, project_id: str, wanted: ExportFormat) -> Path:
        """Write the archive to a temporary file, which the caller removes.

        Raises:
            NothingToExport: No image is annotated.
        """
        images = await self._snapshots.annotated(tenant, project_id)
        if not images:
            raise NothingToExport("no image of this project is annotated")
        known = [known_image(view) async for view in self._images.walk(tenant, project_id)]
        labels = await self._labels.list_labels(tenant, project_id)
        project = ExportedProject(
            _exported(project_id, images),
            KnownImages(known),
            [label.name for label in labels],
        )
        return await asyncio.to_thread(self._write, wanted, project)

    async def sample(self, wanted: ExportFormat) -> Path:
        """Write the sample archive of a format to a temporary file, which the caller removes."""
        return await asyncio.to_thread(self._write, wanted, sample(wanted))

    def _write(self, wanted: ExportFormat, project: ExportedProject) -> Path:
        self._staging.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.NamedTemporaryFile(dir=self._staging, suffix=".zip", delete=False) as target,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name, data in export_files(wanted, project):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
        return Path(target.name)


def _exported(project_id: str, images: Sequence[AnnotatedImage]) -> list[ExportedImage]:
    splits = assign_splits([_candidate(image) for image in images], salt=project_id)
    return [
        ExportedImage(
            KnownImage(image.image_id, image.name, image.width, image.height),
            image.shapes,
            image.ignore_regions,
            splits[image.image_id],
        )
        for image in sorted(images, key=lambda image: (image.name, image.image_id))
    ]


def _candidate(image: AnnotatedImage) -> SplitCandidate:
    labels = frozenset(shape.label for shape in image.shapes)
    return SplitCandidate(image.image_id, image.group, image.listed, image.corrected, labels)
