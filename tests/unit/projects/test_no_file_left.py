"""A project that was used in every way leaves no file: after it the folder is as it was before."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from services.workspace.handlers.collector import Collector
from shared.clock import utc_now
from shared.hosting.stores import Stores
from tests.running import until
from tests.unit.annotation.platform import labelme, packed
from tests.unit.projects.house import House, gone, house, png

SAFE = timedelta(hours=72)


def files(folder: Path) -> set[str]:
    """Every file below, but those of the database."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("loupe.db")
    }


async def use(place: House) -> None:
    """Train, judge, look, import, export, test an unfinished upload: whatever writes files."""
    await place.train("queued")
    await until(place.worker.work_once)
    await until(place.judge.work_once)
    images = (await place.client.get(place.at("gallery", "/images"))).json()["items"]
    for path in ("thumbnail", "content"):
        shown = await place.client.get(place.at("gallery", f"/images/{images[0]['id']}/{path}"))
        assert shown.status_code == 200, shown.text
    labels = {"content": packed({"0.json": labelme("pit")})}
    zipped = {"Content-Type": "application/zip"}
    for dry_run in (True, False):
        params = {"name": "labels.zip", "dry_run": dry_run}
        where = place.at("annotation", "/import-runs")
        begun = await place.client.post(where, params=params, headers=zipped, **labels)
        assert begun.status_code == 202, begun.text
    exported = await place.client.get(place.at("annotation", "/exports"), params={"format": "coco"})
    assert exported.status_code == 200, exported.text
    data = png(99)
    wanted = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(data)),
        "Upload-Metadata": "filename YS5wbmc=",
    }
    upload = await place.client.post(place.at("gallery", "/uploads"), headers=wanted)
    assert upload.status_code == 201, upload.text
    part = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }
    half = data[: len(data) // 2]
    sent = await place.client.patch(upload.headers["Location"], headers=part, content=half)
    assert sent.status_code == 204, sent.text


async def test_after_a_project_that_was_used_in_every_way_no_file_is_left(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_WORKSPACE_UPKEEP_H", "0")
    ahead = timedelta()
    async with house(stores, tmp_path) as place:
        await until(place.is_quiet)
        before = await asyncio.to_thread(files, tmp_path)
        await use(place)
        full = await asyncio.to_thread(files, tmp_path)
        kinds = ("uploads/", "/default/")
        assert all(any(kind in name for name in full) for kind in kinds), full
        assert len(full - before) > 20
        await place.delete()
        await gone(place)
        looking = Collector(
            stores.documents,
            stores.blobs,
            stores.events,
            safe_age=SAFE,
            clock=lambda: utc_now() + ahead,
        )
        await looking.collect()
        ahead = SAFE
        await looking.collect()
        assert await asyncio.to_thread(files, tmp_path) - before == set()
