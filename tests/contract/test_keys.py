"""Idempotency-Key, wherever an operation takes one: fifty equal requests at once are one."""

import asyncio
from dataclasses import dataclass, replace

import httpx

from services.inference.repository import VERSIONS
from services.trainer.repository import IMAGES
from shared.documents.port import Query, TenantScope
from shared.hosting.stores import Stores
from tests.contract.furnished import furnish, ids_of
from tests.contract.operations import Operation, Platform, operations_on
from tests.contract.requests import FittingRequest
from tests.running import credentials

IDS = ids_of("A")
OF_PROJECT = "/projects/{project_id}"
RUNS = f"POST /api/annotation{OF_PROJECT}/import-runs"
ASKS_A_MODEL_SERVER = {f"POST /api/inference{OF_PROJECT}/predictions"}
"""Held to the same on a real one, in tests/adapters/inference/test_service.py."""


@dataclass(frozen=True)
class Wish:
    """What is asked for with a key: fields of the body, and those that make it another request."""

    fields: dict[str, object]
    otherwise: dict[str, object]


WISHES = {
    "POST /api/workspace/projects": Wish({"name": "pins"}, {"name": "needles"}),
    f"POST /api/annotation{OF_PROJECT}/labels": Wish({"name": "pit"}, {"name": "dent"}),
    f"POST /api/trainer{OF_PROJECT}/trainings": Wish(
        {"mode": "train", "recipe": None}, {"mode": "train_and_test"}
    ),
    f"POST /api/inference{OF_PROJECT}/test-runs": Wish({}, {"threshold": 0.9}),
    f"POST /api/inference{OF_PROJECT}/exports": Wish(
        {"version": "V1", "target": "onnx"}, {"target": "sdk"}
    ),
    RUNS: Wish({}, {"strict": "true"}),
    f"{RUNS}/{{run_id}}:again": Wish({}, {"dry_run": "true"}),
}
"""All operations with a key; the options of imports stand in the query."""


def asking(operation: Operation, fields: dict[str, object], ids: dict[str, str]) -> FittingRequest:
    request = operation.request(**ids)
    told = {name: str(value) for name, value in fields.items()}
    request = request.saying(fields) if "content" in request.options else request.asking(told)
    headers = {**request.options["headers"], "Idempotency-Key": operation.path}
    return replace(request, options={**request.options, "headers": headers})


async def furnish_more(stores: Stores, platform: Platform) -> dict[str, str]:
    """Store what these operations ask for beside a document of each kind; return the ids."""
    specs = [spec for service in platform.services for spec in service.all_collections]
    await furnish(stores.documents, specs, tenant="default", ids=IDS)
    scope = TenantScope("default")
    known = {"manifest_key": "m", "predictions_key": "p"}
    versions = stores.documents.collection(VERSIONS, scope)
    for version in await versions.query(Query()):
        await versions.change(version.id, lambda old: old.model_copy(update=known))
    images = stores.documents.collection(IMAGES, scope)
    for image in await images.query(Query()):
        await images.change(image.id, lambda old: old.model_copy(update={"annotated": True}))
    (runs,) = [one for one in platform.operations if one.name == RUNS]
    begun = await platform.ask(runs.request(**IDS), credentials())
    return IDS | {"run_id": begun.json()["id"]}


async def test_fifty_equal_requests_at_once_are_one_and_another_with_their_key_is_none(
    stores: Stores,
) -> None:
    async with operations_on(stores) as platform:
        ids = await furnish_more(stores, platform)
        for operation in platform.operations:
            if operation.name in WISHES:
                await hold(platform, operation, WISHES[operation.name], ids)


async def hold(platform: Platform, operation: Operation, wish: Wish, ids: dict[str, str]) -> None:
    async def ask(fields: dict[str, object]) -> httpx.Response:
        return await platform.ask(asking(operation, fields, ids), credentials())

    answers = await asyncio.gather(*(ask(wish.fields) for _ in range(50)))
    other = await ask(wish.fields | wish.otherwise)
    named = (operation.name, answers[0].text, other.text)
    assert {answer.status_code for answer in answers} <= {201, 202}, named
    assert {answer.text for answer in answers} == {answers[0].text}, named
    assert (other.status_code, other.json()["type"]) == (
        422, "urn:loupe:problem:idempotency-key-reused",
    ), named  # fmt: skip
    assert [told["field"] for told in other.json()["errors"]] == ["Idempotency-Key"]


async def test_no_operation_with_a_key_is_left_out(stores: Stores) -> None:
    async with operations_on(stores) as platform:
        keyed = {
            operation.name
            for operation in platform.operations
            for parameter in operation.told.get("parameters", ())
            if parameter["name"] == "Idempotency-Key"
        }
    assert keyed == WISHES.keys() | ASKS_A_MODEL_SERVER
