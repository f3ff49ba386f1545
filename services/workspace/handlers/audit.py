"""Looks whether every blob that is named is there, with the bytes that its key names."""

from dataclasses import dataclass, field

import orjson

from services.workspace.domain.blob_names import hash_in, keys_in, manifests_of, needed_of
from services.workspace.repository import HOLDINGS, LEFTOVERS, PROJECTS
from shared.blobs.content import is_whole
from shared.blobs.port import Blobs
from shared.documents.port import Documents, EveryTenant, Query
from shared.errors import NotFound

_PAGE = 500
_OWN = (LEFTOVERS.name, HOLDINGS.name)


@dataclass
class Audited:
    """What an audit found: how many blobs are named, and the keys of those with a fault."""

    named: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


class Audit:
    """Reads all that is stored of all tenants, and every blob that it names."""

    def __init__(self, documents: Documents, blobs: Blobs) -> None:
        self._documents = documents
        self._blobs = blobs

    async def look(self) -> Audited:
        """Look once, while the platform runs; what is deleted meanwhile is no fault."""
        found = Audited()
        for tenant in sorted(await self._tenants()):
            named = await self._named(tenant)
            found.named += len(named)
            missing = [key for key in sorted(named) if not await self._is_there(key)]
            damaged = [
                key
                for key in sorted(named - {*missing})
                if hash_in(key) and not await is_whole(self._blobs, key)
            ]
            if missing or damaged:
                still = await self._named(tenant)
                found.missing += [key for key in missing if key in still]
                found.damaged += [key for key in damaged if key in still]
        return found

    async def _tenants(self) -> set[str]:
        projects = self._documents.collection(PROJECTS, EveryTenant())
        tenants = {project.tenant async for project in projects.walk(Query(limit=_PAGE))}
        return tenants | {blob.key.split("/")[1] async for blob in self._blobs.walk("t/")}

    async def _named(self, tenant: str) -> set[str]:
        """Return the whole keys that a tenant's documents and datasets name."""
        named: set[str] = set()
        manifests: set[str] = set()
        async for text in self._documents.texts(tenant):
            if text.collection not in _OWN:
                body = needed_of(text.collection, text.body)
                named |= keys_in(orjson.dumps(body).decode())
                manifests |= set(manifests_of(body))
        for manifest in manifests:
            try:
                named |= keys_in((await self._blobs.read(manifest)).decode(errors="replace"))
            except NotFound:
                continue  # it is named itself, and told
        return named

    async def _is_there(self, key: str) -> bool:
        try:
            await self._blobs.stat(key)
        except NotFound:
            return False
        return True
