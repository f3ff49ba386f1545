"""What services check tokens with: the public keys, and what was taken back of late."""

import asyncio
import time
from typing import Any

import orjson

from services.workspace.adapters.signer import Signer
from services.workspace.handlers.revocations import Revocations

_KEPT_S = 0.5
"""How long an answer serves: strangers may ask as often as they like, and each walk costs."""


class KeySet:
    """The key set of :class:`shared.http.tokens.Tokens`; those who ask at once share one look."""

    def __init__(self, signer: Signer, revocations: Revocations) -> None:
        self._signer = signer
        self._revocations = revocations
        self._look: asyncio.Task[dict[str, Any]] | None = None
        self._began_at = float("-inf")

    async def told(self) -> dict[str, Any]:
        """Return the set as JSON; raise as the signer does, DependencyDown without the store.

        The keys are those of this moment: a token that a new one just signed opens at once.
        """
        look, age_s = self._look, time.monotonic() - self._began_at
        if look is None or age_s >= _KEPT_S or _has_failed(look):
            look = self._look = asyncio.create_task(self._revoked())
            self._began_at = time.monotonic()
        revoked = await asyncio.shield(look)
        return {"keys": self._signer.public_keys(), "revoked": revoked}

    async def read(self) -> bytes:
        """Return the set as text."""
        return orjson.dumps(await self.told())

    async def _revoked(self) -> dict[str, Any]:
        return (await self._revocations.lately()).model_dump(mode="json")


def _has_failed(look: asyncio.Task[dict[str, Any]]) -> bool:
    return look.done() and (look.cancelled() or look.exception() is not None)
