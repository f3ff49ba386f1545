"""Tiles in the gallery: they come, stand in their parent's place, and go."""

import asyncio
import io
from typing import Any

from gallery_platform import Platform, jpeg, platform
from PIL import Image

from services.gallery.repository import IMAGES
from shared.contracts.image_events import ImageTiled, TilingFailed
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores


def tiled_event(p: Platform, parent: dict[str, Any], key: str) -> ImageTiled:
    tiles = [
        {
            "image_id": f"tile{index}", "row": index // 2, "column": index % 2,
            "x": index % 2 * 160, "y": index // 2 * 120, "width": 160, "height": 120,
            "blob_key": key, "sha256": "tile", "content_type": "image/jpeg", "size_bytes": 9,
        }
        for index in range(4)
    ]  # fmt: skip
    return ImageTiled(
        project_id=p.project_id, parent_id=parent["id"], parent_name=parent["name"],
        plan_hash="hash", tiles=tiles,
    )  # fmt: skip


async def test_tiles_take_their_parents_place(stores: Stores) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        key = "t/default/tile"
        await stores.blobs.put(key, jpeg(2, (160, 120)))
        for _ in range(2):  # at least once
            await p.say(tiled_event(p, parent, key))
        listed = await p.get(sort="name")
        parents = await p.get(parents=True)
        detail = await p.get(f"/{parent['id']}")
        tile = await p.get("/tile3")
        for _ in range(2):  # made on first sight, then kept
            small = await p.client.get(f"{p.images}/tile3/thumbnail", params={"size": 128})
            assert Image.open(io.BytesIO(small.content)).size == (128, 96)
        await p.client.delete(f"{p.images}/{parent['id']}")
        left = await p.get()
    assert parent["tiling"] == "waiting"
    names = ["board_r1c1.jpg", "board_r1c2.jpg", "board_r2c1.jpg", "board_r2c2.jpg"]
    assert [i["name"] for i in listed["items"]] == names
    assert [i["id"] for i in parents["items"]] == [parent["id"]]
    assert (detail["tiling"], detail["tiles"]) == ("done", 4)
    assert [t["name"] for t in detail["tile_images"]] == names
    assert (tile["parent_id"], tile["offset_x"], tile["offset_y"]) == (parent["id"], 160, 120)
    assert (tile["row"], tile["column"], tile["plan_hash"]) == (1, 1, "hash")
    assert left["total"] == 0


async def test_a_cut_image_goes_with_its_last_tile(stores: Stores) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        await p.say(tiled_event(p, parent, "t/default/tile"))
        await p.client.delete(f"{p.images}/tile0")
        kept = await p.client.get(f"{p.images}/{parent['id']}")
        ids = {"ids": ["tile1", "tile2", "tile3"]}
        batch = await p.client.post(f"{p.images}:batch-delete", json=ids)
        gone = await p.client.get(f"{p.images}/{parent['id']}")
        again = await p.upload(("board.jpg", jpeg(1)))
    assert (kept.status_code, gone.status_code) == (200, 404)
    assert batch.json()["deleted"] == ids["ids"]
    assert again.json()["files"][0]["outcome"] == "created"


async def test_tiles_that_were_deleted_stay_so_when_news_of_the_cut_comes_again(
    stores: Stores,
) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        await p.say(tiled_event(p, parent, "t/default/tile"))
        await p.client.delete(f"{p.images}/tile2")
        await p.say(tiled_event(p, parent, "t/default/tile"))
        listed = await p.get(sort="name")
    assert [image["id"] for image in listed["items"]] == ["tile0", "tile1", "tile3"]


async def test_a_parent_deleted_while_its_tiles_come_in_leaves_none(stores: Stores) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        event = tiled_event(p, parent, "t/default/tile")
        deleting = stores.documents.collection(IMAGES, TenantScope("default"))
        many = [
            event.tiles[0].model_copy(update={"image_id": f"t{n}", "row": n}) for n in range(40)
        ]
        coming = asyncio.create_task(p.say(event.model_copy(update={"tiles": tuple(many)})))
        for _ in range(1000):
            if await deleting.count({"parent_id": parent["id"]}) >= 5:
                break
        await deleting.delete(await deleting.get(parent["id"]))  # as another replica would
        await coming
        left = await p.get()
    assert left["total"] == 0


async def test_image_that_cannot_be_cut_says_why(stores: Stores) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        await p.say(
            TilingFailed(project_id=p.project_id, parent_id=parent["id"], reason="too small")
        )
        detail = await p.get(f"/{parent['id']}")
        assert (await p.get())["total"] == 1
    assert (detail["tiling"], detail["tiling_reason"]) == ("failed", "too small")
