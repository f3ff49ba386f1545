"""Operations of the operator, and those of a suspended tenant: every one of every service."""

import pytest

from services.workspace.handlers.keys import Keys
from shared.hosting.stores import Stores
from tests.contract.requests import fitting_request
from tests.contract.test_access import PUBLIC, opened, operations, send
from tests.running import credentials

TENANTS = "/api/workspace/tenants"

pytestmark = pytest.mark.usefixtures("quick")


async def test_no_operation_takes_a_token_of_a_suspended_tenant(stores: Stores) -> None:
    client, found, documents = operations(stores)
    await opened(stores)
    boss_key = await Keys(stores.documents).make_key(
        "default", name="operator", role="admin", is_operator=True
    )
    async with client:

        async def signed_in(key: str) -> dict[str, str]:
            answer = await client.post("/api/workspace/tokens", json={"api_key": key})
            return {"Authorization": f"Bearer {answer.json()['access_token']}"}

        boss = await signed_in(boss_key)
        made = await client.post(TENANTS, headers=boss, json={"id": "acme", "name": "Acme"})
        acme = await signed_in(made.json()["api_key"])

        async def refused() -> list[tuple[str, str]]:
            """The operations that answer 401."""
            return [
                (method, path)
                for method, path in found
                if (method, path) not in PUBLIC
                for request in [fitting_request(documents[path.split("/")[2]], method, path)]
                if (await send(client, request, acme)).status_code == 401
            ]

        assert await refused() == []
        await client.post(f"{TENANTS}/acme:suspend", headers=boss, json={"reason": "unpaid"})
        assert set(await refused()) == set(found) - PUBLIC


async def test_the_tenants_are_looked_after_by_operators_alone(stores: Stores) -> None:
    """An administrator's request was right otherwise: it is taken from an operator."""
    client, found, documents = operations(stores)
    await opened(stores)
    mine = [(method, path) for method, path in found if path.startswith(f"{TENANTS}")]
    assert len(mine) == 5
    async with client:
        for method, path in mine:
            request = fitting_request(documents["workspace"], method, path)
            answer = await send(client, request, credentials())
            assert answer.status_code == 403, (request, answer.text)
            answer = await send(client, request, credentials(role="viewer", is_operator=True))
            assert answer.status_code in (200, 201, 404), (request, answer.text)
