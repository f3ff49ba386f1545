"""The workspace by its HTTP face: keys, tokens, projects, tenants."""

import asyncio
from typing import Any

import httpx
import pytest

from services.workspace.app import build
from services.workspace.domain.api_keys import make_key
from services.workspace.repository import API_KEYS, ApiKey
from shared.clock import utc_now
from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectUpdated
from shared.documents.port import TenantScope
from shared.events.subscriptions import on
from shared.hosting.host import face_of
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.ids import new_id
from shared.settings import HttpSettings
from tests.running import credentials, running, until

PROJECTS = "/api/workspace/projects"


def project(**changes: Any) -> dict[str, Any]:
    return {"name": "pins", "task": "detection", **changes}


async def test_a_key_becomes_a_token_and_a_wrong_key_does_not(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key().text
    monkeypatch.setenv("LOUPE_WORKSPACE_ADMIN_KEY", key)
    async with running(stores, [build(stores)]) as platform:

        async def signed_in() -> httpx.Response | None:
            answer = await platform.client.post("/api/workspace/tokens", json={"api_key": key})
            return answer if answer.status_code == 200 else None

        answer = await until(signed_in)
        assert answer.json()["tenant"] == "default"
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await platform.client.get(PROJECTS, headers=bearer)).status_code == 200
        wrong = make_key().text
        refused = await platform.client.post("/api/workspace/tokens", json={"api_key": wrong})
    assert refused.status_code == 401
    assert refused.json()["type"] == "urn:loupe:problem:unauthenticated"
    assert refused.headers["content-type"] == "application/problem+json"


async def test_it_is_ready_once_its_first_key_signs_in(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key()
    monkeypatch.setenv("LOUPE_WORKSPACE_ADMIN_KEY", key.text)
    service = build(stores)
    await stores.open(service.all_collections)
    app = face_of([service], stores, HttpSettings())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://loupe") as client:
        before = await client.get("/api/workspace/readyz")
        await service.background[0]()
        after = await client.get("/api/workspace/readyz")
        signed = await client.post("/api/workspace/tokens", json={"api_key": key.text})
    assert before.status_code == 503
    assert before.json()["down"] == {"first key": "the first key is not stored yet"}
    assert (after.status_code, signed.status_code) == (200, 200)


async def test_a_key_of_a_role_that_nobody_knows_signs_nobody_in(stores: Stores) -> None:
    key = make_key()
    async with running(stores, [build(stores)]) as platform:
        stored = ApiKey(
            id=key.key_id,
            tenant="t",
            name="k",
            digest=key.digest,
            role="owner",
            created_at=utc_now(),
        )
        await stores.documents.collection(API_KEYS, TenantScope("t")).insert(stored)
        refused = await platform.client.post("/api/workspace/tokens", json={"api_key": key.text})
    assert refused.status_code == 401


async def test_who_names_no_version_is_never_refused_for_a_race(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        made = await platform.client.post(PROJECTS, json=project())
        place = made.headers["location"]
        changes = [platform.client.patch(place, json={"notes": str(n)}) for n in range(16)]
        answers = await asyncio.gather(*changes)
        assert [answer.status_code for answer in answers] == [200] * 16
        assert (await platform.client.get(place)).headers["etag"] == '"17"'


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"name": ""}, "name", "a name is required"),
        ({"name": "x" * 21}, "name", "item 4: 20 characters at most"),
        ({"notes": "x" * 101}, "notes", "item 7: 100 characters at most"),
        ({"task": "video"}, "task", "not a task of ours"),
        ({"task": "ocr", "tiling": {"rows": 2, "columns": 2}}, "tiling", "item 12: no OCR tiling"),
        ({"tiling": {"rows": 0, "columns": 2}}, "tiling.rows", "a grid has rows"),
        ({"tiling": {"rows": 1, "columns": 1}}, "tiling", "one by one is no tiling"),
        (
            {"tiling": {"rows": 2, "columns": 2, "overlap_px": -1}},
            "tiling.overlap_px",
            "tiles overlap or touch",
        ),
        (
            {"tiling": {"rows": 2, "columns": 2, "overlap_px": 1501}},
            "tiling.overlap_px",
            "half the largest tile at most",
        ),
        ({"unknown": 1}, "unknown", "a field that nobody reads is a mistake"),
    ],
)
async def test_a_wrong_project_is_refused_with_its_field(
    stores: Stores, changes: dict[str, Any], field: str, reason: str
) -> None:
    async with running(stores, [build(stores)]) as platform:
        answer = await platform.client.post(PROJECTS, json=project(**changes))
    assert answer.status_code == 422, reason
    assert field in [error["field"] for error in answer.json()["errors"]], reason


