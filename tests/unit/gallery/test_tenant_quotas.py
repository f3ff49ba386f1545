"""Quotas of a tenant: set by the real command, kept by the gallery, told to who has them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from services import __main__ as command
from services.gallery.app import build
from services.gallery.handlers import quota
from services.gallery.repository import LIMITS
from services.workspace.app import build as workspace
from shared.contracts.envelope import Event, EventStamp, pack, unpack
from shared.contracts.tenant_events import Quotas, TenantLimited
from shared.hosting.stores import Stores
from shared.quotas import Limits
from tests.running import Running, running, signed_in, until

TUS = {"Tus-Resumable": "1.0.0"}
Loupe = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def loupe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Loupe:
    """The command line on the test's own data; the gallery counts afresh at each file."""
    monkeypatch.setattr(quota, "_RECOUNT_S", 0.0)

    async def said(*words: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(command.main, list(words))
        told = capsys.readouterr()
        return code, told.out.strip(), told.err.strip()

    return said


class Sender:
    """A tenant made by the command, with a project, who sends pictures that differ."""

    def __init__(self, run: Running, who: dict[str, str], project: str) -> None:
        self._run = run
        self.who = who
        self._images = f"/api/gallery/projects/{project}/images"
        self._next = 0

    async def send(self, files: int = 1, **headers: str) -> httpx.Response:
        parts = []
        for _ in range(files):
            self._next += 1
            picture = cv2.imencode(".png", np.full((64, 64), self._next, np.uint8))[1].tobytes()
            parts.append(("files", (f"{self._next}.png", picture, "image/png")))
        client, who = self._run.client, {**self.who, **headers}
        return await client.post(self._images, headers=who, files=parts)

    async def begin(self, length: int) -> httpx.Response:
        """Begin an upload in parts."""
        about = {"Upload-Length": str(length), "Upload-Metadata": "filename YQ=="}
        place = self._images.replace("/images", "/uploads")
        return await self._run.client.post(place, headers={**self.who, **TUS, **about})

    async def quotas(self) -> dict[str, Any]:
        answer = await self._run.client.get("/api/gallery/quotas", headers=self.who)
        return {one["name"]: one for one in answer.json()["items"]}

    async def limited(self, name: str, limit: int | None) -> None:
        """Wait until the gallery has heard of a quota."""

        async def heard() -> bool:
            return bool((await self.quotas())[name]["limit"] == limit)

        await until(heard)


async def sender(run: Running, loupe: Loupe, tenant: str) -> Sender:
    code, key, _ = await loupe("tenants", "add", tenant)
    assert code == 0
    who = await signed_in(run, key)
    body = {"name": "pins", "task": "detection"}
    answer = await run.client.post("/api/workspace/projects", headers=who, json=body)
    made = Sender(run, who, answer.json()["id"])
    await until(lambda: _is_in(made))
    return made


async def _is_in(made: Sender) -> bool:
    return (await made.send()).status_code == 201


async def test_a_tenant_beyond_its_images_is_refused_and_others_are_not(
    stores: Stores, loupe: Loupe
) -> None:
    async with running(stores, [build(stores), workspace(stores)]) as run:
        acme, other = [await sender(run, loupe, name) for name in ("acme", "other")]
        code, told, _ = await loupe("tenants", "limit", "acme", "--images", "2")
        assert (code, told.splitlines()[0]) == (0, "images: 2")
        await acme.limited("images", 2)
        assert (await acme.send()).status_code == 201
        refused = await acme.send(**{"Accept-Language": "zh-CN"})
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.json()["type"] == "urn:loupe:problem:image-quota-exceeded"
        assert refused.json()["detail"].startswith("该租户已有 2 幅图像（上限 2）")
        assert (await other.send(3)).status_code == 201
        own, foreign = await acme.quotas(), await other.quotas()
        assert own["images"] == {"name": "images", "used": 2, "limit": 2, "is_own": True}
        assert (foreign["images"]["used"], foreign["images"]["is_own"]) == (4, False)
        assert foreign["images"]["limit"] != 2
        assert (await loupe("tenants", "limit", "acme", "--images", "-"))[0] == 0
        await acme.limited("images", foreign["images"]["limit"])
        assert (await acme.send()).status_code == 201


async def test_a_tenant_beyond_its_bytes_is_refused(stores: Stores, loupe: Loupe) -> None:
    async with running(stores, [build(stores), workspace(stores)]) as run:
        acme = await sender(run, loupe, "acme")
        used = (await acme.quotas())["size_bytes"]["used"]
        assert (await loupe("tenants", "limit", "acme", "--bytes", str(used)))[0] == 0
        await acme.limited("size_bytes", used)
        assert (await acme.send()).status_code == 429
        assert (await acme.quotas())["size_bytes"]["used"] == used


async def test_uploads_in_parts_have_no_more_room_than_is_left(
    stores: Stores, loupe: Loupe
) -> None:
    async with running(stores, [build(stores), workspace(stores)]) as run:
        acme = await sender(run, loupe, "acme")
        limit = (await acme.quotas())["size_bytes"]["used"] + 3000
        assert (await loupe("tenants", "limit", "acme", "--bytes", str(limit)))[0] == 0
        await acme.limited("size_bytes", limit)
        many = await asyncio.gather(*(acme.begin(900) for _ in range(8)))
        assert sorted(answer.status_code for answer in many) == [201] * 3 + [429] * 5
        assert (await acme.send()).status_code == 201  # whole files do not wait for parts
        begun = next(answer for answer in many if answer.is_success)
        refused = await acme.begin(900)
        assert refused.status_code == 429
        kept = (await acme.quotas())["size_bytes"]["used"]
        assert f"{kept + 2700} of at most {limit} bytes" in refused.json()["detail"]
        gone = await run.client.delete(begun.headers["Location"], headers={**acme.who, **TUS})
        assert gone.status_code == 204
        assert (await acme.begin(900)).status_code == 201


async def test_files_that_come_too_fast_wait_whichever_way_they_come(
    stores: Stores, loupe: Loupe
) -> None:
    async with running(stores, [build(stores), workspace(stores)]) as run:
        acme, other = [await sender(run, loupe, name) for name in ("acme", "other")]
        assert (await loupe("tenants", "limit", "acme", "--uploads-per-minute", "3"))[0] == 0
        await acme.limited("uploads_per_minute", 3)
        answer = await acme.send(5)
        assert answer.status_code == 207
        outcomes = [file["outcome"] for file in answer.json()["files"]]
        assert (outcomes.count("created"), outcomes.count("refused")) == (3, 2)
        refused = await acme.send(**{"Accept-Language": "zh-CN"})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 20
        assert refused.json()["detail"] == "该租户每分钟最多可上传 3 个文件，请稍候"
        begun = await acme.begin(99)
        assert (begun.status_code, begun.json()["type"]) == (
            429,
            "urn:loupe:problem:too-many-uploads",
        )
        assert (await acme.quotas())["uploads_per_minute"]["used"] == 3
        assert (await other.send(5)).status_code == 201


async def test_the_operators_key_sets_all_at_once_and_what_cannot_be_is_refused(
    stores: Stores, loupe: Loupe
) -> None:
    async with running(stores, [build(stores), workspace(stores)]) as run:
        acme = await sender(run, loupe, "acme")
        boss = await signed_in(run, (await loupe("keys", "add", "operator", "--operator"))[1])
        place = "/api/workspace/tenants/acme/quotas"
        body = {"images": 7, "uploads_per_minute": 60}
        answer = await run.client.put(place, headers=boss, json=body)
        assert answer.json()["quotas"] == {**dict.fromkeys(Quotas.model_fields), **body}
        await acme.limited("images", 7)
        assert (await run.client.put(place, headers=acme.who, json=body)).status_code == 403
        for wrong in ({"images": -1}, {"uploads_per_minute": 0}, {"trainings": 1}):
            assert (await run.client.put(place, headers=boss, json=wrong)).status_code == 422
        code, _, why = await loupe("tenants", "limit", "acme", "--images", "-7")
        assert (code, "greater than or equal to 0" in why) == (1, True)
        gone = await run.client.put(place.replace("acme", "nobody"), headers=boss, json=body)
        assert gone.status_code == 404


async def test_quotas_that_come_late_or_again_change_nothing(stores: Stores) -> None:
    await stores.open([LIMITS])
    limits = Limits(stores.documents, "gallery")
    for sequence, images in ((2, 20), (1, 10), (2, 99), (3, 30)):
        await limits.heard(limited("acme", images, sequence))
        if sequence < 3:
            assert (await limits.of("acme")).images == 20
    assert (await limits.of("acme")).images == 30
    assert await limits.of("other") == Quotas()


def limited(tenant: str, images: int, sequence: int) -> Event[TenantLimited]:
    body = TenantLimited(tenant_id=tenant, quotas=Quotas(images=images))
    (event,) = pack([body], EventStamp.of("-", tenant, sequence))
    return unpack(TenantLimited, event.value_bytes())
