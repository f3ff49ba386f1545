"""Uploads that their project or their process does not outlive."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from gallery_platform import Platform, jpeg, platform
from test_resumable import begin, parts_left, patch

from services.gallery.handlers import resumable
from services.gallery.handlers.resumable import ResumableUploads
from services.gallery.repository import IMAGES, UPLOADS, Upload
from shared.documents.port import EveryTenant, TenantScope
from shared.hosting.stores import Stores
from tests.running import until
from tests.turning import set_clock

BOUNDARY = "b0undary"


async def kill_after_last_byte(p: Platform, data: bytes) -> Upload:
    """Send a whole upload, and die where the image would be taken in."""
    place = (await begin(p, len(data))).headers["location"]
    await patch(p, place, 0, data[:1000])
    uploads = p.use(ResumableUploads)
    upload = await uploads.find("default", p.project_id, place.rpartition("/")[2])

    async def rest() -> AsyncIterator[bytes]:
        yield data[1000:]

    return await uploads.append(upload, offset=1000, body=rest())


async def test_a_whole_upload_whose_process_died_is_taken_in(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with platform(stores) as p:
        upload = await kill_after_last_byte(p, jpeg(1))
        assert upload.offset == upload.length
        assert (await p.get())["total"] == 0
        monkeypatch.setattr(resumable, "TAKEN_OVER_AFTER", timedelta(0))

        async def taken_in() -> Any:
            return (await p.get())["items"]

        (image,) = await until(taken_in)
        uploads = stores.documents.collection(UPLOADS, EveryTenant())
        await until(lambda: _none(uploads.count()))
        await until(lambda: _no_parts(stores))
    assert (image["name"], image["uploaded_by"]) == ("part.jpg", "test-key")


async def test_a_whole_upload_of_a_clock_that_was_ahead_is_taken_in(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with platform(stores) as p:
        set_clock(monkeypatch, timedelta(days=1))
        upload = await kill_after_last_byte(p, jpeg(1))
        uploads = stores.documents.collection(UPLOADS, TenantScope("default"))
        await uploads.replace(upload.model_copy(update={"ticks": None}))  # of an earlier boot
        set_clock(monkeypatch, timedelta())
        await p.use(ResumableUploads).take_in_whole()

        async def taken_in() -> bool:
            return bool((await p.get())["total"] == 1)

        await until(taken_in)


async def test_a_whole_upload_that_is_no_image_ends(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with platform(stores) as p:
        await kill_after_last_byte(p, b"no image" * 1000)
        monkeypatch.setattr(resumable, "TAKEN_OVER_AFTER", timedelta(0))
        uploads = stores.documents.collection(UPLOADS, EveryTenant())
        await until(lambda: _none(uploads.count()))
        await until(lambda: _nothing(stores))
        assert (await p.get())["total"] == 0


async def test_an_upload_that_its_project_does_not_outlive_leaves_no_image(stores: Stores) -> None:
    data = jpeg(1)
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=files; filename=a.jpg\r\n\r\n"
    ).encode()

    async with platform(stores) as p:

        async def body() -> AsyncIterator[bytes]:
            yield head + data[:1000]
            gone = await p.client.delete(f"/api/workspace/projects/{p.project_id}")
            assert gone.status_code == 204
            await until(lambda: _unknown(p))
            yield data[1000:] + f"\r\n--{BOUNDARY}--\r\n".encode()

        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        answer = await p.client.post(p.images, content=body(), headers=headers)
        images = stores.documents.collection(IMAGES, EveryTenant())
        assert await images.count() == 0
        await until(lambda: _nothing(stores))
    assert answer.status_code == 404


async def _no_parts(stores: Stores) -> bool:
    return not await parts_left(stores)


async def _nothing(stores: Stores) -> bool:
    return not [blob.key async for blob in stores.blobs.walk("t/")]


async def test_resumable_uploads_go_with_their_project(stores: Stores) -> None:
    async with platform(stores) as p:
        place = (await begin(p, 5000)).headers["location"]
        await patch(p, place, 0, b"a" * 100)
        await p.client.delete(f"/api/workspace/projects/{p.project_id}")
        uploads = stores.documents.collection(UPLOADS, EveryTenant())
        await until(lambda: _none(uploads.count()))
        await until(lambda: _nothing(stores))


async def _none(count: Any) -> bool:
    return await count == 0


async def _unknown(p: Platform) -> bool:
    return (await p.client.get(p.images)).status_code == 404
