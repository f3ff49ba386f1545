"""Webhooks by the interface: made, tried out, changed, replayed and removed."""

import json
from typing import Any

import httpx
import pytest

from services.workspace.app import build
from services.workspace.domain.webhooks import MOST_WEBHOOKS
from shared.contracts.model_events import ModelDeployed
from shared.hosting.stores import Stores
from tests.running import Running, credentials, running, until
from tests.unit.workspace.receiver import receiving, verified

PLACE = "/api/workspace/webhooks"
DEPLOYED = ModelDeployed(project_id="p", version="V1")


async def asked(run: Running, method: str, path: str, **options: Any) -> httpx.Response:
    return await run.client.request(method, PLACE + path, **options)


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator allows this machine."""
    monkeypatch.setenv("LOUPE_WORKSPACE_WEBHOOK_NETWORKS", "127.0.0.0/8")


@pytest.mark.usefixtures("near")
async def test_by_the_interface_a_webhook_is_made_tried_changed_and_removed(
    stores: Stores,
) -> None:
    async with running(stores, [build(stores)]) as run, receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/hook"
        body = {"name": " MES 产线 ", "url": url, "events": ["model.deployed"]}
        made = await asked(run, "POST", "", json=body)
        assert made.status_code == 201, made.text
        secret, place = made.json()["secret"], f"/{made.json()['id']}"
        assert (made.json()["name"], made.json()["is_on"]) == ("MES 产线", True)
        assert secret not in (await asked(run, "GET", "")).text

        tested = await asked(run, "POST", f"{place}:test")
        assert tested.status_code == 202
        await until(lambda: receiver.came)
        assert verified(receiver.came[0], secret)["type"] == "webhook.test"
        assert receiver.came[0].headers["webhook-id"] == tested.json()["message_id"]

        await run.say(DEPLOYED, "of a deployment")
        await until(lambda: len(receiver.came) == 2)

        async def both_over() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = (await asked(run, "GET", f"{place}/deliveries")).json()[
                "items"
            ]
            return found if {one["state"] for one in found} == {"delivered"} else []

        newest, oldest = await until(both_over)
        assert (newest["event"], oldest["event"]) == ("model.deployed", "webhook.test")
        assert newest["latest"][0]["status"] == 204
        assert newest["next_at"] is None
        assert json.loads(newest["body"])["data"]["version"] == "V1"
        (listed,) = (await asked(run, "GET", "")).json()["items"]
        assert (listed["newest_state"], listed["newest_at"]) == ("delivered", newest["created_at"])

        again = await asked(run, "POST", f"{place}/deliveries/{newest['id']}:replay")
        assert again.status_code == 202
        await until(lambda: len(receiver.came) == 3)
        assert receiver.came[2].headers["webhook-id"] == newest["message_id"]

        rotated = (await asked(run, "POST", f"{place}:rotate-secret")).json()
        assert rotated["secret"] != secret
        assert rotated["former_until"] is not None
        await asked(run, "POST", f"{place}:test")
        await until(lambda: len(receiver.came) == 4)
        verified(receiver.came[3], rotated["secret"], secret)

        off = await asked(run, "PATCH", place, json={"is_on": False})
        assert (off.status_code, off.json()["is_on"], off.json()["url"]) == (200, False, url)
        stale = await asked(run, "PATCH", place, json={"name": "x"}, headers={"If-Match": '"1"'})
        assert stale.status_code == 412
        assert (await asked(run, "POST", f"{place}:test")).status_code == 409
        assert (await asked(run, "DELETE", place)).status_code == 204
        assert (await asked(run, "GET", f"{place}/deliveries")).status_code == 404


async def test_what_cannot_be_a_webhook_is_refused_in_both_languages(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as run:
        good = {"name": "mes", "url": "https://example.com/x", "events": ["model.deployed"]}
        for wrong, place, why in (
            ({"url": "http://example.com/"}, "url", "https"),
            ({"url": "https://127.0.0.1/"}, "url", "公网"),
            ({"url": "https://169.254.169.254/latest"}, "url", "公网"),
            ({"url": "https://u:p@example.com/"}, "url", "密码"),
            ({"name": "  "}, "name", "非空"),
            ({"events": []}, "events", ""),
            ({"events": ["image.uploaded"]}, "events.0", ""),
        ):
            answered = await asked(
                run, "POST", "", json=good | wrong, headers={"Accept-Language": "zh-CN"}
            )
            assert answered.status_code == 422, wrong
            (error,) = answered.json()["errors"]
            assert error["field"] == place
            assert why in error["message"]
        for _ in range(MOST_WEBHOOKS):
            assert (await asked(run, "POST", "", json=good)).status_code == 201
        full = await asked(run, "POST", "", json=good)
        assert (full.status_code, full.json()["type"]) == (429, "urn:loupe:problem:quota-exceeded")
        for role in ("viewer", "annotator", "engineer"):
            headers = credentials(role=role)  # type: ignore[arg-type]
            assert (await asked(run, "GET", "", headers=headers)).status_code == 403
