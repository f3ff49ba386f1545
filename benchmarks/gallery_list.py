"""List pages of a project with 100,000 images: `python -m benchmarks.gallery_list`.

Pages with filter and total, deep pages by cursor, through the HTTP app; figures in milliseconds.
`--stores mongo` measures on the tests' MongoDB, with `--mongo-url mongodb://…` on yours.
"""

import argparse
import asyncio
import os
import random
import secrets
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from pymongo import MongoClient

from services.gallery.app import build
from services.gallery.repository import IMAGES, Image
from services.workspace.app import build as build_workspace
from shared.documents.mongo import MongoDocuments
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.ids import new_id
from shared.settings import StoreSettings
from tests.running import running
from tests.servers.catalogue import documents_server
from tests.signing import VARIABLES

AT_ONCE = 200
ROUNDS = 20
LABELS = ("scratch", "pit", "stain", "crack", "dent")


async def main(options: argparse.Namespace) -> None:
    folder = Path(tempfile.mkdtemp(prefix="loupe-bench-"))
    os.environ |= {
        "LOUPE_DATA": str(folder),
        "LOUPE_STORES": "embedded",
        **VARIABLES,
    }
    embedded = Stores.of(StoreSettings(stores="embedded", data=folder))
    try:
        if options.stores == "embedded":
            print(f"embedded, SQLite {sqlite3.sqlite_version}")
            await on(embedded, options.images)
            return
        with mongo(options.mongo_url, folder) as url:
            database = f"bench_{secrets.token_hex(4)}"
            documents = MongoDocuments(url, database)
            await on(Stores(documents, embedded.events, embedded.blobs), options.images)
            with MongoClient(url) as client:
                client.drop_database(database)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mongo(url: str | None, folder: Path) -> Iterator[str]:
    """Give the URL that was asked for, or that of a MongoDB which runs for the block."""
    if url is not None:
        print(f"the server at the given URL, which calls itself {server_name(url)}")
        yield url
        return
    server, address = documents_server(folder / "mongodb")
    server.start()
    print(f"a server of its own, which calls itself {server_name(address)}")
    try:
        yield address
    finally:
        server.dispose()


def server_name(url: str) -> str:
    """Tell what answers there."""
    with MongoClient(url) as client:
        return f"MongoDB {client.server_info()['version']}"


async def on(stores: Stores, count: int) -> None:
    """Fill the stores with images and measure."""
    services = [build_workspace(stores), build(stores)]
    async with running(stores, services) as platform:
        body = {"name": "large", "task": "detection"}
        made = await platform.client.post("/api/workspace/projects", json=body)
        project_id = made.json()["id"]
        path = f"/api/gallery/projects/{project_id}/images"
        for _ in range(100):  # news of the project is on its way
            if (await platform.client.get(path)).status_code == 200:
                break
            await asyncio.sleep(0.1)
        began = time.perf_counter()
        await fill(stores, project_id, count)
        print(f"{count} images written in {time.perf_counter() - began:.0f} s")
        await measure(platform.client, path)
    await stores.close()


async def fill(stores: Stores, project_id: str, count: int) -> None:
    """Write the images through the port, many at once: uploading them is not what is measured."""
    images = stores.documents.collection(IMAGES, TenantScope("default"))
    pictures = pictures_of(project_id, count)
    for _ in range(count // AT_ONCE):
        await asyncio.gather(*(images.insert(next(pictures)) for _ in range(AT_ONCE)))


def pictures_of(project_id: str, count: int) -> Iterator[Image]:
    rng = random.Random(0)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for index in range(count):
        labels = tuple(rng.choices(LABELS, k=rng.choice((0, 0, 1, 2, 5))))
        name = f"line{index % 7}-part-{index:06}.jpg"
        yield Image(
            id=new_id(), tenant="default", project_id=project_id, identity=f"{index:064x}",
            name=name, sort_name=name, status="labelled" if labels else "unlabelled",
            labels=labels, annotated=bool(labels), sha256=f"{index:064x}", size_bytes=200_000,
            original_type="image/jpeg", content_type="image/jpeg",
            blob_key=f"t/default/{index:064x}",
            width=640 + index % 3, height=480, uploaded_at=start + timedelta(seconds=index),
            thumbnails_key="t/default/x", thumbnails={"128": (0, 1), "256": (1, 1), "512": (2, 1)},
        )  # fmt: skip


async def measure(client: httpx.AsyncClient, path: str) -> None:
    async def ask(**params: object) -> httpx.Response:
        answer = await client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer

    day = {"uploaded_from": "2026-01-01T10:00:00Z", "uploaded_to": "2026-01-01T20:00:00Z"}
    questions: dict[str, Callable[[], Awaitable[object]]] = {
        "first page": lambda: ask(),
        "by name, page size 50": lambda: ask(sort="name", page_size=50),
        "status": lambda: ask(status="labelled"),
        "part of the name": lambda: ask(name="part-0999"),
        "label": lambda: ask(label="crack"),
        "label that no image has": lambda: ask(label="dust"),
        "status, by name": lambda: ask(status="labelled", sort="name"),
        "upload time range": lambda: ask(**day),
        "resolution": lambda: ask(width=641, height=480),
        "all filters": lambda: ask(
            name="line3", label="pit", status="labelled", width=641, sort="name", **day
        ),
        "page 9,000 by number": lambda: ask(page=9000),
        "summary": lambda: client.get(path.replace("/images", "/summary")),
    }
    for name, question in questions.items():
        report(name, [await timed(question) for _ in range(ROUNDS)])
    await walk(ask)


async def walk(ask: Callable[..., Awaitable[httpx.Response]]) -> None:
    """Go to the end by cursor and compare the first pages with the last."""
    times: list[float] = []
    cursor: dict[str, object] = {}
    while True:
        began = time.perf_counter()
        page = (await ask(page_size=500, **cursor)).json()
        times.append(time.perf_counter() - began)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    report("cursor, 500 a page, first 20", times[:20])
    report("cursor, 500 a page, last 20", times[-21:-1] or times)


async def timed(question: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await question()
    return time.perf_counter() - began


def report(name: str, times: list[float]) -> None:
    times = sorted(times)
    p95 = times[max(0, int(len(times) * 0.95) - 1)]
    print(f"{name:32} median {statistics.median(times) * 1e3:7.1f} ms   p95 {p95 * 1e3:7.1f} ms")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", choices=("embedded", "mongo"), default="embedded")
    parser.add_argument("--mongo-url", help="a MongoDB replica set; a new database is made in it")
    parser.add_argument("--images", type=int, default=100_000)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(options()))
