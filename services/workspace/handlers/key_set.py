"""What services check tokens with: the public keys, and what was taken back of late."""

from typing import Any

import orjson

from services.workspace.adapters import Signer
from services.workspace.handlers.revocations import Revocations


class KeySet:
    """The key set of :class:`shared.http.tokens.Tokens`."""

    def __init__(self, signer: Signer, revocations: Revocations) -> None:
        self._signer = signer
        self._revocations = revocations

    async def told(self) -> dict[str, Any]:
        """Return the set as JSON; raise as the signer does, DependencyDown without the store."""
        revoked = await self._revocations.lately()
        return {
            "keys": self._signer.public_keys(),
            "revoked": revoked.model_dump(mode="json"),
        }

    async def read(self) -> bytes:
        """Return the set as text."""
        return orjson.dumps(await self.told())
