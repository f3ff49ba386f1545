"""Resumable uploads: the tus protocol, broken off anywhere."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from gallery_platform import Platform, jpeg, platform
from image_files import encoded, photo
from sending import broken_off

from services.gallery.handlers.resumable import LIFETIME, ResumableUploads
from services.gallery.handlers.uploads import Uploads
from services.gallery.repository import UPLOADS
from shared.clock import utc_now
from shared.documents.port import EveryTenant
from shared.hosting.stores import Stores
from shared.projects.directory import ProjectDirectory
from shared.runtime.image_limits import MAX_FILE_BYTES
from tests.running import credentials
from tests.turning import set_clock

TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}


def named(name: str) -> str:
    return "filename " + base64.b64encode(name.encode()).decode()


async def begin(p: Platform, length: int, name: str = "part.jpg", **more: Any) -> httpx.Response:
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": named(name)}
    place = p.images.replace("/images", "/uploads")
    return await p.client.post(place, headers={**headers, **more.pop("headers", {})}, **more)


async def patch(p: Platform, place: str, offset: int, data: Any) -> httpx.Response:
    headers = {**PART, "Upload-Offset": str(offset)}
    return await p.client.patch(place, headers=headers, content=data)


async def parts_left(stores: Stores) -> list[str]:
    keys = [blob.key async for blob in stores.blobs.walk("t/")]
    return [key for key in keys if "/uploads/" in key]


async def test_upload_in_three_parts(stores: Stores) -> None:
    data = jpeg(1)
    async with platform(stores) as p:
        begun = await begin(p, len(data))
        place = begun.headers["location"]
        assert (await patch(p, place, 0, data[:1000])).headers["upload-offset"] == "1000"
        head = await p.client.head(place, headers=TUS)
        assert (head.headers["upload-offset"], head.headers["upload-length"]) == (
            "1000",
            str(len(data)),
        )
        assert (await patch(p, place, 1000, data[1000:1001])).status_code == 204
        last = await patch(p, place, 1001, data[1001:])
        image = last.json()["files"][0]["image"]
        original = await p.client.get(
            f"{p.images}/{image['id']}/content", params={"original": True}
        )
        gone = await p.client.head(place, headers=TUS)
        assert await parts_left(stores) == []
    assert (begun.status_code, last.status_code, gone.status_code) == (201, 201, 404)
    assert last.headers["upload-offset"] == str(len(data))
    assert image["name"] == "part.jpg"
    assert original.content == data


async def test_whole_upload_with_its_creation(stores: Stores) -> None:
    data = jpeg(1)
    async with platform(stores) as p:
        first = await begin(p, len(data), headers=PART, content=data)
        again = await begin(p, len(data), headers=PART, content=data)
    assert first.json()["files"][0]["outcome"] == "created"
    assert again.json()["files"][0]["outcome"] == "duplicate"


async def test_creation_with_some_bytes_goes_on(stores: Stores) -> None:
    data = jpeg(1)
    async with platform(stores) as p:
        begun = await begin(p, len(data), headers=PART, content=data[:500])
        too_much = await begin(p, 10, headers=PART, content=data)
        last = await patch(p, begun.headers["location"], 500, data[500:])
        assert await parts_left(stores) == []
    assert begun.headers["upload-offset"] == "500"
    assert (begun.status_code, too_much.status_code, last.status_code) == (201, 422, 201)


async def test_part_that_broke_off_is_kept(stores: Stores) -> None:
    data = jpeg(1)

    async with platform(stores) as p:
        place = (await begin(p, len(data))).headers["location"]
        headers = {**PART, "Upload-Offset": "0"}
        chunks = [data[:400], data[400:700]]
        await broken_off(p.client, "PATCH", place, chunks=chunks, headers=headers)
        head = await p.client.head(place, headers=TUS)
        offset = int(head.headers["upload-offset"])
        last = await patch(p, place, offset, data[offset:])
    assert offset == 700
    assert last.status_code == 201


async def test_refused_file_tells_its_problem_and_leaves_nothing(
    stores: Stores, tmp_path: Path
) -> None:
    async with platform(stores) as p:
        answer = await begin(p, 5, headers=PART, content=b"hello")
        assert await parts_left(stores) == []
        assert not list((tmp_path / "data" / "staging" / "gallery").glob("*/*"))
    assert answer.status_code == 415
    assert answer.json()["type"] == "urn:loupe:problem:image-format-unsupported"


async def test_misused_protocol_is_refused(stores: Stores) -> None:
    data = jpeg(1)
    async with platform(stores) as p:
        place = (await begin(p, len(data))).headers["location"]
        other = await p.client.patch(
            place, headers={**TUS, "Upload-Offset": "0", "Content-Type": "text/plain"}, content=b"x"
        )
        answers = {
            "a wrong offset": await patch(p, place, 5, data[5:]),
            "more than announced": await patch(p, place, 0, data + b"x"),
            "another type": other,
            "no version": await p.client.patch(
                place,
                headers={"Upload-Offset": "0", "Content-Type": PART["Content-Type"]},
                content=data,
            ),
            "another version": await p.client.patch(
                place, headers={**PART, "Tus-Resumable": "0.2", "Upload-Offset": "0"}, content=data
            ),
            "over 100 MB": await begin(p, MAX_FILE_BYTES + 1),
            "no name": await begin(p, 5, headers={"Upload-Metadata": "filetype YQ=="}),
            "a damaged name": await begin(p, 5, headers={"Upload-Metadata": "filename %%%"}),
            "a hostile name": await begin(p, 5, name="a\u202egpj.exe"),
            "somebody else's": await p.client.head(place, headers=credentials("other")),
        }
        head = await p.client.head(place, headers=TUS)
    statuses = {reason: answer.status_code for reason, answer in answers.items()}
    assert statuses == {
        "a wrong offset": 409, "more than announced": 422, "another type": 415, "no version": 422,
        "another version": 412, "over 100 MB": 413, "no name": 422, "a damaged name": 422,
        "a hostile name": 422, "somebody else's": 404,
    }  # fmt: skip
    assert head.headers["upload-offset"] == "0"


async def test_cancelled_and_forgotten_uploads_leave_nothing(stores: Stores) -> None:
    async with platform(stores) as p:
        place = (await begin(p, 5000)).headers["location"]
        await patch(p, place, 0, b"a" * 100)
        assert len(await parts_left(stores)) == 1
        crashed = f"{(await parts_left(stores))[0]}x"  # stored, but no document knows it yet
        await stores.blobs.put(crashed, b"a")
        cancelled = await p.client.delete(place, headers=TUS)
        assert cancelled.status_code == 204
        assert await parts_left(stores) == []
        place = (await begin(p, 5000)).headers["location"]
        await patch(p, place, 0, b"a" * 100)
        later = ResumableUploads(
            stores.documents, stores.blobs, staging=None, uploads=p.use(Uploads),
            projects=ProjectDirectory(stores.documents, "gallery"),
            clock=lambda: utc_now() + LIFETIME + timedelta(minutes=1),
        )  # fmt: skip
        assert await later.expire() == 1
        assert await parts_left(stores) == []
        uploads = stores.documents.collection(UPLOADS, EveryTenant())
        assert await uploads.count() == 0


async def test_a_clock_that_jumps_ahead_ends_no_upload(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = jpeg(1)
    async with platform(stores) as p:
        place = (await begin(p, len(data))).headers["location"]
        await patch(p, place, 0, data[:1000])
        set_clock(monkeypatch, LIFETIME + timedelta(minutes=1))
        assert await p.use(ResumableUploads).expire() == 0
        set_clock(monkeypatch, timedelta())
        last = await patch(p, place, 1000, data[1000:])
        assert last.json()["files"][0]["image"]["name"] == "part.jpg"


async def test_an_upload_of_a_clock_that_was_ahead_ends_a_day_after_it_is_right(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with platform(stores) as p:
        set_clock(monkeypatch, timedelta(days=30))
        place = (await begin(p, 5000)).headers["location"]
        await patch(p, place, 0, b"a" * 100)
        set_clock(monkeypatch, timedelta())
        uploads = p.use(ResumableUploads)
        assert await uploads.expire() == 0
        upload = await uploads.find("default", p.project_id, place.rpartition("/")[2])
        assert upload.expires_at <= utc_now() + LIFETIME


async def test_options_describe_the_protocol(stores: Stores) -> None:
    async with platform(stores) as p:
        answer = await p.client.options(p.images.replace("/images", "/uploads"))
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == "100000000"
    assert "creation-with-upload" in answer.headers["tus-extension"]


async def test_png_goes_the_same_way(stores: Stores) -> None:
    data = encoded(photo(seed=3), "PNG")
    async with platform(stores) as p:
        answer = await begin(p, len(data), name="überprüft 7.png", headers=PART, content=data)
    assert answer.json()["files"][0]["image"]["name"] == "überprüft 7.png"
