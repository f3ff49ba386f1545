"""An administrator sees what their tenant has stored, and nothing of anybody else's."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.workspace.app import build, upkeep_of
from services.workspace.settings import WorkspaceSettings
from shared.blobs.content import put_by_hash
from shared.callers import Role
from shared.clock import utc_now
from shared.hosting.stores import Stores
from tests.running import Running, running

STORAGE = "/api/workspace/storage"


async def look(stores: Stores, moment: datetime) -> None:
    await upkeep_of(stores, WorkspaceSettings(), clock=lambda: moment).round()


async def seen(run: Running, tenant: str = "default") -> Any:
    answer = await run.client.get(STORAGE, headers=run.headers(tenant))
    assert answer.status_code == 200, answer.text
    return answer.json()


def sizes(found: Any) -> dict[str, int]:
    return {one["kind"]: one["size_bytes"] for one in found["kinds"]}


async def test_before_the_first_look_nothing_is_told(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as run:
        found = await seen(run)
    assert (found["looked_at"], found["kinds"], found["safe_age_h"]) == (None, [], 72)


async def test_what_is_stored_is_told_by_kind_to_each_tenant_alone(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_KEEP_RECEIPTS_D", "7")
    async with running(stores, [build(stores)]) as run:
        for tenant, size in (("default", 1000), ("other", 5)):
            await put_by_hash(stores.blobs, b"x" * size, tenant=tenant, project_id="P")
        await stores.blobs.put("t/default/P/uploads/U/0", b"12")
        wish, key = {"name": "pins", "task": "detection"}, {"Idempotency-Key": "one"}
        await run.client.post("/api/workspace/projects", json=wish, headers=key)
        await look(stores, utc_now())
        mine, theirs = await seen(run), await seen(run, "other")
    assert sizes(mine)["files"] == 1000
    assert sizes(mine)["uploads"] == 2
    assert sizes(mine)["receipts"] > 0
    terms = {one["kind"]: one["kept_days"] for one in mine["kinds"]}
    assert (terms["receipts"], terms["files"]) == (7, None)
    assert mine["unnamed"] == {"count": 2, "size_bytes": 1002}
    assert (sizes(theirs), theirs["unnamed"]["size_bytes"]) == ({"files": 5}, 5)


async def test_a_tenant_whose_projects_have_no_files_yet_is_looked_at(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as run:
        await run.client.post("/api/workspace/projects", json={"name": "pins", "task": "detection"})
        await look(stores, utc_now())
        found = await seen(run)
    assert found["looked_at"] is not None
    assert sizes(found)["other"] > 0


async def test_what_went_is_told_for_the_last_look_and_in_all(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as run:
        now = utc_now()
        await put_by_hash(stores.blobs, b"12345", tenant="default", project_id="P")
        await look(stores, now + timedelta(seconds=10))
        await look(stores, now + timedelta(hours=73))
        gone = await seen(run)
        await look(stores, now + timedelta(hours=80))
        later = await seen(run)
    assert gone["freed"] == gone["freed_ever"] == {"count": 1, "size_bytes": 5}
    assert "files" not in sizes(gone), "what went is not among what is stored"
    assert "files" not in sizes(later), "a tenant without blobs is looked at, too"
    assert (later["freed"]["size_bytes"], later["freed_ever"]["size_bytes"]) == (0, 5)
    assert str(later["looked_at"]) > str(gone["looked_at"])


@pytest.mark.parametrize("role", ["viewer", "member"])
async def test_nobody_but_an_administrator_sees_it(stores: Stores, role: Role) -> None:
    async with running(stores, [build(stores)]) as run:
        headers = run.headers("default", role)
        assert (await run.client.get(STORAGE, headers=headers)).status_code == 403
        assert (await run.client.get(STORAGE, headers={"Authorization": ""})).status_code == 401
