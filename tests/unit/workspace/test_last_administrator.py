"""Administrators who take back each other's keys at the same time."""

import asyncio

from services.workspace.errors import LastAdminKey
from services.workspace.handlers.key_list import KeyList
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.revocations import Revocations
from shared.callers import Caller
from shared.documents.port import Documents
from shared.hosting.stores import Stores
from shared.paging import PageParams
from tests.unit.workspace.test_revocation import id_of, key_of


class Meeting(Revocations):
    """Two who ask at once both see two administrators before either takes one back."""

    def __init__(self, documents: Documents, keys: Keys) -> None:
        super().__init__(documents, keys)
        self.looks, self.both = 0, asyncio.Barrier(2)

    async def _admins(self, who: Caller) -> list[str]:
        found = await super()._admins(who)
        self.looks += 1
        if self.looks <= 2:
            await self.both.wait()
        return found


async def test_two_administrators_who_revoke_each_other_at_once_leave_one_in(
    stores: Stores,
) -> None:
    for turn in range(20):
        revocations = Meeting(stores.documents, Keys(stores.documents))
        tenant = f"t{turn}"
        pair = [id_of(await key_of(stores, "admin", tenant)) for _ in range(2)]
        answers = await asyncio.gather(
            *(
                revocations.revoke_key(Caller(tenant, by, "admin"), other)
                for by, other in (pair, reversed(pair))
            ),
            return_exceptions=True,
        )
        assert any(isinstance(answer, LastAdminKey) for answer in answers)
        page = await KeyList(stores.documents).page(Caller(tenant, pair[0], "admin"), PageParams())
        assert "valid" in [seen.state for seen in page.items]
        for seen in page.items:
            assert seen.key.generation, "its tokens ended, though it was given back"
