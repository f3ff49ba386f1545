"""The files of one attempt: what the training process needs from the stores, and back."""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.trainer.process.work_order import (
    CheckpointFiles,
    CheckpointMessage,
    ResultMessage,
    StartVersion,
    WorkOrder,
)
from services.trainer.repository import LINES, TRAININGS, Artefacts, Line, Training
from services.trainer.settings import TrainerSettings
from shared.blobs.content import lost, project_folder, put_by_hash
from shared.blobs.port import Blobs
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.contracts.version_names import version_name
from shared.documents.port import Documents, TenantScope
from shared.errors import NotFound
from shared.jobs.job import Job


class AttemptFiles:
    """Between the stores and the files of the training process."""

    def __init__(self, documents: Documents, blobs: Blobs, settings: TrainerSettings) -> None:
        self._documents = documents
        self._blobs = blobs
        self._settings = settings

    async def order(
        self, training: Training, job: Job, folder: Path, files: contextlib.AsyncExitStack
    ) -> WorkOrder:
        """The order with all its files at hand until ``files`` closes."""
        path = await files.enter_async_context(self._blobs.as_file(training.manifest_key))
        snapshot = Snapshot.model_validate_json(await asyncio.to_thread(path.read_bytes))
        images = {image.image_id: await self._image(image, files) for image in snapshot.images}
        settings = self._settings
        return WorkOrder(
            recipe=training.recipe,
            snapshot=path,
            images=images,
            version=await self.next_version(training),
            folder=folder,
            weights_folder=settings.weights,
            plugins_folder=settings.plugins,
            use_hub=settings.use_hub,
            start=await self._start(training, files),
            resume_from=await self._checkpoint(job, files),
            halved=bool(job.payload.get("halved")),
            threads=settings.threads,
            device=settings.device,
            cache_mib=settings.cache_mib,
            checkpoint_every_s=settings.checkpoint_every_s,
        )

    async def _image(self, image: SnapshotImage, files: contextlib.AsyncExitStack) -> Path:
        """The file of an image; raise NotFound, which names it."""
        try:
            return await files.enter_async_context(self._blobs.as_file(image.blob_key))
        except NotFound as error:
            raise NotFound(lost(image.name)) from error

    async def _start(
        self, training: Training, files: contextlib.AsyncExitStack
    ) -> StartVersion | None:
        """The serving version's weights, if there is one and the recipe wants them."""
        line = await self._line(training)
        if line is None or line.champion is None or not training.recipe.warm_start:
            return None
        trainings = self._documents.collection(TRAININGS, TenantScope(training.tenant))
        champion = await trainings.find(line.champion.training_id)
        if champion is None or champion.artefacts is None:
            return None
        made = champion.artefacts
        return StartVersion(
            version=version_name(line.champion.version_number),
            labels=champion.labels,
            weights=await files.enter_async_context(self._blobs.as_file(made.weights_key)),
            backbone_weights=made.backbone_weights,
            backbone_licence=made.backbone_licence,
            backbone_source=made.backbone_source,
        )

    async def _checkpoint(
        self, job: Job, files: contextlib.AsyncExitStack
    ) -> CheckpointFiles | None:
        keys: dict[str, Any] | None = job.payload.get("checkpoint")
        if keys is None:
            return None
        try:
            return CheckpointFiles(
                tensors=await files.enter_async_context(self._blobs.as_file(keys["tensors"])),
                document=await files.enter_async_context(self._blobs.as_file(keys["document"])),
            )
        except NotFound:
            return None

    async def next_version(self, training: Training) -> str:
        """Only one training of a project runs, so the next number cannot be taken meanwhile."""
        line = await self._line(training)
        return version_name((line.versions if line else 0) + 1)

    async def champion(self, training: Training) -> str | None:
        """The version that serves now."""
        line = await self._line(training)
        if line is None or line.champion is None:
            return None
        return version_name(line.champion.version_number)

    async def _line(self, training: Training) -> Line | None:
        lines = self._documents.collection(LINES, TenantScope(training.tenant))
        return await lines.find(training.project_id)

    async def store_checkpoint(self, job: Job, message: CheckpointMessage) -> dict[str, str]:
        """Uploads a checkpoint under the attempt, the document last; returns its keys."""
        folder = project_folder(job.tenant, str(job.payload["project_id"]))
        stem = f"{folder}trainings/{job.id}/attempt-{job.attempt}/epoch-{message.epoch:05d}"
        keys = {"tensors": f"{stem}.safetensors", "document": f"{stem}.json"}
        await self._blobs.put_file(keys["tensors"], message.files.tensors)
        await self._blobs.put_file(keys["document"], message.files.document)
        await asyncio.to_thread(_remove, message.files)
        return keys

    async def drop(self, keys: Mapping[str, str] | None) -> None:
        """Deletes a checkpoint that nobody points to any more."""
        for key in (keys or {}).values():
            await self._blobs.delete(key)

    async def store_result(self, made: ResultMessage, *, tenant: str, project_id: str) -> Artefacts:
        """Uploads what a training made."""

        async def stored(path: Path) -> str:
            return await put_by_hash(self._blobs, path, tenant=tenant, project_id=project_id)

        return Artefacts(
            model_key=await stored(made.model),
            weights_key=await stored(made.weights),
            predictions_key=await stored(made.predictions),
            golden_key=await stored(made.golden),
            model_manifest_key=await stored(made.model_manifest),
            backbone_weights=made.backbone_weights,
            backbone_licence=made.backbone_licence,
            backbone_source=made.backbone_source,
            started_from=made.started_from,
            epochs=made.epochs,
            resumed_at_epoch=made.resumed_at_epoch,
            choices=made.choices,
            input_width=made.input_size[0],
            input_height=made.input_size[1],
            input_plan_hash=made.input_plan_hash,
        )


def _remove(files: CheckpointFiles) -> None:
    files.document.unlink(missing_ok=True)
    files.tensors.unlink(missing_ok=True)
