"""Routes deny by default: every operation of every service asks who calls."""

import asyncio
from datetime import UTC, datetime
from itertools import product

from services.standalone import BUILDS
from services.workspace.adapters.signer import Signer
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.revocations import Revocations
from shared.callers import Caller
from shared.hosting.stores import Stores
from tests.contract.operations import operations_on
from tests.running import credentials
from tests.signing import KEY_FILE, SIGNER

NAMES = [build.__module__.split(".")[1] for build in BUILDS]
LONG_AGO = datetime(2023, 1, 1, tzinfo=UTC)


async def strangers(stores: Stores) -> dict[str, str]:
    """Return what those send who have no token, or none that is good for anything any more."""
    keys = Keys(stores.documents)
    key = await keys.make_key("default", name="lost", role="admin")
    owner = await keys.sign_in(key, source="")
    revoked = SIGNER.issue(owner)
    await Revocations(stores.documents, keys).revoke_key(Caller.system("default"), owner.subject)
    boss = Caller("default", "boss", "admin")
    return {
        "bad": "eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOiJkZWZhdWx0In0.",
        "expired": Signer(KEY_FILE, clock=lambda: LONG_AGO).issue(boss),
        "revoked": revoked,
        "of another signer": Signer(KEY_FILE.with_name("foreign.key")).issue(boss),
    }


async def test_who_has_no_token_that_is_good_gets_401_everywhere(stores: Stores) -> None:
    async with operations_on(stores) as platform:
        assert len(platform.guarded) > 80
        callers = {"anonymous": {}} | {
            name: {"Authorization": f"Bearer {token}"}
            for name, token in (await strangers(stores)).items()
        }
        for name, caller in callers.items():
            answers = await asyncio.gather(
                *(platform.ask(operation.request(), caller) for operation in platform.guarded)
            )
            for operation, answer in zip(platform.guarded, answers, strict=True):
                assert answer.status_code == 401, (name, operation.name)
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_name_in_the_query_that_is_not_read_is_told_everywhere(stores: Stores) -> None:
    """A `threshold` in the query of a prediction must not be dropped without a word."""
    async with operations_on(stores) as platform:
        for operation in platform.operations:
            asked = operation.request().asking({"not_read": "0.5"})
            answer = await platform.ask(asked, credentials(is_operator=True))
            assert answer.status_code == 422, (operation.name, answer.text)
            if operation.method != "head":
                assert [told["field"] for told in answer.json()["errors"]] == ["not_read"]


async def test_each_service_answers_its_own_pages(stores: Stores) -> None:
    async with operations_on(stores) as platform:
        for name, page in product(NAMES, ("healthz", "openapi.json")):
            answer = await platform.client.get(f"/api/{name}/{page}")
            assert answer.status_code == 200, (name, page)


async def test_metrics_are_not_where_a_front_door_leads(stores: Stores) -> None:
    async with operations_on(stores) as platform:
        for place in ("/metrics", *(f"/api/{name}/metrics" for name in NAMES)):
            assert (await platform.client.get(place)).status_code == 404, place
