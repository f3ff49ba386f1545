"""The gallery by its HTTP face: uploads, their bounds and content, quota and tenants."""

import asyncio
import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from gallery_platform import jpeg, platform
from image_files import encoded, exif, photo, png_header
from PIL import Image

from shared.hosting.stores import Stores
from shared.ids import new_id
from tests.running import credentials


async def test_each_file_has_its_own_result(stores: Stores) -> None:
    async with platform(stores) as p:
        first = await p.upload(("a.jpg", jpeg(1)), ("b.png", encoded(photo(seed=2), "PNG")))
        mixed = await p.upload(("a.jpg", jpeg(1)), ("c.txt", b"hello"), ("d.jpg", jpeg(3)))
        again = await p.upload(("z.jpg", jpeg(1)))
        alone = await p.upload(("c.txt", b"hello"))
        listed = await p.get()
    assert (first.status_code, mixed.status_code, again.status_code) == (201, 207, 200)
    assert [f["outcome"] for f in mixed.json()["files"]] == ["duplicate", "refused", "created"]
    refused = mixed.json()["files"][1]
    assert refused["problem"]["type"] == "urn:loupe:problem:image-format-unsupported"
    assert refused["status"] == 415
    (known,) = again.json()["files"]
    assert known["image"]["name"] == "a.jpg"
    assert known["warnings"] == [
        "the same picture is here as 'a.jpg'; labels of 'z.jpg' must bear that name"
    ]
    assert mixed.json()["files"][0]["warnings"] == []
    assert alone.status_code == 415
    assert alone.headers["content-type"] == "application/problem+json"
    assert alone.json()["type"] == "urn:loupe:problem:image-format-unsupported"
    assert listed["total"] == 3


PLAIN_BOUNDS = [
    # width, height, orientation, status: whole files at the bounds of C-036 and C-038
    (30, 30, 1, 201),
    (29, 30, 1, 422),
    (30, 29, 1, 422),
    (180, 30, 1, 201),
    (181, 30, 1, 422),
    (30, 180, 6, 201),
    (30, 181, 6, 422),
]


async def test_whole_files_at_the_plain_bounds(stores: Stores) -> None:
    async with platform(stores) as p:
        for kind in ("JPEG", "PNG", "BMP"):
            for index, (width, height, turn, status) in enumerate(PLAIN_BOUNDS):
                options = {} if kind == "BMP" else {"exif": exif(turn)}
                data = encoded(photo(width, height, seed=index), kind, **options)
                answer = await p.upload((f"{kind}{index}", data))
                assert answer.status_code == status, (kind, width, height)


async def test_whole_files_at_the_tiled_bounds(stores: Stores) -> None:
    rows = [(30, 60, 1, 201), (60, 30, 6, 201), (29, 60, 1, 422), (60, 29, 6, 422)]
    async with platform(stores, tiling={"rows": 2, "columns": 1}) as p:
        for index, (width, height, turn, status) in enumerate(rows):
            data = encoded(photo(width, height, seed=index), "PNG", exif=exif(turn))
            answer = await p.upload((f"{index}.png", data))
            assert answer.status_code == status, (width, height, turn)


async def test_a_project_cuts_into_fifty_rows_and_columns_at_most(stores: Stores) -> None:
    async with platform(stores) as p:
        for sides, status in ((50, 201), (51, 422)):
            grid = {"rows": sides, "columns": sides}
            body = {"name": f"grid {sides}", "task": "detection", "tiling": grid}
            answer = await p.client.post("/api/workspace/projects", json=body)
            assert answer.status_code == status


async def test_a_pale_twelve_bit_picture_is_shown_and_told(stores: Stores) -> None:
    values = np.asarray(photo(64, 48).convert("L")).astype(np.uint16) % 16
    deep = cv2.imencode(".png", values)[1].tobytes()
    async with platform(stores) as p:
        answer = await p.upload(("deep.png", deep), ("plain.jpg", jpeg(1)))
    told, plain = answer.json()["files"]
    assert (told["outcome"], plain["outcome"]) == ("created", "created")
    first, second = told["warnings"]
    assert "12-bit" in first
    assert "pale" in second
    assert plain["warnings"] == []


