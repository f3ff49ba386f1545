"""Who may what, and that nobody calls as the platform."""

from itertools import product

import jwt
import pytest

from shared.callers import ROLES, Caller
from shared.errors import Unauthenticated
from tests.signing import SIGNER, fresh_tokens


def test_a_role_may_what_lower_roles_may() -> None:
    for (rank, role), (needed_rank, needed) in product(enumerate(ROLES), repeat=2):
        assert Caller("acme", "key", role).may(needed) == (rank >= needed_rank)


def test_the_platform_may_everything_for_its_tenant() -> None:
    system = Caller.system("acme")
    assert system.tenant == "acme"
    assert all(system.may(role) for role in ROLES)


async def test_no_token_makes_its_bearer_the_platform() -> None:
    token = SIGNER.issue(Caller.system("acme"))
    assert jwt.decode(token, options={"verify_signature": False})["role"] == "system"
    with pytest.raises(Unauthenticated, match="unknown role"):
        await fresh_tokens().check(token)
