"""A project is deleted while its files come in, and nothing of it stays anywhere."""

import asyncio
import base64
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.annotation.process.archive_parser import ArchiveParser
from shared.hosting.stores import Stores
from tests.running import until
from tests.unit.projects.house import House, Moment, gone, house, png

TUS = {"Tus-Resumable": "1.0.0"}

BOUNDARY = "line"


async def uploaded(place: House) -> None:
    await place.upload()
    await place.delete()


async def in_the_middle_of_an_upload(place: House) -> None:
    data = png(1)
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=files; filename=a.png\r\n\r\n"
    ).encode()

    async def body() -> AsyncIterator[bytes]:
        yield head + data[:1000]
        await place.delete()
        yield data[1000:] + f"\r\n--{BOUNDARY}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    await place.client.post(place.at("gallery", "/images"), content=body(), headers=headers)


async def begin_resumable(place: House, data: bytes) -> str:
    name = base64.b64encode(b"a.png").decode()
    headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": f"filename {name}"}
    answer = await place.client.post(place.at("gallery", "/uploads"), headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def patch(place: House, where: str, offset: int, data: bytes) -> httpx.Response:
    headers = {**TUS, "Upload-Offset": str(offset)}
    headers["Content-Type"] = "application/offset+octet-stream"
    return await place.client.patch(where, headers=headers, content=data)


async def an_upload_begun(place: House) -> None:
    await begin_resumable(place, png(1))
    await place.delete()


async def half_an_upload(place: House) -> None:
    data = png(1)
    where = await begin_resumable(place, data)
    await patch(place, where, 0, data[:1000])
    await place.delete()
    await patch(place, where, 1000, data[1000:])


async def cut_into_tiles(place: House) -> None:
    await place.upload(2, side=300)
    await place.delete()


def archive() -> bytes:
    voc = (
        "<annotation><filename>0.png</filename><size><width>64</width><height>64</height>"
        "<depth>3</depth></size><object><name>pit</name><bndbox><xmin>5</xmin><ymin>5</ymin>"
        "<xmax>30</xmax><ymax>30</ymax></bndbox></object></annotation>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("0.xml", voc)
    return file.getvalue()


async def imported(place: House) -> None:
    await place.upload()
    files = {"file": ("labels.zip", archive(), "application/zip")}
    answer = await place.client.post(place.at("annotation", "/imports"), files=files)
    assert answer.status_code == 201, answer.text
    await place.delete()


async def in_the_middle_of_an_import(place: House) -> None:
    await place.upload()
    data = archive()
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=file; filename=a.zip\r\n"
        "Content-Type: application/zip\r\n\r\n"
    ).encode()

    async def body() -> AsyncIterator[bytes]:
        yield head + data[:100]
        await place.delete()
        yield data[100:] + f"\r\n--{BOUNDARY}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    await place.client.post(place.at("annotation", "/imports"), content=body(), headers=headers)


async def begin_import(place: House) -> None:
    await place.upload()
    files = {"file": ("labels.zip", archive(), "application/zip")}
    answer = await place.client.post(place.at("annotation", "/import-runs"), files=files)
    assert answer.status_code in (201, 202), answer.text


async def an_import_waits(place: House) -> None:
    await begin_import(place)
    await place.delete()


MOMENTS: tuple[Moment, ...] = (
    uploaded,
    in_the_middle_of_an_upload,
    an_upload_begun,
    half_an_upload,
    imported,
    in_the_middle_of_an_import,
    an_import_waits,
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_nothing_of_its_files_outlives_a_project(
    stores: Stores, tmp_path: Path, moment: Moment
) -> None:
    async with house(stores, tmp_path) as place:
        await moment(place)
        await gone(place)


@pytest.mark.parametrize("is_read", [False, True], ids=["while it is read", "once it is read"])
async def test_nothing_of_an_import_in_the_background_outlives_its_project(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_read: bool
) -> None:
    parse, began, goes_on = ArchiveParser.parse, asyncio.Event(), asyncio.Event()

    async def held(self: ArchiveParser, *order: Any, **how: Any) -> Any:
        read = await parse(self, *order, **how) if is_read else None
        began.set()
        await goes_on.wait()
        return read if is_read else await parse(self, *order, **how)

    monkeypatch.setattr(ArchiveParser, "parse", held)
    async with house(stores, tmp_path) as place:
        await begin_import(place)
        await until(began.is_set)
        await place.delete()
        goes_on.set()
        await gone(place)


async def test_nothing_of_a_tiled_project_outlives_it(stores: Stores, tmp_path: Path) -> None:
    async with house(stores, tmp_path, tiled=True) as place:
        await cut_into_tiles(place)
        await gone(place)