async def test_limits_are_those_that_uploads_meet(stores: Stores) -> None:
    async with platform(stores) as p:
        limits = (await p.client.get("/api/gallery/limits")).json()
        most = limits["plain"]["most"]
        over = await p.upload(("a.png", png_header(most["longer"] + 1, most["shorter"])))
    assert over.json()["type"] == "urn:loupe:problem:image-too-many-pixels"
    assert limits["max_file_bytes"] == 100_000_000
    assert limits["tiled"]["most"] == {"shorter": 10_000, "longer": 30_000}
    assert limits["content_types"] == ["image/jpeg", "image/png", "image/bmp"]


async def test_nothing_stays_in_staging(stores: Stores, tmp_path) -> None:
    async with platform(stores) as p:
        await p.upload(("a.jpg", jpeg(1)), ("b.jpg", jpeg(2)[:900]), ("c", b""))
        folder = tmp_path / "data" / "staging" / "gallery"
        assert not list(folder.glob("*/*"))


async def test_turned_photo_is_stored_upright_and_kept_as_it_was(stores: Stores) -> None:
    data = jpeg(1, exif=exif(6))
    async with platform(stores) as p:
        image = await p.one("turned.jpg", data)
        place = f"{p.images}/{image['id']}"
        content = await p.client.get(f"{place}/content")
        original = await p.client.get(f"{place}/content", params={"original": True})
        small = await p.client.get(f"{place}/thumbnail", params={"size": 128})
    assert (image["width"], image["height"]) == (240, 320)
    assert Image.open(io.BytesIO(content.content)).size == (240, 320)
    assert original.content == data
    assert original.headers["content-disposition"].startswith("attachment")
    assert original.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(small.content)).size == (96, 128)


async def test_thumbnail_sizes(stores: Stores) -> None:
    async with platform(stores) as p:
        image = await p.one("a.jpg", jpeg(1, (2000, 1500)))
        sizes = {}
        for asked in (1, 128, 129, 256, 512, 4096):
            answer = await p.client.get(
                f"{p.images}/{image['id']}/thumbnail", params={"size": asked}
            )
            sizes[asked] = max(Image.open(io.BytesIO(answer.content)).size)
    assert sizes == {1: 128, 128: 128, 129: 256, 256: 256, 512: 512, 4096: 512}


async def test_the_same_file_fifty_times_at_once_is_one_image(stores: Stores) -> None:
    async with platform(stores) as p:
        answers = await asyncio.gather(*(p.upload(("a.jpg", jpeg(1))) for _ in range(50)))
        listed = await p.get()
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert [answer.status_code for answer in answers].count(201) == 1
    assert listed["total"] == 1


async def test_foreign_and_missing_look_the_same(
    stores: Stores, all_is_heard: Callable[[], None]
) -> None:
    other = credentials("other")
    async with platform(stores) as p:
        image = await p.one("a.jpg", jpeg(1))
        all_is_heard()
        place = f"{p.images}/{image['id']}"
        never = new_id()  # as young as the project of the other: it might be on its way
        for path in (p.images, place, f"{place}/content", f"{place}/thumbnail"):
            foreign = await p.client.get(path, headers=other)
            absent = await p.client.get(path.replace(p.project_id, never), headers=other)
            assert foreign.status_code == absent.status_code == 503
            assert foreign.text == absent.text.replace(never, p.project_id)
        foreign = await p.client.post(p.images, files=[("files", ("a", jpeg(1)))], headers=other)
        assert foreign.status_code == 503
        missing = await p.client.get(f"{p.images}/nothing")
    assert (missing.status_code, missing.json()["detail"]) == (404, "no image nothing")


async def test_viewer_may_not_upload_and_nobody_may_without_a_token(stores: Stores) -> None:
    async with platform(stores) as p:
        file = [("files", ("a", jpeg(1)))]
        viewer = await p.client.post(p.images, files=file, headers=credentials("default", "viewer"))
        nobody = await p.client.post(p.images, files=file, headers={"Authorization": ""})
    assert (viewer.status_code, nobody.status_code) == (403, 401)


async def test_quota_is_checked_before_the_body(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_GALLERY_MAX_IMAGES", "2")
    async with platform(stores) as p:
        first = await p.upload(("a.jpg", jpeg(1)), ("b.jpg", jpeg(2)))
        over = await p.upload(("c.jpg", jpeg(3)))
    assert first.status_code == 201
    assert over.status_code == 429
    assert over.json()["type"] == "urn:loupe:problem:image-quota-exceeded"
    assert "retry-after" in over.headers
