"""Exports as people see them: asked for here, made by ``work.exports``, downloaded here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from services.inference.errors import CertificateRefused, ExportNotReady
from services.inference.handlers.deployments import deployment_id
from services.inference.repository import EXPORTS, SERVICE, VERSIONS, Export, Target, Version
from shared.blobs.port import Blobs
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.documents.port import Documents, Remove, TenantScope
from shared.documents.receipts import Keyed, Receipts
from shared.errors import NotFound
from shared.ids import derived_id, new_id
from shared.jobs.documents import JobDocuments
from shared.jobs.job import FINAL, Job
from shared.jobs.queue import JobQueue
from shared.paging import Page, PageParams
from shared.projects.directory import ProjectDirectory
from shared.runtime.tasks.table import spec_of

EXPORT = "export"


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What is asked for.

    Attributes:
        version: The version's name.
        target: What is made of it.
    """

    version: str
    target: Target


class Exports:
    """Exports, each a document with a job."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        jobs: JobQueue,
        projects: ProjectDirectory,
        clock: Clock = utc_now,
    ) -> None:
        """Bind the stores and what is known of projects."""
        self._documents = documents
        self._blobs = blobs
        self._projects = projects
        self._exports = JobDocuments(documents, EXPORTS, jobs, EXPORT)
        self._clock = clock
        self._receipts = Receipts(documents, SERVICE)

    async def start(
        self, who: Caller, project_id: str, wish: ExportWish, *, key: str | None
    ) -> Export:
        """Queue an export; with a key, only once.

        Raises:
            NotFound: No such project or version.
            CertificateRefused: An earlier release made the version, and what its report was made
                of is not known here; or no model of the task is made for the target.
            KeyReused: The key came with another request before.
        """
        project = await self._projects.require(who.tenant, project_id)
        if wish.target == "onnx-int8" and spec_of(project.task).sides_are_free:
            raise CertificateRefused(
                "a model of OCR is not turned into 8 bits: it finds and reads lines in one graph of"
                " two halves, and signs would be lost; export it as onnx or sdk"
            )
        version = await self._version(who.tenant, project_id, wish.version)
        if not (version.manifest_key and version.predictions_key):
            raise CertificateRefused(
                f"{wish.version} was made by an earlier release, and this one does not know where"
                " the answers are by which to certify it; train a new version"
            )
        if key is None:
            return await self._ensure(who, project_id, wish, new_id())
        export_id = derived_id(who.tenant, EXPORT, project_id, key)
        return await self._receipts.make_once(
            Keyed(who.tenant, export_id, wish, project_id),
            things=self._exports.of(who.tenant),
            make=lambda: self._ensure(who, project_id, wish, export_id),
        )

    async def get(self, who: Caller, project_id: str, export_id: str) -> tuple[Export, Job]:
        """Return an export and its job; raise NotFound."""
        await self._projects.require(who.tenant, project_id)
        export = await self._exports.get(who.tenant, project_id, export_id)
        job = await self._exports.job(export)
        if job is None:  # it is being removed
            raise NotFound(f"no export {export_id}")
        return export, job

    async def page(
        self, who: Caller, project_id: str, paging: PageParams
    ) -> Page[tuple[Export, Job]]:
        """Return one page of exports, newest first."""
        await self._projects.require(who.tenant, project_id)
        found = await self._exports.page(who.tenant, paging, {"project_id": project_id})
        return found.with_items([(one, job) for one, job in found.items if job is not None])

    async def cancel(self, who: Caller, project_id: str, export_id: str) -> None:
        """Stop an export that is under way."""
        await self.get(who, project_id, export_id)
        await self._exports.cancel(who.tenant, export_id)

    async def remove(self, who: Caller, project_id: str, export_id: str) -> None:
        """Remove an export that is over, and its job; its file goes when nothing names it.

        Raises:
            NotFound: No such export.
            ExportNotReady: It is under way.
        """
        export, job = await self.get(who, project_id, export_id)
        if job.state not in FINAL:
            raise ExportNotReady("the export is under way: cancel it before it is removed")
        await self._receipts.spend(who.tenant, export_id)
        await self._exports.of(who.tenant).change(export_id, lambda _: Remove())
        await self._exports.drop(export)

    async def content(
        self, who: Caller, project_id: str, export_id: str
    ) -> tuple[Export, AsyncIterator[bytes]]:
        """Return a made export and its bytes.

        Raises:
            NotFound: No such export.
            ExportNotReady: It is not made.
        """
        export, job = await self.get(who, project_id, export_id)
        if job.state != "succeeded" or not export.blob_key:
            raise ExportNotReady(
                "there is nothing to download: the export is under way, or did not succeed"
            )
        await self._blobs.stat(export.blob_key)  # a 404 now, not a body that breaks off
        return export, self._blobs.stream(export.blob_key)

    async def keep_queueing(self) -> None:
        """Queue the exports that a kill kept from it, now and then, until cancelled."""
        await self._exports.keep_queueing()

    async def _ensure(
        self, who: Caller, project_id: str, wish: ExportWish, export_id: str
    ) -> Export:
        export = Export(
            id=export_id,
            tenant=who.tenant,
            project_id=project_id,
            model_version=wish.version,
            target=wish.target,
            created_at=self._clock(),
            created_by=who.subject,
        )
        return await self._exports.begin(export)

    async def _version(self, tenant: str, project_id: str, name: str) -> Version:
        versions = self._documents.collection(VERSIONS, TenantScope(tenant))
        found = await versions.find(deployment_id(tenant, project_id, name))
        if found is None:
            raise NotFound(f"no version {name}")
        return found
