"""What deleted images leave: thumbnails go after a grace, what a snapshot may name stays."""

from datetime import timedelta
from typing import Any

from gallery_platform import Platform, jpeg, platform

from services.gallery.handlers.orphan_blobs import OrphanBlobs
from shared.blobs.content import content_key
from shared.clock import utc_now
from shared.hosting.stores import Stores
from shared.projects.directory import ProjectDirectory

DAY = timedelta(hours=24)


def collector(stores: Stores, **later: Any) -> OrphanBlobs:
    def clock() -> Any:
        return utc_now() + timedelta(**later)

    projects = ProjectDirectory(stores.documents, "gallery")
    return OrphanBlobs(stores.documents, stores.blobs, projects=projects, grace=DAY, clock=clock)


def original(p: Platform, image: dict[str, Any]) -> str:
    return content_key("default", p.project_id, image["sha256"])


async def keys(stores: Stores) -> set[str]:
    return {blob.key async for blob in stores.blobs.walk("t/")}


async def test_thumbnails_go_a_day_after_their_image_and_originals_stay(stores: Stores) -> None:
    async with platform(stores) as p:
        image = await p.one("a.jpg", jpeg(1))
        stored = await keys(stores)
        await p.client.delete(f"{p.images}/{image['id']}")
        early = await collector(stores, hours=23).collect()
        kept = await keys(stores)
        late = await collector(stores, hours=25).collect()
        left = await keys(stores)
        again = await collector(stores, hours=25).collect()
    assert (early, late, again) == (0, 1, 0)
    assert kept == stored
    assert left == {original(p, image)}
    assert len(stored) == 2


async def test_thumbnails_that_another_image_names_stay(stores: Stores) -> None:
    async with platform(stores) as p:
        image = await p.one("a.jpg", jpeg(1))
        await p.client.delete(f"{p.images}/{image['id']}")
        twin = await p.one("again.jpg", jpeg(1))
        await collector(stores, hours=25).collect()
        small = await p.client.get(f"{p.images}/{twin['id']}/thumbnail")
    assert small.status_code == 200
    assert len(await keys(stores)) == 2


async def test_thumbnails_that_are_missing_are_made_again(stores: Stores) -> None:
    async with platform(stores) as p:
        image = await p.one("a.jpg", jpeg(1))
        (thumbnails,) = await keys(stores) - {original(p, image)}
        before = await p.client.get(f"{p.images}/{image['id']}/thumbnail")
        await stores.blobs.delete(thumbnails)
        after = await p.client.get(f"{p.images}/{image['id']}/thumbnail")
    assert (before.status_code, after.status_code) == (200, 200)
    assert before.content == after.content
