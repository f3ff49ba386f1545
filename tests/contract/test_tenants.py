"""A foreign thing and one that never was are told apart by nobody, wherever an id stands."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from shared.hosting.stores import Stores
from shared.http.roles import OF_OTHERS
from tests.contract.furnished import furnish, ids_of
from tests.contract.operations import Operation, Platform, operations_on
from tests.contract.requests import FittingRequest
from tests.running import credentials

Ids = dict[str, str]

THEIRS, OWN, NOBODYS = ids_of("A"), ids_of("B", version="V2"), ids_of("C", version="V3")
STRANGER = credentials("other", is_operator=False)
_VERSION = "/api/evaluator/projects/{project_id}/versions/{version}"
NEEDS_MORE = {
    f"GET {_VERSION}/compare",  # another version
    f"GET {_VERSION}/report.html",
    f"GET {_VERSION}/report.pdf",
    f"POST {_VERSION}/report:recompute",
    "POST /api/inference/projects/{project_id}/predictions",
    "POST /api/inference/projects/{project_id}/exports",
}
"""What an owner is answered only with files, or with another thing that the body names."""
SAID = {
    "ids": "",
    "image_ids": "image_id",
    "image_id": "image_id",
    "prediction_id": "prediction_id",
    "test_run_id": "run_id",
    "with": "version",
    "version": "version",
    "token": "key_id",
}
"""What queries and bodies call ids, and what paths call the same."""
IDS_OF = {
    "POST /api/gallery/projects/{project_id}/images:batch-delete": "image_id",
    "PUT /api/annotation/projects/{project_id}/label-order": "label_id",
}
SPEAKS_OF_NO_PROJECT = {"OPTIONS /api/gallery/projects/{project_id}/uploads"}


@asynccontextmanager
async def furnished(stores: Stores) -> AsyncIterator[Platform]:
    """Give a platform on which two tenants have one of everything."""
    async with operations_on(stores) as platform:
        specs = [spec for service in platform.services for spec in service.all_collections]
        await furnish(stores.documents, specs, tenant="default", ids=THEIRS)
        await furnish(stores.documents, specs, tenant="other", ids=OWN)
        yield platform


def named(operation: Operation) -> list[str]:
    """Return the ids of a tenant's things in a path; a word of a closed list is no id."""
    names = re.findall(r"{(\w+)}", operation.path)
    return [name for name in names if name in THEIRS]


def pairs(operation: Operation) -> Iterator[tuple[Ids, Ids]]:
    """Yield ids of a foreign tenant, and such as nobody has, for each place from which on."""
    names = named(operation)
    for place in range(len(names)):
        own = {name: OWN[name] for name in names[:place]}
        yield tuple(own | {name: ids[name] for name in names[place:]} for ids in (THEIRS, NOBODYS))


def seen(answer: httpx.Response) -> tuple[int, dict[str, str], str]:
    """Return what a caller can see, but for the ids and moments that it speaks of."""
    text = answer.text
    for ids in (THEIRS, NOBODYS):
        for name in ids.keys() - {"version"}:
            text = text.replace(ids[name], "<id>")
    text = re.sub(r"01[0-9A-Z]{24}", "<id>", text)
    text = re.sub(rf"\b({THEIRS['version']}|{NOBODYS['version']})\b", "<version>", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<moment>", text)
    headers = {name: value for name, value in answer.headers.items() if name != "location"}
    return answer.status_code, headers, text


async def test_a_foreign_id_in_a_path_is_one_that_never_was(stores: Stores) -> None:
    async with furnished(stores) as platform:
        asked = [(one, *ids) for one in platform.guarded for ids in pairs(one)]
        assert len(asked) > 100
        for operation, theirs, nobodys in asked:
            foreign = await platform.ask(operation.request(**theirs), STRANGER)
            missing = await platform.ask(operation.request(**nobodys), STRANGER)
            assert seen(foreign) == seen(missing), (operation.name, theirs)
            if operation.name not in SPEAKS_OF_NO_PROJECT:
                assert foreign.status_code == 404, (operation.name, theirs, foreign.text)


async def test_who_has_the_same_things_is_answered_otherwise(stores: Stores) -> None:
    """Else a stranger's 404 would tell nothing; what is taken away is asked for last."""
    async with furnished(stores) as platform:
        for operation in sorted(platform.guarded, key=lambda one: one.method == "delete"):
            if named(operation) and operation.name not in NEEDS_MORE:
                answer = await platform.ask(operation.request(**THEIRS), credentials())
                assert answer.status_code not in (404, 500), (operation.name, answer.text)


@pytest.mark.parametrize(
    "may", [credentials(role="annotator", subject="ann"), credentials(role="engineer")]
)
async def test_what_somebody_else_began_takes_an_engineer(
    stores: Stores, may: dict[str, str]
) -> None:
    others = credentials(role="annotator")
    async with operations_on(stores) as platform:
        specs = [spec for service in platform.services for spec in service.all_collections]
        await furnish(stores.documents, specs, tenant="default", ids=THEIRS, by="ann")
        rows = [operation for operation in platform.guarded if operation.row == OF_OTHERS]
        assert len(rows) == 6
        for operation in rows:
            request = operation.request(**THEIRS)
            refused = await platform.ask(request, others)
            assert refused.status_code == 403, (operation.name, refused.text)
            assert refused.json()["detail"].startswith("somebody else began it")
            answer = await platform.ask(request, may)
            assert answer.status_code in (200, 202, 204), (operation.name, answer.text)


def said(operation: Operation) -> Iterator[tuple[str, str]]:
    """Yield what a query and a body call ids, and where: `query` or `body`."""
    for parameter in operation.told.get("parameters", ()):
        if parameter["in"] == "query" and parameter["name"] in SAID:
            yield "query", parameter["name"]
    content = operation.told.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    known = operation.document["components"]["schemas"].get(name, schema)
    for field in known.get("properties", {}).keys() & SAID.keys():
        yield "body", field


def saying(operation: Operation, place: str, field: str, ids: Ids) -> FittingRequest:
    """Return a request within the stranger's own project that names one id of ``ids``."""
    value = ids[SAID[field]] if field != "ids" else ids[IDS_OF[operation.name]]
    request = operation.request(**OWN)
    if place == "query":
        return request.asking({field: value})
    if "content" not in request.options:  # a form is the other way
        request = replace(request, options={**request.options, "content": b"{}"})
        request.options["headers"]["Content-Type"] = "application/json"
        request.options.pop("files", None)
    return request.saying({field: [value] if field.endswith("ids") else value})


async def test_a_foreign_id_in_a_query_or_a_body_is_one_that_never_was(stores: Stores) -> None:
    async with furnished(stores) as platform:
        asked = [(one, *place) for one in platform.guarded for place in said(one)]
        assert {field for _, _, field in asked} == SAID.keys()
        for operation, place, field in asked:
            foreign, missing = [
                await platform.ask(saying(operation, place, field, ids), STRANGER)
                for ids in (THEIRS, NOBODYS)
            ]
            told = (operation.name, field, foreign.text)
            assert seen(foreign) == seen(missing), told
            assert foreign.status_code < 500, told
