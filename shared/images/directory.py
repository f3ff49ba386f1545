"""The directory of images: each service that needs one keeps its own, fed by events.

It holds what the gallery announces and, where a service asks for it, what annotation tells: enough
to find an image's bytes, its place among its parent's tiles, and whether somebody annotated it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

from shared.clock import Timestamp
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.documents.hearing import WAIT_S, heard_of
from shared.documents.port import (
    Collection,
    CollectionSpec,
    Condition,
    Documents,
    Index,
    Not,
    Query,
    TenantScope,
    Where,
)
from shared.documents.projections import Projection
from shared.errors import NotFound
from shared.events.subscriptions import Subscription, on

_PAGE = 500


class ImageView(Projection):
    """An image as other services see it; sizes in pixels, ``area`` in px².

    A tile names its parent, its place in it and the plan that cut it. One that is not ``known`` was
    annotated before its announcement came. One that is not ``labelled`` was annotated with no
    shape. A ``deleted`` one stays as a mark, with nothing else. Times are for people: clocks jump.
    What was heard when is told by the service's own rounds, where it counts any.
    """

    sequence: int = -1
    project_id: str
    known: bool = True
    deleted: bool = False
    name: str = ""
    blob_key: str = ""
    sha256: str = ""
    width: int = 0
    height: int = 0
    area: int = 0
    parent_id: str | None = None
    plan_hash: str | None = None
    offset_x: int = 0
    offset_y: int = 0
    exif_device: str | None = None
    orientation: int = 1
    looks: str = ""
    annotated: bool = False
    labelled: bool = True
    annotation_sequence: int = -1
    annotated_at: Timestamp | None = None
    annotated_round: int = -1
    correction_sequence: int = -1
    corrected_at: Timestamp | None = None
    corrected_round: int = -1


def images_spec(service: str, *indexes: Index) -> CollectionSpec[ImageView]:
    """Return the collection in which ``service`` keeps its directory."""
    return CollectionSpec(f"{service}.images", ImageView, indexes)


def living(project_id: str, **more: Condition) -> Where:
    """Return the condition for images that a project has; ``more`` narrows them."""
    return {"project_id": project_id, "deleted": False, "known": Not(False), **more}


class ImageDirectory:
    """The images that a service has heard of.

    ``round_of`` tells in which round of a tenant's project the service is: what is heard of an
    annotation is noted with it.
    """

    def __init__(
        self,
        documents: Documents,
        service: str,
        *,
        wait_s: float = WAIT_S,
        round_of: Callable[[str, str], Awaitable[int]] | None = None,
    ) -> None:
        self._documents = documents
        self._spec = images_spec(service)
        self._wait_s = wait_s
        self._round_of = round_of

    def of(self, tenant: str) -> Collection[ImageView]:
        """Return a tenant's images, deleted and unknown ones included."""
        return self._documents.collection(self._spec, TenantScope(tenant))

    async def require(self, tenant: str, project_id: str, image_id: str) -> ImageView:
        """Return a living image of the project; raise NotFound.

        One uploaded a moment ago may not have been heard of yet, so an unknown one is waited for
        briefly.
        """

        async def known() -> ImageView | None:
            view = await self.of(tenant).find(image_id)
            return view if view is not None and (view.known or view.deleted) else None

        view = await heard_of(tenant, image_id, known, wait_s=self._wait_s)
        if view is None or view.deleted or view.project_id != project_id:
            raise NotFound(f"no image {image_id}")
        return view

    async def lives(self, tenant: str, image_id: str) -> bool:
        """Tell whether an image that was heard of still is."""
        view = await self.of(tenant).find(image_id)
        return view is not None and view.known and not view.deleted

    async def is_deleted(self, tenant: str, image_id: str) -> bool:
        """Tell whether an image was heard of as gone."""
        view = await self.of(tenant).find(image_id)
        return view is not None and view.deleted

    def walk(self, tenant: str, project_id: str, **more: Condition) -> AsyncIterator[ImageView]:
        """Yield the living images of a project in the order of their ids."""
        return self.of(tenant).walk(Query(where=living(project_id, **more), limit=_PAGE))

    async def count(self, tenant: str, project_id: str, **more: Condition) -> int:
        """Return how many living images a project has."""
        return await self.of(tenant).count(living(project_id, **more))

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return the lines that a service adds to its table."""
        return (on(ImageUploaded, self._uploaded), on(ImageDeleted, self._deleted))

    def annotation_subscriptions(self) -> tuple[Subscription, ...]:
        """Return the lines of a service that asks which images are annotated and corrected."""
        return (on(AnnotationSaved, self._annotated), on(CorrectionSaved, self._corrected))

    async def _uploaded(self, event: Event[ImageUploaded]) -> None:
        data = event.data
        facts = {
            **{field: getattr(data, field) for field in _ANNOUNCED},
            "area": data.width * data.height,
            "sequence": event.sequence,
            "known": True,
        }

        def announce(old: ImageView) -> ImageView | None:
            late = old.deleted or old.sequence >= event.sequence
            return None if late else old.model_copy(update=facts)

        await self._change(event.tenant, data.project_id, data.image_id, announce)

    async def _deleted(self, event: Event[ImageDeleted]) -> None:
        data = event.data
        gone = ImageView(
            id=data.image_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=data.project_id,
            deleted=True,
        )

        def mark(old: ImageView) -> ImageView | None:
            return None if old.deleted and old.sequence >= event.sequence else gone

        await self._change(event.tenant, data.project_id, data.image_id, mark)

    async def _annotated(self, event: Event[AnnotationSaved]) -> None:
        data = event.data
        facts = {
            "annotated": data.annotated,
            "labelled": bool(data.labels),
            "annotation_sequence": event.sequence,
            "annotated_at": event.time,
            "annotated_round": await self._round(event.tenant, data.project_id),
        }

        def note(old: ImageView) -> ImageView | None:
            late = old.deleted or old.annotation_sequence >= event.sequence
            return None if late else old.model_copy(update=facts)

        await self._change(event.tenant, data.project_id, data.image_id, note)

    async def _corrected(self, event: Event[CorrectionSaved]) -> None:
        data = event.data
        facts = {
            "correction_sequence": event.sequence,
            "corrected_at": event.time,
            "corrected_round": await self._round(event.tenant, data.project_id),
        }

        def note(old: ImageView) -> ImageView | None:
            late = old.deleted or old.correction_sequence >= event.sequence
            return None if late else old.model_copy(update=facts)

        await self._change(event.tenant, data.project_id, data.image_id, note)

    async def _round(self, tenant: str, project_id: str) -> int:
        return await self._round_of(tenant, project_id) if self._round_of else 0

    async def _change(
        self,
        tenant: str,
        project_id: str,
        image_id: str,
        edit: Callable[[ImageView], ImageView | None],
    ) -> None:
        unheard = ImageView(id=image_id, tenant=tenant, project_id=project_id, known=False)
        await self.of(tenant).change(image_id, edit, new=unheard)


_ANNOUNCED = (
    "name",
    "blob_key",
    "sha256",
    "width",
    "height",
    "parent_id",
    "plan_hash",
    "offset_x",
    "offset_y",
    "exif_device",
    "orientation",
    "looks",
)
