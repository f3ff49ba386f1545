"""Blobs that were lost or damaged: told by the image's name, healed by uploading it again."""

import numpy as np
import pytest
from gallery_platform import jpeg, platform
from image_files import encoded, photo
from PIL import Image

from shared.blobs import content
from shared.blobs.content import SoundContent, is_whole, put_by_hash
from shared.blobs.port import Blobs
from shared.hosting.stores import Stores
from tests.running import until


def deep() -> bytes:
    """A 16-bit PNG, whose upright 8-bit content is another blob than its original."""
    rows = np.arange(120 * 160, dtype=np.uint16).reshape(120, 160) * 3
    return encoded(Image.fromarray(rows), "PNG")


async def keys(stores: Stores) -> set[str]:
    return {blob.key async for blob in stores.blobs.walk("t/")}


async def put_later(stores: Stores, key: str, data: bytes) -> None:
    """Put it again, and at another time than before by the clock of files, which ticks slowly."""
    before = (await stores.blobs.stat(key)).stored_at

    async def is_later() -> bool:
        await stores.blobs.put(key, data)
        return (await stores.blobs.stat(key)).stored_at != before

    await until(is_later)


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


@pytest.mark.parametrize("view", ["content", "content?original=true"])
async def test_bytes_that_are_not_those_that_were_stored_are_never_an_answer(
    stores: Stores, view: str
) -> None:
    """Whether they were damaged before they were first asked for or after."""
    async with platform(stores) as p:
        place = f"{p.images}/{(await p.one('left.png', deep()))['id']}/{view}"
        assert (await p.client.get(place)).status_code == 200
        for key in await keys(stores):
            whole = await stores.blobs.read(key)
            await put_later(stores, key, whole[:-1] + bytes([whole[-1] ^ 255]))
        answer = await p.client.get(place)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:loupe:problem:image-damaged"
    assert "'left.png'" in answer.json()["detail"]


async def test_a_blob_is_hashed_once_and_again_when_it_changed(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    async def counted(blobs: Blobs, key: str) -> bool:
        hashed.append(key)
        return await is_whole(blobs, key)

    monkeypatch.setattr(content, "is_whole", counted)
    monkeypatch.setattr(content, "_MOST_KNOWN", 2)
    await stores.open([])
    one, two, three = [
        await put_by_hash(stores.blobs, data, tenant="t", project_id="P")
        for data in (b"one", b"two", b"three")
    ]
    sound = SoundContent(stores.blobs)
    for key in (one, one, two, one, two):
        assert (await sound.find(key)).size_bytes == 3
    assert hashed == [one, two]
    await put_later(stores, two, b"two")
    await sound.find(two)
    assert hashed == [one, two, two], "its file is another one"
    for key in (one, three, one, two):
        await sound.find(key)
    assert hashed[3:] == [three, two], "the one was forgotten that nobody looked at for longest"


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
