"""Outlines over HTTP: clicks on an image of the gallery, answered or refused in one's language."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import cv2
import numpy as np
import pytest

from services.inference.adapters.admission import Admission, too_many_clicks
from services.inference.adapters.pictures import Pictures
from services.inference.api import outlines
from services.inference.api.roles import ROLES
from services.inference.errors import TooManyClicks
from services.inference.handlers.deployments import Deployments
from services.inference.handlers.outlines import ClickOutlines
from services.inference.repository import (
    ALIASES,
    COLLECTIONS,
    PREDICTIONS,
    PROJECTS,
    SERVICE,
    Alias,
    Prediction,
)
from shared.blobs.content import content_key
from shared.clock import utc_now
from shared.contracts.shapes import Shape
from shared.documents.port import TenantScope
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.http.roles import name_of
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectDirectory, ProjectView
from tests.running import Running, credentials, running

AT = "/api/inference/projects/p1/images/i1/outline"
SCOPE = TenantScope("default")


def picture() -> bytes:
    pixels = np.full((120, 160, 3), 180, np.uint8)
    cv2.circle(pixels, (60, 50), 20, (40, 40, 40), -1)
    return cv2.imencode(".png", pixels)[1].tobytes()


async def put(stores: Stores, data: bytes, name: str = "i1") -> None:
    key = content_key("default", "p1", hashlib.sha256(data).hexdigest())
    await stores.blobs.put(key, data)
    seen = ImageView(
        id=name, tenant="default", sequence=1, project_id="p1", name=f"{name}.png",
        blob_key=key, width=160, height=120,
    )  # fmt: skip
    await ImageDirectory(stores.documents, SERVICE).of("default").insert(seen)


@pytest.fixture
def line() -> Admission:
    return Admission(concurrency=1, queue_length=4, memory_bytes=1 << 20, full=too_many_clicks)


@pytest.fixture
async def platform(stores: Stores, line: Admission) -> AsyncIterator[Running]:
    projects = ProjectDirectory(stores.documents, SERVICE)
    service = Service(
        name=SERVICE,
        summary="outlines",
        collections=COLLECTIONS,
        routers=(outlines.router,),
        roles={name_of(route): ROLES[name_of(route)] for route in outlines.router.routes},
        use_cases=(
            ClickOutlines(
                stores.documents,
                stores.blobs,
                projects=projects,
                images=ImageDirectory(stores.documents, SERVICE),
                deployments=Deployments(stores.documents, projects),
                pictures=Pictures(line, line.memory, size_bytes=1 << 20),
            ),
        ),
        subscriptions=(),
    )
    async with running(stores, [service]) as platform:
        view = ProjectView(id="p1", tenant="default", sequence=1, name="pins", known=True)
        await stores.documents.collection(PROJECTS, SCOPE).insert(view)
        await put(stores, picture())
        yield platform


@pytest.mark.parametrize(
    ("kind", "points"), [("mask", 0), ("box", 2), ("rotated_box", 2), ("polygon", 8)]
)
async def test_a_click_is_answered_by_the_shape_that_is_wanted(
    platform: Running, kind: str, points: int
) -> None:
    got = await platform.client.get(AT, params={"clicks": "in:60.5,50.5", "kind": kind})
    assert got.status_code == 200, got.text
    told = got.json()
    assert (told["kind"], told["version"]) == (kind, None)
    assert len(told["points"]) >= points
    shape = {field: told[field] for field in ("kind", "points", "rle", "angle", "score")}
    drawn = Shape.model_validate({"label": "pore", **shape})
    if kind == "box":
        assert np.abs(np.array(drawn.bounds()) - (40, 30, 81, 71)).max() <= 3


async def test_the_serving_versions_finding_is_told_before_what_the_picture_says(
    platform: Running,
) -> None:
    found = Shape(label="pore", kind="box", points=((30, 20), (95, 85)), score=0.8)
    made = Prediction(
        id="x", tenant="default", project_id="p1", image_id="i1", model_version="V2", number=2,
        threshold=0.1, width=160, height=120, shapes=(found,), created_at=utc_now(),
    )  # fmt: skip
    documents = platform.stores.documents
    await documents.collection(PREDICTIONS, SCOPE).insert(made)
    alias = Alias(id="p1", tenant="default", current="d", model_version="V2", promoted_at=utc_now())
    await documents.collection(ALIASES, SCOPE).insert(alias)
    got = await platform.client.get(AT, params={"clicks": "in:60,50", "kind": "box"})
    assert (got.json()["version"], got.json()["points"]) == ("V2", [[30, 20], [95, 85]])
    against = await platform.client.get(AT, params={"clicks": "in:60,50;out:90,80", "kind": "box"})
    assert against.json()["version"] is None


@pytest.mark.parametrize(
    ("clicks", "status", "words"),
    [
        ("in:160,10", 422, "（160，10）在图像之外"),
        ("out:10,10", 422, "至少要有一次点击在对象之内"),
        ("in:1e9,1", 422, "clicks"),
        ("", 422, "clicks"),
    ],
)
async def test_wrong_clicks_are_refused_in_ones_language(
    platform: Running, clicks: str, status: int, words: str
) -> None:
    chinese = {"Accept-Language": "zh-CN"}
    got = await platform.client.get(AT, params={"clicks": clicks}, headers=chinese)
    assert got.status_code == status
    assert got.headers["Content-Type"] == "application/problem+json"
    assert words in got.text


async def test_nobody_clicks_on_a_foreign_image(platform: Running) -> None:
    foreign = credentials("rivals")
    got = await platform.client.get(AT, params={"clicks": "in:1,1"}, headers=foreign)
    assert got.status_code == 404


async def test_a_viewer_may_not_ask_for_work(platform: Running) -> None:
    viewer = credentials(role="viewer")
    got = await platform.client.get(AT, params={"clicks": "in:1,1"}, headers=viewer)
    assert got.status_code == 403


async def test_a_damaged_image_is_named_as_one(platform: Running) -> None:
    await put(platform.stores, picture()[:200], "i2")
    got = await platform.client.get(AT.replace("i1", "i2"), params={"clicks": "in:1,1"})
    assert (got.status_code, got.json()["type"].rsplit(":", 1)[-1]) == (422, "not-an-image")


@pytest.mark.parametrize("waiting", [["a", "a", "b", "b", "c"], ["default", "default"]])
async def test_where_too_many_clicks_wait_or_too_many_of_ones_own_that_is_told(
    platform: Running, line: Admission, waiting: list[str]
) -> None:
    let_go = asyncio.Event()
    held = [asyncio.create_task(hold(line, tenant, let_go)) for tenant in waiting]
    await asyncio.sleep(0)  # each of them is in line
    chinese = {"Accept-Language": "zh-CN"}
    got = await platform.client.get(AT, params={"clicks": "in:1,1"}, headers=chinese)
    let_go.set()
    await asyncio.gather(*held)
    assert (got.status_code, got.headers["Retry-After"]) == (503, "1")
    told = got.json()
    assert told["type"] == "urn:loupe:problem:too-many-clicks"
    assert (told["title"], told["detail"]) == (
        "等待处理的点选过多",
        "等待处理的点选过多；请稍后重试",
    )
    assert (await platform.client.get(AT, params={"clicks": "in:1,1"})).status_code == 200


async def test_one_tenants_clicks_leave_half_of_the_line_to_others(line: Admission) -> None:
    let_go = asyncio.Event()
    held = [asyncio.create_task(hold(line, "rivals", let_go)) for _ in range(5)]
    await asyncio.sleep(0)
    refused = [task for task in held if task.done()]
    assert [type(task.exception()) for task in refused] == [TooManyClicks] * 3
    other = asyncio.create_task(hold(line, "default", let_go))
    let_go.set()
    await asyncio.gather(other, *(task for task in held if task not in refused))


async def hold(line: Admission, tenant: str, let_go: asyncio.Event) -> None:
    async with line.line(tenant=tenant):
        await let_go.wait()
