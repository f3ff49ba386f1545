"""Routes deny by default: every operation of every service asks who calls."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from services.standalone import BUILDS
from shared.hosting.host import face_of
from shared.hosting.stores import Stores
from shared.http.app import create_app
from shared.settings import HttpSettings
from tests.contract.requests import SOMETHING, FittingRequest, fitting_request
from tests.running import credentials
from tests.signing import fresh_tokens

PUBLIC = {("post", "/api/workspace/tokens"), ("get", "/api/workspace/jwks")}


Operations = tuple[httpx.AsyncClient, list[tuple[str, str]], dict[str, Any]]
"""A client, every method and path, and each service's OpenAPI document."""


def operations(stores: Stores) -> Operations:
    services = [build(stores) for build in BUILDS]
    face = face_of(services, stores, HttpSettings())
    documents = {
        service.name: create_app(service, tokens=fresh_tokens(), checks={}).openapi()
        for service in services
    }
    found = [
        (method, path)
        for document in documents.values()
        for path, methods in document["paths"].items()
        for method in methods
    ]
    transport = httpx.ASGITransport(app=face, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://loupe"), found, documents


async def opened(stores: Stores) -> None:
    await stores.open([spec for build in BUILDS for spec in build(stores).all_collections])


async def test_anonymous_and_forged_callers_get_401_everywhere(stores: Stores) -> None:
    client, found, _ = operations(stores)
    await opened(stores)
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


async def test_a_name_in_the_query_that_is_not_read_is_told_everywhere(stores: Stores) -> None:
    """A `threshold` in the query of a prediction must not be dropped without a word."""
    client, found, documents = operations(stores)
    await opened(stores)
    assert len(found) > 40
    async with client:
        for method, path in found:
            request = fitting_request(documents[path.split("/")[2]], method, path)
            asked = FittingRequest(method, f"{request.path}?not_read=0.5", request.options)
            answer = await send(client, asked, credentials())
            assert answer.status_code == 422, (method, path, answer.text)
            if method != "head":
                assert [told["field"] for told in answer.json()["errors"]] == ["not_read"]


def writes(found: list[tuple[str, str]], documents: dict[str, Any]) -> list[FittingRequest]:
    return [
        fitting_request(documents[path.split("/")[2]], method, path)
        for method, path in found
        if method not in ("get", "head", "options") and (method, path) not in PUBLIC
    ]


async def test_a_viewer_can_change_nothing(stores: Stores) -> None:
    await opened(stores)
    """Every operation that writes refuses a viewer with a 403: its request was right otherwise."""
    client, found, documents = operations(stores)
    wanted = writes(found, documents)
    assert len(wanted) > 20
    async with client:
        for request in wanted:
            answer = await send(client, request, credentials("default", "viewer"))
            assert answer.status_code == 403, (request, answer.text)


async def test_the_requests_that_a_viewer_is_refused_are_taken_from_an_admin(
    stores: Stores,
) -> None:
    """Else a 403 would not prove that the role was asked."""
    client, found, documents = operations(stores)
    await opened(stores)
    async with client:
        answers = await asyncio.gather(
            *(
                send(client, request, credentials(is_operator=True))
                for request in writes(found, documents)
            )
        )
    refused = [(a.request.method, a.request.url.path, a.text) for a in answers if is_bad(a)]
    assert refused == []


def is_bad(answer: httpx.Response) -> bool:
    return answer.status_code in (400, 401, 403, 405, 415, 422)


async def send(
    client: httpx.AsyncClient, request: FittingRequest, caller: dict[str, str]
) -> httpx.Response:
    headers = {**request.options.get("headers", {}), **caller}
    options = {**request.options, "headers": headers}
    return await client.request(request.method, request.path, **options)


@pytest.mark.parametrize("name", [build.__module__.split(".")[1] for build in BUILDS])
async def test_each_service_answers_its_own_pages(stores: Stores, name: str) -> None:
    client, _, _ = operations(stores)
    async with client:
        for page in ("healthz", "openapi.json"):
            answer = await client.get(f"/api/{name}/{page}")
            assert answer.status_code == 200, page


@pytest.mark.parametrize("name", [build.__module__.split(".")[1] for build in BUILDS])
async def test_metrics_are_not_where_a_front_door_leads(stores: Stores, name: str) -> None:
    client, _, _ = operations(stores)
    async with client:
        assert (await client.get(f"/api/{name}/metrics")).status_code == 404
        assert (await client.get("/metrics")).status_code == 404
