"""Use cases of annotations: read, save, clear, correct, history, summary."""

from collections import Counter
from dataclasses import dataclass, replace

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.history import Change, chain
from services.annotation.domain.shape_rules import check_regions, check_shapes
from services.annotation.domain.stored_size import TOO_MUCH, is_too_large
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.drafts import Drafts
from services.annotation.handlers.label_names import LabelNames
from services.annotation.handlers.predictions import KnownPredictions
from services.annotation.handlers.versions import KnownVersions
from services.annotation.repository import Annotation, judged, known_image
from shared.callers import Caller
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted
from shared.documents.port import Documents, Query, Where
from shared.errors import InvalidInput, TooLarge, VersionConflict
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectDirectory, ProjectView


@dataclass(frozen=True)
class AnnotatedView:
    """An image with its annotation; version 0 when there is none yet."""

    image: ImageView
    annotation: Annotation


@dataclass(frozen=True)
class AnnotationSummary:
    """What of a project is annotated; `shapes` counts by label."""

    images: int
    annotated: int
    corrected: int
    negatives: int
    shapes: dict[str, int]


class Annotations:
    """Annotations of images."""

    def __init__(
        self,
        documents: Documents,
        *,
        projects: ProjectDirectory,
        images: ImageDirectory,
        names: LabelNames,
        predictions: KnownPredictions,
        versions: KnownVersions,
        store: AnnotationStore,
        drafts: Drafts,
    ) -> None:
        self._projects = projects
        self._images = images
        self._names = names
        self._predictions = predictions
        self._versions = versions
        self._store = store
        self._drafts = drafts

    async def read(self, tenant: str, project_id: str, image_id: str) -> AnnotatedView:
        """Return an image's annotation; raise NotFound."""
        await self._projects.require(tenant, project_id)
        image = await self._images.require(tenant, project_id, image_id)
        found = await self._store.annotations(tenant).find(image_id)
        empty = Annotation(id=image_id, tenant=tenant, project_id=project_id)
        return AnnotatedView(image, found or empty)

    async def save(
        self,
        author: Caller,
        project_id: str,
        image_id: str,
        draft: AnnotationDraft,
        *,
        expected: int | None = None,
    ) -> AnnotatedView:
        """Store an image's annotation; labels that it names and the project lacks are made.

        Raises:
            Forbidden: It names a label that is not there, and the author is no engineer.
            InvalidInput: A shape is none of the task, lies outside the image, or has no area; the
                prediction is none of this image, or a version that proposed is none of its
                project.
            VersionConflict: `expected` is not the stored version.
            NotFound: There is no such image.
        """
        project = await self._projects.require(author.tenant, project_id)
        image = await self._images.require(author.tenant, project_id, image_id)
        if draft.prediction_id is not None:
            await self._predictions.require(image, draft.prediction_id)
        known = known_image(image)
        checked = check_shapes(draft.shapes, known, project.task)
        errors = (*checked.errors, *check_regions(draft.ignore_regions, known))
        if errors:
            raise InvalidInput(f"{errors[0].field}: {errors[0].message}", errors=errors)
        if is_too_large(checked.shapes, draft.ignore_regions):
            raise TooLarge(TOO_MUCH)
        await self._versions.require(author.tenant, project_id, checked.shapes)
        shapes = await self._names.adopt(author, project_id, checked.shapes)
        adopted = replace(draft, shapes=shapes)
        saved = await self._store.save(author, image, adopted, expected=expected)
        await self._drafts.saved(author, image_id)
        return AnnotatedView(image, await self._names.keep(image, saved))

    async def clear(
        self, author: Caller, project_id: str, image_id: str, *, expected: int | None
    ) -> None:
        """Take an image's annotation away: it is unannotated again, which is not a negative."""
        view = await self.read(author.tenant, project_id, image_id)
        if not view.annotation.annotated:
            if expected not in (None, view.annotation.version):
                raise VersionConflict("the annotation was changed by somebody else; read it again")
            await self._drafts.saved(author, image_id)
            return
        draft = AnnotationDraft((), annotated=False, reason="cleared")
        await self._store.save(author, view.image, draft, expected=expected)
        await self._drafts.saved(author, image_id)

    async def history(self, tenant: str, project_id: str, image_id: str) -> list[Change]:
        """Return the steps of an image's annotation, newest first."""
        view = await self.read(tenant, project_id, image_id)
        records = [
            record.change
            async for record in self._store.history(tenant).walk(
                Query(where={"image_id": image_id}, limit=500)
            )
        ]
        return chain(records, view.annotation.change_id)

    async def summary(self, tenant: str, project_id: str) -> AnnotationSummary:
        """Count what is annotated in a project."""
        project = await self._projects.require(tenant, project_id)
        wholes = await self._wholes(tenant, project)
        shapes: Counter[str] = Counter()
        annotated = corrected = negatives = 0
        where: Where = {"project_id": project_id, "annotated": True}
        async for annotation in self._store.annotations(tenant).walk(Query(where=where, limit=500)):
            if annotation.id in wholes:
                continue  # its tiles count
            annotated += 1
            corrected += annotation.corrected
            negatives += not annotation.shapes
            shapes.update(shape.label for shape in annotation.shapes)
        images = await self._images.count(tenant, project_id, **judged(project))
        return AnnotationSummary(images, annotated, corrected, negatives, dict(shapes))

    async def _wholes(self, tenant: str, project: ProjectView) -> frozenset[str]:
        """The images of a tiled project that are no tiles; none of a plain project."""
        if project.tiling is None:
            return frozenset()
        found = self._images.walk(tenant, project.id, parent_id=None)
        return frozenset([view.id async for view in found])

    async def image_deleted(self, event: Event[ImageDeleted]) -> None:
        """Remove the annotation of an image that is gone; history and drafts go with it."""
        await self._drafts.forget(event.tenant, event.data.image_id)
        await self._store.forget(event.tenant, event.data.image_id)
