"""The images of the gallery as inference knows them, from the gallery's events."""

import asyncio
import time

from services.inference.repository import IMAGES, ImageView
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.documents.port import Documents, TenantScope
from shared.documents.projections import remember
from shared.errors import NotFound

_LOOK_S = 0.03


class GalleryImages:
    """A read model: newest event wins, whatever the order of delivery."""

    def __init__(self, documents: Documents, *, wait_s: float = 3.0) -> None:
        """``wait_s``: how long an image uploaded a moment ago is waited for."""
        self._documents = documents
        self._wait_s = wait_s

    async def require(self, tenant: str, project_id: str, image_id: str) -> ImageView:
        """Return an image of the project; raise NotFound, for foreign and removed ones too."""
        images = self._documents.collection(IMAGES, TenantScope(tenant))
        deadline = time.monotonic() + self._wait_s
        while True:
            view = await images.find(image_id)
            if view is not None and not view.deleted and view.project_id == project_id:
                return view
            if view is not None or time.monotonic() >= deadline:
                raise NotFound(f"no image {image_id}")
            await asyncio.sleep(_LOOK_S)

    async def uploaded(self, event: Event[ImageUploaded]) -> None:
        """Remember an image."""
        data = event.data
        view = ImageView(
            id=data.image_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=data.project_id,
            name=data.name,
            blob_key=data.blob_key,
            width=data.width,
            height=data.height,
            plan_hash=data.plan_hash if data.parent_id else None,
        )
        await remember(self._documents.collection(IMAGES, TenantScope(event.tenant)), view)

    async def deleted(self, event: Event[ImageDeleted]) -> None:
        """Forget an image."""
        gone = ImageView(
            id=event.data.image_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=event.data.project_id,
            deleted=True,
        )
        await remember(self._documents.collection(IMAGES, TenantScope(event.tenant)), gone)
