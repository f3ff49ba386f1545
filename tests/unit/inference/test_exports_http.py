"""Exports over HTTP: asked for, read, downloaded as a stream, refused in the caller's language."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from services.inference.api import exports
from services.inference.api.roles import ROLES
from services.inference.repository import COLLECTIONS, EXPORTS, SERVICE
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import TenantScope
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.http.roles import name_of
from tests.adapters.inference import models
from tests.running import Running, credentials, running, until
from tests.unit.inference.exporting import PROJECT, Exporting, exporting, pictures, report

AT = f"/api/inference/projects/{PROJECT}/exports"


@pytest.fixture
async def ready(stores: Stores, tmp_path) -> Exporting:
    ready = await exporting(stores, tmp_path / "staging")
    await report(stores, models.make_version(models.colour_detector()), pictures())
    return ready


@pytest.fixture
async def platform(stores: Stores, ready: Exporting) -> AsyncIterator[Running]:
    """Inference's face with its exports and what hears of projects; no model server."""
    service = Service(
        name=SERVICE,
        summary="exports",
        collections=COLLECTIONS,
        routers=(exports.router,),
        roles={name_of(route): ROLES[name_of(route)] for route in exports.router.routes},
        use_cases=(ready.exports,),
        subscriptions=ready.projects.subscriptions(),
        background=(ready.worker.run,),
    )
    async with running(stores, [service]) as platform:
        yield platform


async def made(platform: Running, target: str = "sdk") -> dict:
    asked = await platform.client.post(AT, json={"version": "V1", "target": target})
    assert asked.status_code == 202, asked.text
    place = asked.headers["Location"]

    async def over() -> dict | None:
        now = (await platform.client.get(place)).json()
        return now if now["state"] not in ("queued", "running") else None

    return await until(over)


async def test_an_export_is_asked_for_made_and_downloaded(platform: Running) -> None:
    export = await made(platform)
    assert (export["state"], export["error"]) == ("succeeded", "")
    assert export["progress"]["percent"] == 100
    got = await platform.client.get(f"{AT}/{export['id']}/content")
    assert got.headers["Content-Type"] == "application/zip"
    assert export["name"] in got.headers["Content-Disposition"]
    assert int(got.headers["Content-Length"]) == len(got.content) == export["size_bytes"]
    assert hashlib.sha256(got.content).hexdigest() == export["sha256"]
    listed = (await platform.client.get(AT)).json()
    assert [one["id"] for one in listed["items"]] == [export["id"]]


async def test_another_tenant_finds_nothing(platform: Running) -> None:
    export = await made(platform, "onnx")
    for place in (AT, f"{AT}/{export['id']}", f"{AT}/{export['id']}/content"):
        foreign = await platform.client.get(place, headers=credentials("other"))
        assert foreign.status_code == 404


async def test_who_may_only_look_starts_nothing(platform: Running) -> None:
    wish = {"version": "V1", "target": "onnx"}
    refused = await platform.client.post(AT, json=wish, headers=credentials("default", "viewer"))
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("wish", "status"),
    [({"version": "V9", "target": "onnx"}, 404), ({"version": "V1", "target": "tflite"}, 422)],
)
async def test_what_cannot_be_made_is_refused_in_words(
    platform: Running, wish: dict, status: int
) -> None:
    for language in ("en", "zh-CN"):
        refused = await platform.client.post(AT, json=wish, headers={"Accept-Language": language})
        assert refused.status_code == status
        assert refused.headers["Content-Type"].startswith("application/problem+json")


async def test_a_failed_export_says_why_in_both_languages(
    stores: Stores, platform: Running, ready: Exporting
) -> None:
    await stores.blobs.delete((await ready.version()).golden_key)
    export = await made(platform)
    assert export["state"] == "failed"
    assert export["error"].startswith("an artefact is missing")
    place = f"{AT}/{export['id']}"
    chinese = await platform.client.get(place, headers={"Accept-Language": "zh-CN"})
    assert chinese.json()["error"].startswith("缺少产物")
    nothing = await platform.client.get(f"{place}/content", headers={"Accept-Language": "zh-CN"})
    assert (nothing.status_code, nothing.json()["title"]) == (409, "导出尚未就绪")


async def test_exports_go_with_their_project(platform: Running, stores: Stores) -> None:
    export = await made(platform, "onnx")
    assert await kept(stores, export["id"])
    await platform.say(ProjectDeleted(project_id=PROJECT), PROJECT, sequence=2)

    async def gone() -> bool:
        return not await kept(stores, export["id"])

    await until(gone)
    for place in (AT, f"{AT}/{export['id']}", f"{AT}/{export['id']}/content"):
        assert (await platform.client.get(place)).status_code == 404
    for refused in (
        await platform.client.post(f"{AT}/{export['id']}:cancel"),
        await platform.client.delete(f"{AT}/{export['id']}"),
    ):
        assert refused.status_code == 404


async def test_an_export_is_removed_by_who_may_make_one(platform: Running, stores: Stores) -> None:
    export = await made(platform, "onnx")
    place = f"{AT}/{export['id']}"
    for who in (credentials("default", "viewer"), credentials("other")):
        assert (await platform.client.delete(place, headers=who)).status_code in (403, 404)
    assert await kept(stores, export["id"])
    assert (await platform.client.delete(place)).status_code == 204
    assert (await platform.client.get(place)).status_code == 404
    assert (await platform.client.get(AT)).json()["items"] == []
    assert (await platform.client.delete(place)).status_code == 404


async def test_a_removed_project_answers_for_none_of_its_exports(
    platform: Running, stores: Stores, ready: Exporting
) -> None:
    """The project is known to be gone some moments before its exports are cleared."""
    export = await made(platform, "onnx")
    found = await stores.documents.collection(EXPORTS, TenantScope("default")).get(export["id"])
    await platform.say(ProjectDeleted(project_id=PROJECT), PROJECT, sequence=2)

    async def gone() -> bool:
        return not await kept(stores, export["id"])

    await until(gone)
    await stores.documents.collection(EXPORTS, TenantScope("default")).insert(found)
    for place in (f"{AT}/{export['id']}", f"{AT}/{export['id']}/content"):
        assert (await platform.client.get(place)).status_code == 404


async def kept(stores: Stores, export_id: str) -> bool:
    exports = stores.documents.collection(EXPORTS, TenantScope("default"))
    return await exports.find(export_id) is not None
