"""The journal: what was asked to be changed is told to the workspace, which keeps it.

A service's lines go out by the outboxes of a few documents, its spools, which hold nothing else: a
tenant has no more of them however much it changes, and the log of events keeps one line of each.
While the broker is down all lines wait there, and a document takes 16 MiB at most: of so many
spools a tenant may make a million changes of a service before they are full and it is told so.
"""

import random

from shared.contracts.audit_events import ChangeAsked
from shared.documents.port import CollectionSpec, Document, Documents, TenantScope, Write

_SPOOLS = 64  # of a tenant in a service: writers hardly ever meet at one


class Spool(Document):
    """How many lines went through here; they are in its outbox until they are out."""

    lines: int = 0


def spool_spec(service: str) -> CollectionSpec[Spool]:
    """Return the collection of a service's spools."""
    return CollectionSpec(f"{service}.spools", Spool)


class Journal:
    """Where a service writes down what was asked of it."""

    def __init__(self, documents: Documents, service: str) -> None:
        self._documents = documents
        self._spec = spool_spec(service)
        self.service = service

    async def record(self, tenant: str, line: ChangeAsked) -> None:
        """Write a line down; when this returns it is durable. Raise DependencyDown."""
        name = f"{self.service}-{random.randrange(_SPOOLS)}"
        await self._documents.collection(self._spec, TenantScope(tenant)).change(
            name,
            lambda spool: Write(spool.model_copy(update={"lines": spool.lines + 1}), [line]),
            new=Spool(id=name, tenant=tenant),
        )
