"""Requests that are sent twice and make one thing: the one rule behind Idempotency-Key.

A key names the id of what it makes, so that of many equal requests at once one makes it and all get
it. A receipt beside it remembers what was asked for, and whether the thing was deleted since: the
key of something that is gone makes no second one.
"""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter

from shared.clock import Timestamp, utc_now
from shared.documents.port import (
    Collection,
    CollectionSpec,
    Document,
    Documents,
    Index,
    TenantScope,
)
from shared.errors import Conflict, FieldError, InvalidInput, LoupeError, NotFound

Made = TypeVar("Made", bound=Document)


class KeyReused(InvalidInput):
    """The key came with another request before."""

    code = "idempotency-key-reused"
    title = "The Idempotency-Key belongs to another request"


class KeySpent(Conflict):
    """What the key made was deleted."""

    code = "idempotency-key-spent"
    title = "What this Idempotency-Key made was deleted"


def spent() -> KeySpent:
    """Return the error for a key whose thing is gone."""
    return KeySpent("what this key made was deleted; take a new key to make another")


class Receipt(Document):
    """What was asked for with a key; ``id`` is that of the thing made, ``spent`` once it goes.

    It goes with the project that the thing is in, or past its term; then the key is a new one,
    but for a thing that is still there.
    """

    fingerprint: str
    project_id: str = ""
    spent: bool = False
    created_at: Timestamp | None = None


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request that came with a key.

    Attributes:
        tenant: Whose key it is.
        thing_id: The id that is derived from the key.
        wish: What is asked for: a model or a dataclass.
        project_id: The project that the thing is in, if it is in one.
    """

    tenant: str
    thing_id: str
    wish: object
    project_id: str = ""

    def receipt(self) -> Receipt:
        """Return the receipt of this request."""
        return Receipt(
            id=self.thing_id,
            tenant=self.tenant,
            fingerprint=self._hashed(said_alone=True),
            project_id=self.project_id,
            created_at=utc_now(),
        )

    def is_of(self, receipt: Receipt) -> bool:
        """Tell whether the receipt is of an equal request.

        Earlier releases hashed what the request left out, too, by the defaults of their time.
        """
        return receipt.fingerprint in (self._hashed(said_alone=True), self._hashed())

    def _hashed(self, *, said_alone: bool = False) -> str:
        """Hash the wish; what it leaves out may get another default with the next release."""
        wish = TypeAdapter(type(self.wish)).dump_json(self.wish, exclude_unset=said_alone)
        return hashlib.sha256(wish).hexdigest()


def receipts_spec(service: str) -> CollectionSpec[Receipt]:
    """Return the collection in which ``service`` keeps its receipts."""
    return CollectionSpec(f"{service}.receipts", Receipt, (Index(("created_at",)),))


class Receipts:
    """The keys that a service has seen."""

    def __init__(self, documents: Documents, service: str) -> None:
        self._documents = documents
        self._spec = receipts_spec(service)

    async def make_once(
        self, asked: Keyed, *, things: Collection[Made], make: Callable[[], Awaitable[Made]]
    ) -> Made:
        """Return what a key made, making it unless it is there.

        Args:
            asked: The request.
            things: Where the thing is kept.
            make: Stores the thing, under the id of the request.

        Raises:
            KeyReused: The key came with another wish.
            KeySpent: The thing was deleted.
        """
        receipts, thing_id = self._of(asked.tenant), asked.thing_id
        receipt = await receipts.ensure(asked.receipt())
        if not asked.is_of(receipt):
            raise KeyReused(
                "this key was used for another request",
                errors=[FieldError("Idempotency-Key", "take a new key for a new request")],
            )
        known = await things.find(thing_id)
        if known is not None:
            return known
        made = None if receipt.spent else await self._made(things, thing_id, make)
        if made is None or (await receipts.get(thing_id)).spent:
            if made is not None:  # deleted between our looks; this would be its ghost
                with suppress(NotFound):
                    await things.delete(await things.get(thing_id))
            raise spent()
        return made

    async def spend(self, tenant: str, thing_id: str) -> None:
        """Note, before a thing is deleted, that its key makes no other one."""
        with suppress(NotFound):  # it was made without a key
            await self._of(tenant).change(
                thing_id, lambda receipt: receipt.model_copy(update={"spent": True})
            )

    async def _made(
        self, things: Collection[Made], thing_id: str, make: Callable[[], Awaitable[Made]]
    ) -> Made:
        try:
            return await make()
        except LoupeError:  # perhaps since an equal request was as quick, and took the last room
            known = await things.find(thing_id)
            if known is None:
                raise
            return known

    def _of(self, tenant: str) -> Collection[Receipt]:
        return self._documents.collection(self._spec, TenantScope(tenant))
