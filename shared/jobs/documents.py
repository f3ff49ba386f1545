"""Documents with a job of their own: what was asked for, and the work on it under the same id."""

import asyncio
import contextlib
from typing import Generic, TypeVar

from shared.clock import Timestamp
from shared.documents.port import (
    Collection,
    CollectionSpec,
    Document,
    Documents,
    EveryTenant,
    Query,
    Sort,
    TenantScope,
    Where,
)
from shared.errors import NotFound
from shared.jobs.job import FINAL, Job
from shared.jobs.queue import JobQueue
from shared.paging import Page, PageParams, page_of

LOOK_S = 10.0  # between two looks for documents that a kill kept from the queue


class JobDocument(Document):
    """What was asked for; how far it is stands in the job of the same id.

    ``queued`` is False until that job is known to exist.
    """

    project_id: str
    created_at: Timestamp
    created_by: str = ""
    queued: bool = False


DocumentT = TypeVar("DocumentT", bound=JobDocument)


class JobDocuments(Generic[DocumentT]):
    """The documents of one collection, and their jobs of one kind."""

    def __init__(
        self, documents: Documents, spec: CollectionSpec[DocumentT], jobs: JobQueue, kind: str
    ) -> None:
        self._documents = documents
        self._spec = spec
        self._jobs = jobs
        self._kind = kind

    def of(self, tenant: str) -> Collection[DocumentT]:
        """Return a tenant's documents."""
        return self._documents.collection(self._spec, TenantScope(tenant))

    def every(self) -> Collection[DocumentT]:
        """Return the documents of all tenants."""
        return self._documents.collection(self._spec, EveryTenant())

    async def begin(self, document: DocumentT) -> DocumentT:
        """Store a document and queue its job; the one of this id that is there goes before."""
        stored = await self.of(document.tenant).ensure(document)
        await self.queue(stored)
        return stored

    async def get(self, tenant: str, project_id: str, document_id: str) -> DocumentT:
        """Return a project's document; raise NotFound."""
        document = await self.of(tenant).get(document_id)
        if document.project_id != project_id:
            raise NotFound(f"no {self._kind.replace('_', ' ')} {document_id}")
        return document

    async def page(
        self, tenant: str, paging: PageParams, where: Where
    ) -> Page[tuple[DocumentT, Job | None]]:
        """Return one page of a tenant's documents with their jobs, newest first."""
        found = await page_of(self.of(tenant), paging, where=where, sort=Sort("created_at", -1))
        return found.with_items([(one, await self.job(one)) for one in found.items])

    async def job(self, document: DocumentT) -> Job | None:
        """Return a document's job; one that a kill kept from the queue is queued now.

        None of a document that never had one, or whose job went first as both went: what is over
        is not done again.
        """
        job = await self._jobs.find(document.tenant, document.id)
        return job if job is not None or document.queued else await self.queue(document)

    async def queue(self, document: DocumentT) -> Job:
        """Queue a document's job unless it is there."""
        payload = {"project_id": document.project_id}
        job = await self._jobs.enqueue(document.tenant, self._kind, document.id, payload=payload)
        if not document.queued:
            with contextlib.suppress(NotFound):  # its project was removed
                await self.of(document.tenant).change(
                    document.id, lambda stored: stored.model_copy(update={"queued": True})
                )
        return job

    async def queue_left(self) -> None:
        """Queue the documents that a kill kept from it."""
        async for document in self.every().walk(Query(where={"queued": False})):
            await self.queue(document)

    async def keep_queueing(self) -> None:
        """Do `queue_left` now and then, until cancelled."""
        while True:
            await self.queue_left()
            await asyncio.sleep(LOOK_S)

    async def is_over(self, document: DocumentT) -> bool:
        """Tell whether nobody works on a document, or will."""
        job = await self._jobs.find(document.tenant, document.id)
        return job is None or job.state in FINAL

    async def cancel(self, tenant: str, document_id: str) -> None:
        """Stop the work on a document."""
        await self._jobs.cancel(tenant, document_id)

    async def drop(self, document: DocumentT) -> None:
        """Remove the job of a document that is over, as the document goes."""
        await self._jobs.drop(document.tenant, document.id)
