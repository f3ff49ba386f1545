"""Blobs that were lost or damaged: told by the image's name, healed by uploading it again."""

import numpy as np
import pytest
from gallery_platform import jpeg, platform
from image_files import encoded, photo
from PIL import Image

from shared.hosting.stores import Stores


def deep() -> bytes:
    """A 16-bit PNG, whose upright 8-bit content is another blob than its original."""
    rows = np.arange(120 * 160, dtype=np.uint16).reshape(120, 160) * 3
    return encoded(Image.fromarray(rows), "PNG")


async def keys(stores: Stores) -> set[str]:
    return {blob.key async for blob in stores.blobs.walk("t/")}


@pytest.mark.parametrize("harm", ["lost", "cut", "flipped", "emptied"])
@pytest.mark.parametrize("data", [jpeg(1), deep()], ids=["plain", "with content of its own"])
async def test_a_lost_or_damaged_blob_is_healed_by_the_same_file(
    stores: Stores, harm: str, data: bytes
) -> None:
    async with platform(stores) as p:
        image = await p.one("left.png", data)
        place = f"{p.images}/{image['id']}"
        views = [f"{place}/content", f"{place}/content?original=true", f"{place}/thumbnail"]
        before = [(await p.client.get(view)).content for view in views]
        for key in await keys(stores):
            whole = await stores.blobs.read(key)
            if harm == "lost":
                await stores.blobs.delete(key)
            else:
                flipped = bytes([whole[0] ^ 255]) + whole[1:]
                await stores.blobs.put(
                    key, {"cut": whole[: len(whole) // 2], "flipped": flipped, "emptied": b""}[harm]
                )
        again = await p.upload(("other.png", data))
        after = [(await p.client.get(view)).content for view in views]
    assert (again.status_code, again.json()["files"][0]["outcome"]) == (200, "duplicate")
    assert after == before


@pytest.mark.parametrize("view", ["content", "content?original=true", "thumbnail"])
@pytest.mark.parametrize("harm", ["lost", "emptied"])
async def test_a_lost_blob_is_told_by_the_images_name(stores: Stores, view: str, harm: str) -> None:
    async with platform(stores) as p:
        image = await p.one("left.png", encoded(photo(), "PNG"))
        for key in await keys(stores):
            await (stores.blobs.delete(key) if harm == "lost" else stores.blobs.put(key, b""))
        answer = await p.client.get(f"{p.images}/{image['id']}/{view}")
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:loupe:problem:image-damaged"
    assert "'left.png'" in answer.json()["detail"]
