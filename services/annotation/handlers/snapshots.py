"""Freezing a dataset when a training asks for one."""

from dataclasses import replace

from services.annotation.domain.snapshots import (
    AnnotatedImage,
    CannotFreeze,
    FrozenDataset,
    Picture,
    freeze,
)
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.repository import LABELS, SNAPSHOTS, Annotation, SnapshotRecord, judged
from shared.blobs.content import put_by_hash
from shared.blobs.port import Blobs
from shared.clock import Clock, utc_now
from shared.contracts.envelope import Event, EventBody
from shared.contracts.training_events import SnapshotFrozen, SnapshotRefused, TrainingRequested
from shared.documents.port import Documents, Query, TenantScope, Where
from shared.errors import NotFound
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectDirectory, ProjectView


class Snapshots:
    """Makes the manifest of a training's dataset."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        projects: ProjectDirectory,
        images: ImageDirectory,
        store: AnnotationStore,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._projects = projects
        self._images = images
        self._store = store
        self._clock = clock

    async def requested(self, event: Event[TrainingRequested]) -> None:
        """Freeze the dataset of a training, or refuse; asked again, the answer stays the same."""
        tenant, data = event.tenant, event.data
        snapshots = self._documents.collection(SNAPSHOTS, TenantScope(tenant))
        if await snapshots.find(data.training_id) is not None:
            return
        record = SnapshotRecord(
            id=data.training_id,
            tenant=tenant,
            project_id=data.project_id,
            created_at=self._clock(),
        )
        answer: EventBody
        try:
            project = await self._projects.require(tenant, data.project_id)
            dataset = await self._freeze(tenant, project)
        except (CannotFreeze, NotFound) as refusal:
            reason = str(refusal)
            record = record.model_copy(update={"refused": reason})
            answer = SnapshotRefused(
                project_id=data.project_id, training_id=data.training_id, reason=reason
            )
        else:
            key = await self._put(tenant, dataset)
            snapshot = dataset.snapshot
            record = record.model_copy(
                update={"manifest_key": key, "dataset_hash": snapshot.dataset_hash}
            )
            answer = SnapshotFrozen(
                project_id=data.project_id,
                training_id=data.training_id,
                manifest_key=key,
                dataset_hash=snapshot.dataset_hash,
                images=len(snapshot.images),
                total_images=await self._images.count(tenant, project.id, **judged(project)),
                labels=snapshot.labels,
                corrections=dataset.corrections,
                warnings=dataset.warnings,
            )
        # The same event, handled twice at once: the first answer stands.
        await snapshots.ensure(record, events=[answer])

    async def annotated(self, tenant: str, project_id: str) -> list[AnnotatedImage]:
        """Return the annotated images of a project that still exist.

        Tiles stand for the image they were cut from, with its split and its being corrected.
        """
        images = {view.id: view async for view in self._images.walk(tenant, project_id)}
        wholes = {view.parent_id for view in images.values() if view.parent_id}
        where: Where = {"project_id": project_id}
        found = {
            annotation.id: annotation
            async for annotation in self._store.annotations(tenant).walk(
                Query(where=where, limit=500)
            )
        }
        return [
            _annotated(
                images[key],
                annotation,
                whole=found.get(images[key].parent_id or ""),
                picture=images.get(images[key].parent_id or key, images[key]),
            )
            for key, annotation in found.items()
            if annotation.annotated and key in images and key not in wholes
        ]

    async def _freeze(self, tenant: str, project: ProjectView) -> FrozenDataset:
        images = await self.annotated(tenant, project.id)
        frozen = freeze(project.id, project.task, images, tile_plan=project.tile_plan)
        ids = await self._label_ids(tenant, project.id, frozen.snapshot.labels)
        return replace(frozen, snapshot=frozen.snapshot.model_copy(update={"label_ids": ids}))

    async def _label_ids(
        self, tenant: str, project_id: str, names: tuple[str, ...]
    ) -> tuple[str, ...]:
        labels = self._documents.collection(LABELS, TenantScope(tenant))
        living: Where = {"project_id": project_id, "deleted": False}
        query = Query(where=living, limit=500)
        ids = {label.name: label.id async for label in labels.walk(query)}
        return tuple(ids.get(name, "") for name in names)

    async def _put(self, tenant: str, dataset: FrozenDataset) -> str:
        return await put_by_hash(
            self._blobs,
            dataset.snapshot.model_dump_json().encode(),
            tenant=tenant,
            project_id=dataset.snapshot.project_id,
            sha256=dataset.snapshot.dataset_hash,
        )


def _annotated(
    image: ImageView, annotation: Annotation, *, whole: Annotation | None, picture: ImageView
) -> AnnotatedImage:
    listed = annotation.split or (whole.split if whole else None)
    corrected = annotation.corrected or (whole is not None and whole.corrected)
    return AnnotatedImage(
        image_id=image.id,
        name=image.name,
        blob_key=image.blob_key,
        sha256=image.sha256,
        width=image.width,
        height=image.height,
        shapes=annotation.shapes,
        ignore_regions=annotation.ignore_regions,
        listed=listed,
        corrected=corrected,
        parent_id=image.parent_id,
        plan_hash=image.plan_hash,
        offset_x=image.offset_x,
        offset_y=image.offset_y,
        picture=Picture(picture.id, picture.name, picture.looks),
        exif_device=image.exif_device,
    )
