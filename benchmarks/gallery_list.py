"""List pages of a project with 100,000 images, embedded: `python benchmarks/gallery_list.py`.

Pages with filter and total, deep pages by cursor, through the HTTP app; figures in milliseconds.
"""

import asyncio
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

IMAGES = 100_000
ROUNDS = 20
LABELS = ("scratch", "pit", "stain", "crack", "dent")


async def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="loupe-bench-"))
    os.environ |= {
        "LOUPE_DATA": str(folder),
        "LOUPE_STORES": "embedded",
        "LOUPE_TOKEN_SECRET": "0123456789abcdef" * 4,
    }
    from services.gallery.app import build
    from services.workspace.app import build as build_workspace
    from shared.settings import StoreSettings
    from shared.stores import Stores
    from tests.running import running

    stores = Stores.of(StoreSettings(stores="embedded", data=folder))
    async with running(stores, [build_workspace(stores), build(stores)]) as platform:
        body = {"name": "large", "task": "detection"}
        made = await platform.client.post("/api/workspace/projects", json=body)
        project_id = made.json()["id"]
        path = f"/api/gallery/projects/{project_id}/images"
        await platform.client.get(path)
        fill(folder / "loupe.db", project_id)
        await measure(platform.client, path)
    await stores.close()


def fill(database: Path, project_id: str) -> None:
    """Write the images straight into the table: uploading them is not what is measured."""
    from services.gallery.repository import Image
    from shared.ids import new_id

    rng = random.Random(0)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = []
    for index in range(IMAGES):
        labels = tuple(rng.choices(LABELS, k=rng.choice((0, 0, 1, 2, 5))))
        name = f"line{index % 7}-part-{index:06}.jpg"
        image = Image(
            id=new_id(), tenant="default", project_id=project_id, identity=f"{index:064x}",
            name=name, sort_name=name, status="labelled" if labels else "unlabelled",
            labels=labels, annotated=bool(labels), sha256=f"{index:064x}", size_bytes=200_000,
            original_type="image/jpeg", content_type="image/jpeg",
            blob_key=f"t/default/{index:064x}",
            width=640 + index % 3, height=480, uploaded_at=start + timedelta(seconds=index),
            thumbnails_key="t/default/x", thumbnails={"128": (0, 1), "256": (1, 1), "512": (2, 1)},
        )  # fmt: skip
        rows.append(("default", image.id, 1, image.model_dump_json(exclude={"version"})))
    with sqlite3.connect(database) as connection:
        connection.executemany(
            'INSERT INTO "gallery.images" (tenant, id, version, body) VALUES (?, ?, ?, ?)', rows
        )
    connection.close()


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
    report("cursor, 500 a page, last 20", times[-21:-1])


async def timed(question: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await question()
    return time.perf_counter() - began


def report(name: str, times: list[float]) -> None:
    times = sorted(times)
    p95 = times[max(0, int(len(times) * 0.95) - 1)]
    print(f"{name:32} median {statistics.median(times) * 1e3:7.1f} ms   p95 {p95 * 1e3:7.1f} ms")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    asyncio.run(main())
