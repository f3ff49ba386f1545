"""The audit log: changes that were asked for, found again by their tenant's administrators."""

import asyncio
import csv
import io
import json
from typing import Any

import pytest

from services import __main__ as command
from services.gallery.app import build as gallery
from services.workspace.app import build
from services.workspace.handlers.audit_log import AuditLog
from services.workspace.repository import AUDIT
from shared.contracts.audit_events import ChangeAsked
from shared.contracts.envelope import Event
from shared.documents.port import Query, TenantScope
from shared.hosting.stores import Stores
from shared.journal import Journal, spool_spec
from tests.running import Running, credentials, running, signed_in, until

AUDIT_PLACE = "/api/workspace/audit"
PINS = {"name": "pins", "task": "detection"}


async def made(tenant: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Make a tenant by the command; return its first key."""
    assert await asyncio.to_thread(command.main, ["tenants", "add", tenant]) == 0
    return capsys.readouterr().out.strip()


async def entries(run: Running, caller: dict[str, str], /, **sought: Any) -> list[dict[str, Any]]:
    answer = await run.client.get(AUDIT_PLACE, headers=caller, params=sought)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def heard(run: Running, who: dict[str, str], number: int) -> list[dict[str, Any]]:
    """Return the entries once there are so many."""

    async def all_of_them() -> list[dict[str, Any]] | None:
        found = await entries(run, who)
        return found if len(found) >= number else None

    found: list[dict[str, Any]] = await until(all_of_them)
    assert len(found) == number
    return found


async def test_who_did_what_is_found_by_everything_that_it_says(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(stores, [build(stores), gallery(stores)]) as run:
        key = await made("acme", capsys)
        acme = await signed_in(run, key)
        answer = await run.client.post("/api/workspace/projects", headers=acme, json=PINS)
        place, tag = f"/api/workspace/projects/{answer.json()['id']}", answer.headers["ETag"]
        await run.client.patch(place, headers={**acme, "If-Match": tag}, json={"notes": "n"})
        body = {"name": "=line 7", "role": "viewer"}
        answer = await run.client.post("/api/workspace/keys", headers=acme, json=body)
        viewer = await signed_in(run, answer.json()["api_key"])
        assert (await run.client.delete(place, headers=viewer)).status_code == 403
        refused, new_key, changed, created, tenant = await heard(run, acme, 5)
        own = key.split("_")[1]
        told = [refused[name] for name in ("operation", "key_name", "role", "status", "service")]
        assert told == ["delete_project", "=line 7", "viewer", 403, "workspace"]
        assert refused["address"] == "127.0.0.1"
        assert (new_key["made"], new_key["key_name"]) == ([refused["key_id"]], "first key")
        versions = changed["version_before"], changed["version_after"]
        assert (changed["operation"], *versions) == ("change_project", 1, 2)
        assert changed["named"] == {"project_id": created["made"][0]}
        by_command = (tenant["operation"], tenant["key_id"], tenant["role"], tenant["made"])
        assert by_command == ("create_tenant", None, "system", ["acme"])
        for sought, found in (
            ({"who": refused["key_id"]}, [refused]),
            ({"who": own, "operation": "create_project"}, [created]),
            ({"object": created["made"][0]}, [refused, changed, created]),
            ({"status": 403}, [refused]),
            ({"since": new_key["at"]}, [refused, new_key]),
            ({"until": created["at"], "operation": "create_project"}, [created]),
            ({"who": "nobody"}, []),
        ):
            assert await entries(run, acme, **sought) == found, sought


async def test_the_cursor_walks_all_of_them_once(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as run:
        for number in range(7):
            body = {**PINS, "name": f"p{number}"}
            await run.client.post("/api/workspace/projects", json=body)
        await heard(run, credentials(), 7)
        seen: list[str] = []
        query: dict[str, Any] = {"page_size": 3}
        while True:
            page = (await run.client.get(AUDIT_PLACE, params=query)).json()
            seen += [one["id"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert (len(seen), len(set(seen))) == (7, 7)


async def test_the_file_has_what_the_list_has_and_no_formula(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as run:
        body = {"name": "=1+1", "role": "engineer"}
        key = (await run.client.post("/api/workspace/keys", json=body)).json()["api_key"]
        await run.client.post(
            "/api/workspace/projects", headers=await signed_in(run, key), json=PINS
        )
        listed = await heard(run, credentials(), 2)
        lines = await run.client.get(f"{AUDIT_PLACE}/export", params={"format": "jsonl"})
        assert [json.loads(line) for line in lines.text.splitlines()] == listed
        answer = await run.client.get(
            f"{AUDIT_PLACE}/export", params={"operation": "create_project"}
        )
        assert 'filename="audit.csv"' in answer.headers["Content-Disposition"]
        (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert (row["key_name"], row["operation"]) == ("'=1+1", "create_project")
        assert row["made"] == listed[0]["made"][0]


async def test_one_tenants_log_says_nothing_of_anothers(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(stores, [build(stores)]) as run:
        acme, other = [await signed_in(run, await made(name, capsys)) for name in ("acme", "other")]
        canary = {**PINS, "name": "canary"}
        answer = await run.client.post("/api/workspace/projects", headers=acme, json=canary)
        project = answer.json()["id"]
        tried = await run.client.delete(f"/api/workspace/projects/{project}", headers=other)
        assert tried.status_code == 404
        assert [one["status"] for one in await heard(run, other, 2)] == [404, 201]
        assert [one["operation"] for one in await heard(run, acme, 2)] == [
            "create_project",
            "create_tenant",
        ]
        for tail in ("", "/export", "/export?format=jsonl"):
            told = await run.client.get(AUDIT_PLACE + tail, headers=other)
            assert "acme" not in told.text
            assert "create_project" not in told.text
            mine = run.headers("acme", role="engineer")
            assert (await run.client.get(AUDIT_PLACE + tail, headers=mine)).status_code == 403


async def test_a_line_that_comes_again_is_kept_once_and_as_it_was(stores: Stores) -> None:
    service = build(stores)
    await stores.open(service.all_collections)
    log, entry = AuditLog(stores.documents), stores.documents.collection(AUDIT, TenantScope("acme"))
    line = ChangeAsked(service="gallery", operation="delete_image", role="admin", status=204)
    await Journal(stores.documents, "workspace").record("acme", line)
    (box,) = await stores.documents.outboxes([spool_spec("workspace").name], 10)
    event = Event[ChangeAsked].model_validate_json(box.events[0].value)
    await log.keep(event)
    await log.keep(event.model_copy(update={"data": line.model_copy(update={"status": 403})}))
    (kept,) = await entry.query(Query())
    assert (kept.status, kept.version) == (204, 1)


async def test_many_at_once_lose_no_line(stores: Stores) -> None:
    await stores.open([spool_spec("workspace")])
    journal, line = (
        Journal(stores.documents, "workspace"),
        ChangeAsked.model_validate({**ChangeAsked.example}),
    )
    await asyncio.gather(*(journal.record("acme", line) for _ in range(200)))
    boxes = await stores.documents.outboxes([spool_spec("workspace").name], 1000)
    assert sum(len(box.events) for box in boxes) == 200
    assert len({event.id for box in boxes for event in box.events}) == 200
    assert len(boxes) <= 64


def test_no_operation_changes_the_log(stores: Stores) -> None:
    routes = [route for router in build(stores).routers for route in router.routes]
    methods = {m for r in routes if "/audit" in r.path for m in r.methods}  # type: ignore[attr-defined]
    assert methods == {"GET"}