async def test_bounds_are_accepted_exactly(stores: Stores) -> None:
    wanted = project(name="n" * 20, notes="n" * 100, tiling={"rows": 50, "columns": 3})
    async with running(stores, [build(stores)]) as platform:
        answer = await platform.client.post(PROJECTS, json=wanted)
    assert answer.status_code == 201
    assert answer.json()["tiling"] == {"rows": 50, "columns": 3, "overlap_px": 0}


async def test_a_post_repeated_with_its_key_creates_once(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        answers = [
            await platform.client.post(
                PROJECTS, json=project(), headers={"Idempotency-Key": "once"}
            )
            for _ in range(3)
        ]
        listed = (await platform.client.get(PROJECTS)).json()
    assert {answer.json()["id"] for answer in answers} == {listed["items"][0]["id"]}
    assert listed["total"] == 1


async def test_fifty_equal_posts_at_once_get_one_project_and_fifty_equal_answers(
    stores: Stores,
) -> None:
    async with running(stores, [build(stores)]) as platform:
        post = platform.client.post
        key = {"Idempotency-Key": "storm"}
        answers = await asyncio.gather(
            *(post(PROJECTS, json=project(), headers=key) for _ in range(50))
        )
        listed = (await platform.client.get(PROJECTS)).json()
    assert [answer.status_code for answer in answers] == [201] * 50
    assert {answer.text for answer in answers} == {answers[0].text}
    assert listed["total"] == 1


async def test_a_key_belongs_to_its_request(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        post = platform.client.post
        key = {"Idempotency-Key": "once"}
        await post(PROJECTS, json=project(), headers=key)
        other = await post(PROJECTS, json=project(name="needles"), headers=key)
        taken = await post(PROJECTS, json=project(), headers={"Idempotency-Key": "two"})
        listed = (await platform.client.get(PROJECTS)).json()
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "name")
    assert listed["total"] == 1


async def test_the_key_of_a_deleted_project_brings_no_ghost(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        client, key = platform.client, {"Idempotency-Key": "once"}
        made = (await client.post(PROJECTS, json=project(), headers=key)).json()
        assert (await client.delete(f"{PROJECTS}/{made['id']}")).status_code == 204
        again = await client.post(PROJECTS, json=project(), headers=key)
        listed = (await client.get(PROJECTS)).json()
        fresh = await client.post(PROJECTS, json=project(), headers={"Idempotency-Key": "new"})
    assert again.status_code == 409
    assert again.json()["type"] == "urn:loupe:problem:idempotency-key-spent"
    assert (listed["total"], fresh.status_code) == (0, 201)


async def test_a_name_is_unique_within_its_tenant_only(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        first = await platform.client.post(PROJECTS, json=project())
        again = await platform.client.post(PROJECTS, json=project())
        other = await platform.client.post(PROJECTS, json=project(), headers=credentials("other"))
    assert (first.status_code, again.status_code, other.status_code) == (201, 409, 201)


async def test_a_foreign_project_looks_exactly_like_a_missing_one(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        made = (await platform.client.post(PROJECTS, json=project())).json()["id"]
        foreign = await platform.client.get(f"{PROJECTS}/{made}", headers=credentials("other"))
        absent = new_id()
        missing = await platform.client.get(f"{PROJECTS}/{absent}")
    assert foreign.status_code == missing.status_code == 404
    said = foreign.json()["detail"].replace(made, "X")
    assert said == missing.json()["detail"].replace(absent, "X")


async def test_a_viewer_reads_and_does_not_write(stores: Stores) -> None:
    viewer = credentials("default", "viewer")
    async with running(stores, [build(stores)]) as platform:
        reads = await platform.client.get(PROJECTS, headers=viewer)
        writes = await platform.client.post(PROJECTS, json=project(), headers=viewer)
    assert (reads.status_code, writes.status_code) == (200, 403)


async def test_a_lost_update_is_told(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        made = (await platform.client.post(PROJECTS, json=project())).json()["id"]
        place = f"{PROJECTS}/{made}"
        first = await platform.client.patch(place, json={"notes": "a"}, headers={"If-Match": '"1"'})
        second = await platform.client.patch(
            place, json={"notes": "b"}, headers={"If-Match": '"1"'}
        )
    assert (first.status_code, second.status_code) == (200, 412)


async def test_a_change_that_changes_nothing_makes_no_version_and_no_event(stores: Stores) -> None:
    heard: list[str] = []

    async def hear(event: Event[ProjectUpdated]) -> None:
        heard.append(event.data.name)

    table = (on(ProjectUpdated, hear),)
    listener = Service(name="listener", summary="hears of names", subscriptions=table)
    async with running(stores, [build(stores), listener]) as platform:
        made = await platform.client.post(PROJECTS, json=project())
        place = made.headers["location"]
        for body in ({"name": "pins"}, {"notes": made.json()["notes"]}, {}):
            same = await platform.client.patch(place, json=body)
            assert (same.json(), same.headers["etag"]) == (made.json(), made.headers["etag"])
        other = await platform.client.patch(place, json={"name": "needles"})
        assert other.headers["etag"] != made.headers["etag"]
        await until(lambda: heard)
    assert heard == ["needles"]


async def test_a_list_is_narrowed_and_ordered_as_asked(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        for name, task in (("Pins", "detection"), ("Bolts", "ocr"), ("pinion", "detection")):
            await platform.client.post(PROJECTS, json=project(name=name, task=task))

        async def names(**asked: str) -> list[str]:
            found = (await platform.client.get(PROJECTS, params=asked)).json()
            return [one["name"] for one in found["items"]]

        assert await names() == ["pinion", "Bolts", "Pins"]
        assert await names(sort="created_at") == ["Pins", "Bolts", "pinion"]
        assert await names(sort="name") == ["Bolts", "Pins", "pinion"]
        assert await names(sort="-name", name="pin") == ["pinion", "Pins"]
        assert await names(task="ocr") == ["Bolts"]
        assert await names(task="ocr", name="pin") == []
        refused = await platform.client.get(PROJECTS, params={"sort": "size"})
    assert refused.status_code == 422


async def test_an_archived_project_leaves_the_list_and_stays_whole(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        made = (await platform.client.post(PROJECTS, json=project())).json()
        place = f"{PROJECTS}/{made['id']}"
        archived = (await platform.client.patch(place, json={"archived": True})).json()
        again = (await platform.client.patch(place, json={"archived": True})).json()
        lists = [
            (await platform.client.get(PROJECTS, params={"archived": wanted})).json()["total"]
            for wanted in ("false", "true")
        ]
        taken = await platform.client.post(PROJECTS, json=project())
        renamed = (await platform.client.patch(place, json={"name": "old pins"})).json()
        back = (await platform.client.patch(place, json={"archived": False})).json()
        listed = (await platform.client.get(PROJECTS)).json()["items"]
    assert archived["archived_at"] is not None
    assert again == archived, "archiving twice changes nothing, the time least of all"
    assert (lists, taken.status_code) == ([0, 1], 409)
    assert taken.json()["errors"][0]["message"] == "is taken by an archived project; choose another"
    assert renamed["archived_at"] == archived["archived_at"]
    assert back["archived_at"] is None
    assert listed == [back]


async def test_pages_and_cursor_walk_the_same_projects(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        for number in range(7):
            await platform.client.post(PROJECTS, json=project(name=f"p{number}"))
        pages = [
            (await platform.client.get(PROJECTS, params={"page": page, "page_size": 3})).json()
            for page in (1, 2, 3)
        ]
        walked: list[str] = []
        cursor: str | None = None
        while True:
            params = {"page_size": 3} | ({"cursor": cursor} if cursor else {})
            page = (await platform.client.get(PROJECTS, params=params)).json()
            walked += [item["name"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    assert [p["total"] for p in pages] == [7, 7, 7]
    assert [item["name"] for p in pages for item in p["items"]] == walked
    assert walked == [f"p{n}" for n in reversed(range(7))]
