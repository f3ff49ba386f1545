"""Use cases of the gallery: reading, removing, and following what other services say."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

from services.gallery.decode_pool import DecodePool
from services.gallery.domain.limits import decode_bytes
from services.gallery.domain.names import sort_name
from services.gallery.domain.status import status_of
from services.gallery.intake import uploaded_event
from services.gallery.leftovers import Leftovers
from services.gallery.repository import CLEARINGS, IMAGES, Clearing, Image
from services.gallery.schemas import ImageFilter, ImageSort
from services.gallery.staging import Staging, mapped
from shared.blobs.port import Blobs, blob_key
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted, ImageTiled, Tile, TilingFailed
from shared.contracts.model_events import PredictionCompleted
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import Collection, Documents, EveryTenant, Query, TenantScope, Where
from shared.errors import AlreadyExists, NotFound, VersionConflict
from shared.paging import PageParams
from shared.vision.headers.sniff import read_header

_CHUNK = 200
_RACES = 20


class Gallery:
    """Images over the document and blob stores."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        pool: DecodePool,
        staging: Staging,
        *,
        leftovers: Leftovers,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._pool = pool
        self._staging = staging
        self._leftovers = leftovers

    async def list_images(
        self,
        who: Caller,
        project_id: str,
        *,
        wanted: ImageFilter,
        sort: ImageSort,
        paging: PageParams,
    ) -> tuple[list[Image], int]:
        """Return one page of a project's images and how many match."""
        images = self._images(who.tenant)
        where = wanted.where(project_id)
        query = Query(
            where=where,
            sort=sort.order(),
            skip=paging.skip,
            limit=paging.page_size,
            after=paging.after,
        )
        found = await images.query(query)
        if paging.after is None and 0 < len(found) < paging.page_size:
            return found, paging.skip + len(found)  # the last page tells the total by itself
        return found, await images.count(where)

    async def summary(self, who: Caller, project_id: str) -> dict[str, int]:
        """Return how many listed images have each status."""
        where: Where = {"project_id": project_id, "listed": True}
        return await self._images(who.tenant).tally("status", where)

    async def get_image(self, who: Caller, project_id: str, image_id: str) -> Image:
        """Return an image of the project; raise NotFound."""
        image = await self._images(who.tenant).find(image_id)
        if image is None or image.project_id != project_id:
            raise NotFound(f"no image {image_id}")
        return image

    async def tiles_of(self, who: Caller, parent: Image) -> list[Image]:
        """Return the tiles of a parent, row by row."""
        if parent.tiles == 0:
            return []
        query = Query(where={"parent_id": parent.id}, limit=parent.tiles)
        tiles = await self._images(who.tenant).query(query)
        return sorted(tiles, key=lambda tile: (tile.row or 0, tile.column or 0))

    def content(self, image: Image, *, original: bool) -> AsyncIterator[bytes]:
        """Return the bytes of the upright content, or of the file as it was uploaded."""
        return self._blobs.stream(image.original_key if original else image.blob_key)

    async def content_size(self, image: Image, *, original: bool) -> int:
        """Return the number of those bytes."""
        key = image.original_key if original else image.blob_key
        return (await self._blobs.stat(key)).size_bytes

    async def thumbnail(self, image: Image, size: int) -> bytes:
        """Return the smallest stored thumbnail of at least `size` px, or the largest one."""
        image = await self._with_thumbnails(image)
        try:
            return await self._stored_thumbnail(image, size)
        except NotFound:  # collected in the moment that this image took them up (decision 0022)
            bare = image.model_copy(update={"thumbnails_key": None})
            return await self._stored_thumbnail(await self._with_thumbnails(bare), size)

    async def delete_image(self, who: Caller, project_id: str, image_id: str) -> None:
        """Remove an image, and its tiles with it; raise NotFound."""
        image = await self.get_image(who, project_id, image_id)
        await self._remove_tiles(image)
        await self._remove(image)
        await self._remove_tiles(image)  # those of a cut that was being taken over meanwhile
        if image.parent_id is not None:
            await self._remove_bare_parent(image.tenant, image.parent_id)

    async def delete_images(
        self, who: Caller, project_id: str, image_ids: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        """Remove images; return those that were removed and those that were not there."""
        deleted: list[str] = []
        missing: list[str] = []
        for image_id in dict.fromkeys(image_ids):
            try:
                await self.delete_image(who, project_id, image_id)
            except NotFound:
                missing.append(image_id)
            else:
                deleted.append(image_id)
        return deleted, missing

    async def take_tiles(self, event: Event[ImageTiled]) -> None:
        """Add the tiles of a cut image; its place in the list is theirs now."""
        images = self._images(event.tenant)
        parent = await images.find(event.data.parent_id)
        if parent is None or (parent.tiling, parent.plan_hash) == ("done", event.data.plan_hash):
            return  # cut before: a tile that is missing now was deleted
        for tile in event.data.tiles:
            image = _tile_image(parent, tile, event.data.plan_hash)
            try:
                await images.insert(image, events=[uploaded_event(image)])
            except AlreadyExists:
                continue
        changes = {
            "listed": False,
            "tiling": "done",
            "tiling_reason": "",
            "tiles": len(event.data.tiles),
            "plan_hash": event.data.plan_hash,
        }
        if not await _noted(images, parent, changes):
            await self._remove_tiles(parent)

    async def note_tiling_failure(self, event: Event[TilingFailed]) -> None:
        """Say on the image why it was not cut; it stays in the list."""
        images = self._images(event.tenant)
        parent = await images.find(event.data.parent_id)
        if parent is not None and parent.tiling == "waiting":
            changes = {"tiling": "failed", "tiling_reason": event.data.reason}
            await _noted(images, parent, changes)

    async def follow_annotation(self, event: Event[AnnotationSaved]) -> None:
        """Keep status and label column in step with the newest annotation."""
        images = self._images(event.tenant)
        image = await images.find(event.data.image_id)
        if image is None or event.sequence <= image.annotation_sequence:
            return
        annotated = event.data.annotated
        changes = {
            "annotated": annotated,
            "labels": event.data.labels if annotated else (),
            "annotation_sequence": event.sequence,
            "status": status_of(annotated=annotated, tested=image.tested_by is not None),
        }
        await _noted(images, image, changes)

    async def follow_prediction(self, event: Event[PredictionCompleted]) -> None:
        """Mark a tested image; of several predictions, in any order, the latest one counts."""
        images = self._images(event.tenant)
        image = await images.find(event.data.image_id)
        if image is None:
            return
        known = (image.tested_at, image.tested_by or "")
        if known[0] is not None and known >= (event.time, event.data.version):
            return
        update = {
            "tested_by": event.data.version,
            "tested_at": event.time,
            "status": status_of(annotated=image.annotated, tested=True),
        }
        await _noted(images, image, update)

    async def forget_project(self, event: Event[ProjectDeleted]) -> None:
        """Note that a project's images are to be removed; a loop does it in small steps."""
        clearings = self._documents.collection(CLEARINGS, TenantScope(event.tenant))
        try:
            await clearings.insert(Clearing(id=event.data.project_id, tenant=event.tenant))
        except AlreadyExists:
            return

    async def clear_projects(self) -> int:
        """Remove a step's worth of images of deleted projects; return how many."""
        removed = 0
        waiting = await self._documents.collection(CLEARINGS, EveryTenant()).query(Query())
        for clearing in waiting:
            images = self._images(clearing.tenant)
            where = {"project_id": clearing.id}
            found = await images.query(Query(where=where, limit=_CHUNK))
            for image in found:
                await self._remove(image, told=False)
            removed += len(found)
            if not found:
                scope = TenantScope(clearing.tenant)
                await self._documents.collection(CLEARINGS, scope).delete(clearing)
        return removed

    async def _stored_thumbnail(self, image: Image, size: int) -> bytes:
        sizes = sorted(map(int, image.thumbnails))
        best = next((known for known in sizes if known >= size), sizes[-1])
        start, length = image.thumbnails[str(best)]
        key = image.thumbnails_key or ""
        return b"".join(
            [part async for part in self._blobs.stream(key, start=start, length=length)]
        )

    async def _with_thumbnails(self, image: Image) -> Image:
        """Return the image with thumbnails, made now if it has none: a new tile has not."""
        if image.thumbnails_key is not None:
            return image
        with self._staging.file() as staged:
            async with self._blobs.as_file(image.blob_key) as path:
                cost = decode_bytes(read_header(memoryview(mapped(path))))
                decoded = await self._pool.decode(path, staged.folder, predicted_bytes=cost)
            data = decoded.thumbnails.read_bytes()
        key = blob_key(image.tenant, hashlib.sha256(data).hexdigest())
        await self._blobs.put(key, data)
        spans = {str(size): span for size, span in decoded.spans.items()}
        changes = {"thumbnails_key": key, "thumbnails": spans}
        images = self._images(image.tenant)
        for _ in range(_RACES):
            try:
                return await _changed(images, image, changes)
            except VersionConflict:
                image = await images.get(image.id)
        return image.model_copy(update=changes)

    async def _remove_tiles(self, parent: Image) -> None:
        if parent.tiling == "none":
            return
        where = {"parent_id": parent.id}
        while tiles := await self._images(parent.tenant).query(Query(where=where, limit=_CHUNK)):
            for tile in tiles:
                with suppress(NotFound):
                    await self._remove(tile)

    async def _remove_bare_parent(self, tenant: str, parent_id: str) -> None:
        """Remove a parent whose last tile is gone: nothing shows it, and it would bar its file."""
        images = self._images(tenant)
        if await images.count({"parent_id": parent_id}) == 0:
            with suppress(NotFound):
                await self._remove(await images.get(parent_id))

    async def _remove(self, image: Image, *, told: bool = True) -> None:
        images = self._images(image.tenant)
        gone = ImageDeleted(project_id=image.project_id, image_id=image.id)
        for _ in range(_RACES):
            try:
                await images.delete(image, events=[gone] if told else [])
            except VersionConflict:
                image = await images.get(image.id)
            else:
                await self._leftovers.note(image)
                return
        raise VersionConflict(f"image {image.id} changes too fast")

    def _images(self, tenant: str) -> Collection[Image]:
        return self._documents.collection(IMAGES, TenantScope(tenant))


async def _noted(images: Collection[Image], image: Image, changes: Mapping[str, object]) -> bool:
    """Write what an event tells of an image; return False when the image is gone."""
    try:
        await _changed(images, image, changes)
    except NotFound:
        return False
    return True


async def _changed(images: Collection[Image], image: Image, changes: Mapping[str, object]) -> Image:
    new = image.model_copy(update=changes)
    return image if new == image else await images.replace(new)


def _tile_image(parent: Image, tile: Tile, plan_hash: str) -> Image:
    name = tile_name(parent.name, tile.row, tile.column)
    return Image(
        id=tile.image_id,
        tenant=parent.tenant,
        project_id=parent.project_id,
        identity=f"{parent.id}/{tile.row}/{tile.column}/{plan_hash}",
        name=name,
        sort_name=sort_name(name),
        sha256=tile.sha256,
        size_bytes=tile.size_bytes,
        original_type=tile.content_type,
        blob_key=tile.blob_key,
        content_type=tile.content_type,
        width=tile.width,
        height=tile.height,
        uploaded_at=parent.uploaded_at,
        uploaded_by=parent.uploaded_by,
        parent_id=parent.id,
        row=tile.row,
        column=tile.column,
        offset_x=tile.x,
        offset_y=tile.y,
        plan_hash=plan_hash,
    )


def tile_name(parent_name: str, row: int, column: int) -> str:
    """Return the name of a tile: its parent's with its row-major place, counted from one.

    >>> tile_name("board.png", 0, 1)
    'board_r1c2.png'
    """
    stem, dot, suffix = parent_name.rpartition(".")
    return f"{stem or suffix}_r{row + 1}c{column + 1}{dot if stem else ''}{suffix if stem else ''}"
