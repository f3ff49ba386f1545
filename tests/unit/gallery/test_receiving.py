"""What an upload may be as a request: its size, its pace, its parts, and the room that is left."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from gallery_platform import Platform, jpeg, platform
from image_files import encoded, photo
from test_resumable import PART, TUS, begin

from services.gallery.adapters.staging import StagedFile
from services.gallery.handlers.quota import Quota
from shared.contracts.annotation_events import AnnotationSaved
from shared.errors import DependencyDown, NoSpaceLeft, catalogue
from shared.hosting.stores import Stores
from shared.http.multipart import MAX_FIELDS, MAX_FILES
from shared.http.problems import problem_of
from shared.runtime.image_limits import MAX_FILE_BYTES

HEAD = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


def staged(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "data" / "staging" / "gallery").glob("*/*"))


def padded(size_bytes: int) -> list[bytes]:
    """A multipart body of one good PNG with padding behind its end, to this size."""
    png = encoded(photo(64, 48), "PNG")
    block = bytes(1 << 20)
    whole, rest = divmod(size_bytes - len(png), len(block))
    return [HEAD, png, *([block] * whole), bytes(rest), TAIL]


async def post(p: Platform, chunks: AsyncIterator[bytes]) -> httpx.Response:
    return await p.client.post(p.images, content=chunks, headers=MULTIPART)


async def sent(chunks: list[bytes], pause_s: float = 0.0) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(pause_s)


@pytest.mark.slow
@pytest.mark.parametrize(("over", "status"), [(0, 201), (1, 413)])
async def test_a_streamed_file_at_and_over_100_mb(
    stores: Stores, tmp_path: Path, over: int, status: int
) -> None:
    async with platform(stores) as p:
        answer = await post(p, sent(padded(MAX_FILE_BYTES + over)))
        assert staged(tmp_path) == []
    assert answer.status_code == status, answer.text
    if over:
        assert answer.json()["type"] == "urn:loupe:problem:image-file-too-large"


@pytest.mark.parametrize(
    ("chunks", "pause_s"),
    [
        pytest.param([HEAD, b"x"], 30.0, id="nothing more comes"),
        pytest.param([HEAD, *([b"x"] * 400)], 0.01, id="a byte at a time"),
    ],
)
async def test_a_client_that_sends_next_to_nothing_is_not_waited_for(
    stores: Stores,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chunks: list[bytes],
    pause_s: float,
) -> None:
    monkeypatch.setenv("LOUPE_GALLERY_IDLE_S", "0.3")
    async with platform(stores) as p:
        answer = await post(p, sent(chunks, pause_s))
        assert staged(tmp_path) == []
    assert answer.status_code == 408
    assert answer.json()["type"] == "urn:loupe:problem:upload-too-slow"


async def test_nothing_stays_in_staging_where_quotas_cannot_be_read(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_quota: Quota, _tenant: str) -> None:
        raise DependencyDown("the document store does not answer")

    monkeypatch.setattr(Quota, "begin_upload", down)
    async with platform(stores) as p:
        answer = await post(p, sent([HEAD, encoded(photo(64, 48), "PNG"), TAIL]))
        assert staged(tmp_path) == []
    assert answer.status_code == 503


async def test_a_part_that_comes_too_slowly_is_kept_as_far_as_it_came(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_GALLERY_IDLE_S", "0.3")
    data = jpeg(1)
    async with platform(stores) as p:
        place = (await begin(p, len(data))).headers["location"]
        headers = {**PART, "Upload-Offset": "0"}
        slow = await p.client.patch(place, content=sent([data[:700]], 30.0), headers=headers)
        head = await p.client.head(place, headers=TUS)
    assert slow.status_code == 408
    assert head.headers["upload-offset"] == "700"


def parts(count: int, disposition: bytes) -> list[bytes]:
    part = b"--b\r\nContent-Disposition: form-data; name=x" + disposition + b"\r\n\r\n\r\n"
    return [part * count, b"--b--\r\n"]


@pytest.mark.parametrize(
    ("count", "disposition", "refused"),
    [
        (MAX_FILES, b"; filename=a", False),
        (MAX_FILES + 1, b"; filename=a", True),
        (MAX_FIELDS, b"", False),
        (MAX_FIELDS + 1, b"", True),
    ],
)
async def test_a_request_has_a_hundred_files_and_twenty_fields_at_most(
    stores: Stores, tmp_path: Path, count: int, disposition: bytes, refused: bool
) -> None:
    async with platform(stores) as p:
        answer = await post(p, sent(parts(count, disposition)))
        assert staged(tmp_path) == []
    assert (answer.status_code == 413) is refused
    assert answer.status_code < 500


async def test_a_full_disk_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "upload"
    folder.mkdir()
    (folder / "original").symlink_to("/dev/full")
    file = StagedFile(folder)
    with pytest.raises(NoSpaceLeft) as caught:
        await file.write(bytes(2 << 20))
    file.discard()
    assert not folder.exists()
    problem = problem_of(caught.value)
    assert (problem.status, problem.type) == (507, "urn:loupe:problem:no-space-left")
    assert NoSpaceLeft in set(catalogue())


async def test_bytes_count_for_the_quota_to_the_last_one(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = jpeg(1), jpeg(2)
    monkeypatch.setenv("LOUPE_GALLERY_MAX_GIB", str((len(first) + len(second)) / (1 << 30)))
    async with platform(stores) as p:
        await p.one("a.jpg", first)
        over = await p.upload(("b.jpg", second + b"\0"))
        announced = await begin(p, len(second) + 1)
        fits = await p.upload(("b.jpg", second))
        full = await p.upload(("c.jpg", jpeg(3)))
    assert announced.status_code == 429
    assert (over.status_code, fits.status_code, full.status_code) == (429, 201, 429)
    detail = full.json()["detail"]
    assert "2 of at most 1000000 images" in detail
    total = len(first) + len(second)
    assert f"{total} of at most {total} bytes" in detail


async def test_files_that_come_at_once_do_not_pass_the_quota(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_GALLERY_MAX_IMAGES", "3")
    async with platform(stores) as p:
        answers = await asyncio.gather(*(p.upload((f"{n}.jpg", jpeg(n))) for n in range(12)))
        listed = await p.get()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 3 + [429] * 9
    assert listed["total"] == 3


async def test_a_label_is_found_however_it_is_written(stores: Stores) -> None:
    """The store has one form of it: composed, and with plain blanks."""
    async with platform(stores) as p:
        image = await p.one("a.jpg", jpeg(1))
        annotated = AnnotationSaved(
            project_id=p.project_id, image_id=image["id"], labels=("Pi\u00e8ce 1",)
        )
        await p.say(annotated)
        asked = ("Pi\u00e8ce 1", "Pie\u0300ce 1", "Pi\u00e8ce\u30001 ", "\u200b")
        totals = [(await p.get(label=label))["total"] for label in asked]
    assert totals == [1, 1, 1, 0]


async def test_the_same_picture_under_a_second_name_is_told_which_one_it_is(
    stores: Stores,
) -> None:
    async with platform(stores) as p:
        await p.one("left.png", jpeg(1))
        (again,) = (await p.upload(("right.png", jpeg(1)))).json()["files"]
    assert again["outcome"] == "duplicate"
    assert "the same picture is here as 'left.png'" in " ".join(again["warnings"])


async def test_a_name_is_found_in_either_unicode_form(stores: Stores) -> None:
    async with platform(stores) as p:
        await p.one("Pi\u00e8ce.jpg", jpeg(1))
        composed = await p.get(name="pi\u00c8ce")
        apart = await p.get(name="pie\u0300ce")
    assert (composed["total"], apart["total"]) == (1, 1)


async def test_a_name_of_which_bytes_are_lost_is_refused(stores: Stores) -> None:
    """Stored with marks for its lost bytes, it would be no label file's image, or another's."""
    async with platform(stores) as p:
        head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="'
        body = head + "划痕.jpg".encode("gbk") + b'"\r\n\r\n' + jpeg(1) + b"\r\n--b--\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await p.client.post(p.images, content=body, headers=kind)
        listed = await p.get()
    assert answer.status_code == 422
    (file,) = answer.json()["files"]
    assert "not UTF-8" in file["problem"]["detail"]
    assert listed["total"] == 0
