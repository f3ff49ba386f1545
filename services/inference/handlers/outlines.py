"""Outlines: what an annotator's clicks on an image mean."""

from collections.abc import Sequence
from functools import partial

from services.inference.adapters.pictures import ClickedPicture, Pictures
from services.inference.domain.clicks.clicks import Click, check_clicks
from services.inference.domain.clicks.findings import meant
from services.inference.domain.clicks.outlines import Outline, OutlineKind, boxed, outlined
from services.inference.domain.clicks.segmenter import segment, segment_box
from services.inference.handlers.deployments import Deployments
from services.inference.repository import PREDICTIONS
from shared.blobs.content import lost, read_content
from shared.blobs.port import Blobs
from shared.callers import Caller
from shared.documents.port import Documents, Query, Sort, TenantScope
from shared.errors import NotFound
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectDirectory

_NEWEST = 5


class ClickOutlines:
    """Answers clicks by what the serving version has found there, or by the picture alone."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        projects: ProjectDirectory,
        images: ImageDirectory,
        deployments: Deployments,
        pictures: Pictures,
    ) -> None:
        """Bind the stores, what is known of projects and images, and the pictures under work."""
        self._documents = documents
        self._blobs = blobs
        self._projects = projects
        self._images = images
        self._deployments = deployments
        self._pictures = pictures

    async def outline(
        self,
        who: Caller,
        project_id: str,
        image_id: str,
        *,
        clicks: Sequence[Click],
        kind: OutlineKind,
    ) -> Outline:
        """Return the object that clicks mean.

        Raises:
            NotFound: No such project or image.
            InvalidInput: A click is outside of the image, or none is inside of the object.
            NotAnImage: The image is damaged, or has too many pixels.
            Busy: Too many clicks wait.
        """
        await self._projects.require(who.tenant, project_id)
        image = await self._images.require(who.tenant, project_id, image_id)
        check_clicks(clicks, image.width, image.height)
        found = await self._found(image, clicks, kind)
        if found is not None:
            return found
        work = partial(_outline, clicks, kind)
        read = partial(self._read, image)
        return await self._pictures.look(image.blob_key, read, work, tenant=who.tenant)

    async def _found(
        self, image: ImageView, clicks: Sequence[Click], kind: OutlineKind
    ) -> Outline | None:
        """What the serving version found where the clicks are, as far as it was asked before."""
        serving = await self._deployments.alias(image.tenant, image.project_id)
        if serving is None:
            return None
        where = {"project_id": image.project_id, "image_id": image.id}
        newest = Query(where=where, sort=Sort("created_at", -1), limit=_NEWEST)
        predictions = self._documents.collection(PREDICTIONS, TenantScope(image.tenant))
        for made in await predictions.query(newest):
            if made.model_version == serving.model_version:
                return meant(made.shapes, clicks, kind, version=made.model_version)
        return None

    async def _read(self, image: ImageView) -> bytes:
        try:
            return await read_content(self._blobs, image.blob_key)
        except NotFound as error:
            raise NotFound(lost(image.name)) from error


def _outline(clicks: Sequence[Click], kind: OutlineKind, picture: ClickedPicture) -> Outline:
    if kind == "box":
        height, width = picture.pixels.shape[:2]
        return boxed(*segment_box((width, height), clicks, picture.look))
    return outlined(segment(picture.pixels, clicks, picture.look), kind)
