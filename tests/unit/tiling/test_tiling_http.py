"""Tiling by its HTTP face and its events, together with the gallery."""

from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from services.gallery.app import build as build_gallery
from services.tiling.app import build as build_tiling
from services.workspace.app import build as build_workspace
from shared.blobs.content import lost
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.events.subscriptions import by_event
from shared.hosting.stores import Stores
from shared.ids import new_id
from shared.vision.tile_advice import advise
from shared.vision.tiles import TilePlan
from tests.running import Running, credentials, running, until


class Platform:
    def __init__(self, run: Running, project_id: str, tiling: Any) -> None:
        self.client = run.client
        self.project_id = project_id
        self.images = f"/api/gallery/projects/{project_id}/images"
        self.plan_path = f"/api/tiling/projects/{project_id}/plan"
        self._handlers = by_event(tiling.subscriptions)

    async def upload(self, *files: tuple[str, bytes]) -> httpx.Response:
        parts = [("files", (name, data)) for name, data in files]
        return await self.client.post(self.images, files=parts)

    async def plan(self, **params: Any) -> dict[str, Any]:
        answer = await self.client.get(self.plan_path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def listed(self, **params: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(self.images, params={"page_size": 100, **params})
        return answer.json()["items"]

    async def until_listed(self, count: int, **params: Any) -> list[dict[str, Any]]:
        async def look() -> list[dict[str, Any]]:
            items = await self.listed(**params)
            cutting = any(item["tiling"] == "waiting" for item in items)
            return items if len(items) == count and not cutting else []

        return await until(look)

    async def say(self, body: Any, *, sequence: int = 1) -> None:
        event = Event(
            id=new_id(), source="test", type=body.type, time="2026-01-01T00:00:00Z",
            subject="a", tenant="default", sequence=sequence, data=body,
        )  # fmt: skip
        for handler in self._handlers[type(body)]:
            await handler(event)


@asynccontextmanager
async def platform(stores: Stores, tiling: Any = None):
    services = [build_workspace(stores), build_gallery(stores), build_tiling(stores)]
    async with running(stores, services) as run:
        body = {"name": "boards", "task": "detection", "tiling": tiling}
        made = await run.client.post("/api/workspace/projects", json=body)
        yield Platform(run, made.json()["id"], services[2])


def png(width: int, height: int, seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    pixels = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".png", pixels)[1].tobytes()


def pixels_of(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


async def test_uploaded_image_becomes_its_tiles(stores: Stores) -> None:
    data = png(401, 300)
    async with platform(stores, {"rows": 2, "columns": 3}) as p:
        parent = (await p.upload(("board.png", data))).json()["files"][0]["image"]
        await p.until_listed(6)
        tiles = await p.listed(sort="name")
        detail = (await p.client.get(f"{p.images}/{parent['id']}")).json()
        again = await p.upload(("board.png", data))
        whole = pixels_of(data)
        for tile in tiles:
            content = await p.client.get(f"{p.images}/{tile['id']}/content")
            x, y = tile["offset_x"], tile["offset_y"]
            part = whole[y : y + tile["height"], x : x + tile["width"]]
            np.testing.assert_array_equal(pixels_of(content.content), part)
    windows = TilePlan(grid=(2, 3)).windows(401, 300)
    assert [(t["row"], t["column"], t["offset_x"], t["width"]) for t in tiles] == [
        (w.row, w.column, w.x, w.width) for w in windows
    ]
    assert {t["parent_id"] for t in tiles} == {parent["id"]}
    assert {t["plan_hash"] for t in tiles} == {TilePlan(grid=(2, 3)).hash}
    assert [t["id"] for t in detail["tile_images"]] == [t["id"] for t in tiles]
    assert again.json()["files"][0]["outcome"] == "duplicate"


async def test_an_image_with_other_bytes_than_were_stored_is_not_cut(stores: Stores) -> None:
    async with running(stores, [build_workspace(stores), build_gallery(stores)]) as run:
        body = {"name": "boards", "task": "detection", "tiling": {"rows": 2, "columns": 2}}
        project = (await run.client.post("/api/workspace/projects", json=body)).json()["id"]
        images = f"/api/gallery/projects/{project}/images"
        sent = {"files": ("board.png", png(400, 300))}
        image = (await run.client.post(images, files=sent)).json()["files"][0]["image"]
    (key,) = [
        blob.key async for blob in stores.blobs.walk("t/") if blob.key.endswith(image["sha256"])
    ]
    await stores.blobs.put(key, png(400, 300, seed=1))
    async with running(stores, [build_gallery(stores), build_tiling(stores)]) as run:

        async def ended() -> dict[str, Any] | None:
            found = (await run.client.get(f"{images}/{image['id']}")).json()
            return None if found["tiling"] == "waiting" else found

        found = await until(ended)
    assert (found["tiling"], found["tile_images"]) == ("failed", [])
    assert found["tiling_reason"] == lost("board.png")


async def test_plain_project_cuts_nothing(stores: Stores) -> None:
    async with platform(stores) as p:
        await p.upload(("board.png", png(400, 300)))

        async def planned() -> dict[str, Any] | None:
            plan = await p.plan()
            return plan if plan["image_width"] == 400 else None

        plan = await until(planned)
        assert len(await p.listed()) == 1
    assert (plan["mode"], plan["advice"], plan["area_ratio"]) == ("whole", None, None)
    assert plan["preview"] == [
        {"number": 1, "row": 0, "column": 0, "x": 0, "y": 0, "width": 400, "height": 300}
    ]


async def test_preview_numbers_tiles_row_by_row(stores: Stores) -> None:
    async with platform(stores, {"rows": 2, "columns": 2}) as p:
        plan = await p.plan(width=100, height=80)
    assert plan["plan"]["hash"] == TilePlan(grid=(2, 2)).hash
    places = [(t["number"], t["x"], t["y"]) for t in plan["preview"]]
    assert places == [(1, 0, 0), (2, 50, 0), (3, 0, 40), (4, 50, 40)]
    assert plan["violations"] == []


async def test_advised_plan_is_previewed_and_put_in_force_as_it_was_given(stores: Stores) -> None:
    asked = {"width": 1000, "height": 800, "min_target_area": 100, "max_target_side": 14}
    given = advise(1000, 800, min_target_area=100, largest_small_side=14).plan
    rows, columns = given.grid or (0, 0)
    grid = {"rows": rows, "columns": columns, "overlap_px": given.overlap_px}
    async with platform(stores, grid) as p:
        advised = (await p.plan(**asked))["advice"]
        preview = await p.plan(width=1000, height=800, **grid)
        await p.upload(("board.png", png(1000, 800)))
        await p.until_listed(len(preview["preview"]))
        tiles = await p.listed(sort="name", page_size=100)
        in_force = await p.plan(width=1000, height=800)
    assert (given.overlap_px, preview["violations"]) == (14, [])
    hashes = {preview["plan"]["hash"], in_force["plan"]["hash"], *(t["plan_hash"] for t in tiles)}
    assert hashes == {advised["plan"]["hash"]} == {given.hash}
    assert {(t["offset_x"], t["offset_y"], t["width"], t["height"]) for t in tiles} == {
        (t["x"], t["y"], t["width"], t["height"]) for t in preview["preview"]
    }
    assert max(t["width"] for t in tiles) == advised["tile_width"]


@pytest.mark.parametrize(
    ("area", "advice", "pixels", "rows", "columns"),
    [
        pytest.param(12_000, "keep", 1_000_000, 1, 1, id="C-133 ratio 1000"),
        pytest.param(4_000, "raise_resolution", 3_000_000, 1, 1, id="C-134 O6 ratio 3000"),
        pytest.param(2_400, "raise_resolution", 5_000_000, 1, 1, id="C-134 ratio 5000"),
        pytest.param(1_600, "tile", 1_000_000, 3, 4, id="C-135 ratio 7500: square tiles"),
    ],
)
async def test_advice_for_a_typed_target(stores, area, advice, pixels, rows, columns) -> None:
    async with platform(stores) as p:
        plan = await p.plan(width=4000, height=3000, min_target_area=area, max_target_side=1)
    given = plan["advice"]
    assert (given["advice"], given["standard_pixels"]) == (advice, pixels)
    assert (given["rows"], given["columns"]) == (rows, columns)
    assert plan["area_ratio"] == 12e6 / area


async def test_advice_follows_the_annotated_targets(stores: Stores) -> None:
    async with platform(stores) as p:
        answer = await p.upload(("board.png", png(3000, 2000)))
        image_id = answer.json()["files"][0]["image"]["id"]

        def saved(areas: tuple[float, ...], sides: tuple[float, ...]) -> AnnotationSaved:
            return AnnotationSaved(
                project_id=p.project_id, image_id=image_id, labels=("pit",) * len(areas),
                image_area=6_000_000, target_areas=areas, target_sides=sides,
            )  # fmt: skip

        await p.plan(width=1, height=1)
        await p.say(saved((400.0, 900.0, 250_000.0), (20.0, 45.0, 500.0)), sequence=2)
        await p.say(saved((1.0,), (1.0,)), sequence=1)  # late: older than what is known
        plan = await p.plan(width=3000, height=2000)
        await p.say(saved((), ()), sequence=3)
        without = await p.plan(width=3000, height=2000)
    advice = plan["advice"]
    assert (advice["min_target_area"], advice["max_target_side"]) == (400, 45)
    assert advice["advice"] == "tile"
    assert advice["plan"]["overlap_px"] == 45
    assert advice["tile_width"] * advice["tile_height"] < 1000 * 400
    assert advice["holds_every_target"]
    assert without["advice"] is None


async def test_grid_that_breaks_tile_bounds_is_named(stores: Stores) -> None:
    async with platform(stores) as p:
        plan = await p.plan(width=100, height=50, rows=2, columns=2)
        impossible = await p.plan(width=10, height=10, rows=1, columns=11)
    assert plan["violations"] == ["a tile of 50×25 px is outside 30×30 to 3000×5000 px"]
    assert impossible["violations"] == ["10 px cannot be cut into 11 tiles"]
    assert impossible["preview"] == []


async def test_foreign_project_has_no_plan(
    stores: Stores, all_is_heard: Callable[[], None]
) -> None:
    async with platform(stores) as p:
        all_is_heard()
        other, never = credentials("other"), new_id()
        foreign = await p.client.get(p.plan_path, headers=other)
        absent = await p.client.get(p.plan_path.replace(p.project_id, never), headers=other)
    assert foreign.status_code == absent.status_code == 503  # either might be on its way
    assert foreign.text == absent.text.replace(never, p.project_id)


@pytest.mark.parametrize(
    "params",
    [
        {"width": 0},
        {"rows": 51},
        {"min_target_area": -1},
        {"min_target_area": 5e-324, "width": 9000, "height": 9000},
        {"row": 2},
    ],
)
async def test_wrong_question_is_refused(stores: Stores, params) -> None:
    async with platform(stores) as p:
        answer = await p.client.get(p.plan_path, params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
