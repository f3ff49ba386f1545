"""Every event five times in any order leaves the same bytes as each once in order."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from services.annotation.app import build as annotation
from services.gallery.app import build as gallery
from services.gallery.repository import IMAGES, Image
from services.tiling.app import build as tiling
from shared.contracts.envelope import PendingEvent, unpack
from shared.contracts.image_events import ImageUploaded
from shared.documents.port import TenantScope
from shared.errors import AlreadyExists
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.settings import StoreSettings
from tests.adapters.storm import delivered_five_times, handle_all, remembered, storm

BUILDS: dict[str, Callable[[Stores], Service]] = {
    "annotation": annotation,
    "gallery": gallery,
    "tiling": tiling,
}


async def state_after(
    folder: Path, build: Callable[[Stores], Service], events: Sequence[PendingEvent]
) -> list[tuple[str, str, str, str]]:
    stores = Stores.of(StoreSettings(stores="embedded", data=folder))
    service = build(stores)
    await stores.open(service.all_collections)
    if service.name == "gallery":
        await upload(stores, events)
    calls = await handle_all([service], events)
    await stores.close()
    assert calls > 100
    names = [spec.name for spec in service.collections]
    return list(remembered(folder / "loupe.db", names))


async def upload(stores: Stores, events: Sequence[PendingEvent]) -> None:
    """Put the images into the gallery that the events speak of: it alone made them by itself."""
    for packed in events:
        if packed.type != ImageUploaded.type:
            continue
        event = unpack(ImageUploaded, packed.value_bytes())
        body = event.data
        image = Image(
            id=body.image_id,
            tenant=event.tenant,
            project_id=body.project_id,
            identity=body.sha256,
            name=body.name,
            sort_name=body.name,
            sha256=body.sha256,
            size_bytes=body.size_bytes,
            original_key=body.blob_key,
            original_type=body.content_type,
            blob_key=body.blob_key,
            content_type=body.content_type,
            width=body.width,
            height=body.height,
            uploaded_at=body.uploaded_at,
        )
        with contextlib.suppress(AlreadyExists):
            await stores.documents.collection(IMAGES, TenantScope(event.tenant)).insert(image)


@pytest.mark.slow
@pytest.mark.parametrize("service", sorted(BUILDS))
async def test_a_storm_of_duplicates_leaves_the_same_bytes(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_DATA", str(tmp_path / "work"))
    events = storm(1500, seed=5)
    in_order = await state_after(tmp_path / "order", BUILDS[service], events)
    shuffled = delivered_five_times(events, seed=6)
    stormed = await state_after(tmp_path / "storm", BUILDS[service], shuffled)
    assert len(in_order) > 10
    assert stormed == in_order
