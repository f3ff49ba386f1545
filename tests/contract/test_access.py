"""Routes deny by default: every operation of every service asks who calls."""

import re
from pathlib import Path

import httpx
import pytest

from services.standalone import BUILDS
from shared.host import face_of
from shared.settings import HttpSettings, StoreSettings
from shared.stores import Stores
from tests.running import credentials

PUBLIC = {("post", "/api/workspace/tokens")}
SOMETHING = "01JD0000000000000000000000"


def operations(tmp_path: Path) -> tuple[httpx.AsyncClient, list[tuple[str, str]]]:
    stores = Stores.of(StoreSettings(stores="embedded", data=tmp_path / "data"))
    services = [build(stores) for build in BUILDS]
    face = face_of(services, stores, HttpSettings())
    found = []
    for app in face._apps.values():  # type: ignore[attr-defined]
        for path, methods in app.openapi()["paths"].items():
            found += [(method, path) for method in methods]
    transport = httpx.ASGITransport(app=face, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://loupe"), found


async def test_anonymous_and_forged_callers_get_401_everywhere(tmp_path: Path) -> None:
    client, found = operations(tmp_path)
    assert len(found) > 40
    forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOiJkZWZhdWx0In0."}
    async with client:
        for method, path in found:
            if (method, path) in PUBLIC:
                continue
            place = re.sub(r"{[^}]+}", SOMETHING, path)
            for headers in ({}, forged):
                answer = await client.request(method, place, headers=headers)
                assert answer.status_code == 401, (method, path)
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_viewer_can_change_nothing(tmp_path: Path) -> None:
    """Every operation that writes refuses a viewer before it looks at anything."""
    client, found = operations(tmp_path)
    viewer = credentials("default", "viewer")
    async with client:
        for method, path in found:
            if method in ("get", "head", "options") or (method, path) in PUBLIC:
                continue
            place = re.sub(r"{[^}]+}", SOMETHING, path)
            answer = await client.request(method, place, headers=viewer)
            # A body that is checked before the role may be refused first; nothing is ever done.
            assert answer.status_code in (403, 422, 415, 400), (method, path, answer.text)


@pytest.mark.parametrize("name", [build.__module__.split(".")[1] for build in BUILDS])
async def test_each_service_answers_its_own_pages(tmp_path: Path, name: str) -> None:
    client, _ = operations(tmp_path)
    async with client:
        for page in ("healthz", "metrics", "openapi.json"):
            answer = await client.get(f"/api/{name}/{page}")
            assert answer.status_code == 200, page
