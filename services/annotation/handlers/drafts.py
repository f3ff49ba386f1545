"""Unsaved work on an image, kept for who has it: any browser of theirs may go on with it."""

from services.annotation.repository import DRAFTS, KeptDraft
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.documents.port import Collection, Documents, Query, Sort, TenantScope
from shared.ids import derived_id
from shared.images.directory import ImageDirectory
from shared.projects.directory import ProjectDirectory

MOST_DRAFTS = 50
"""Of one person; the oldest goes for a new one."""


class Drafts:
    """Drafts, one of a person and an image; nobody else sees them, and no event tells of them."""

    def __init__(
        self,
        documents: Documents,
        *,
        projects: ProjectDirectory,
        images: ImageDirectory,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._projects = projects
        self._images = images
        self._clock = clock

    async def keep(self, author: Caller, project_id: str, image_id: str, work: str) -> None:
        """Keep a person's work on an image in the place of what was kept; raise NotFound."""
        await self._projects.require(author.tenant, project_id)
        image = await self._images.require(author.tenant, project_id, image_id)
        new = KeptDraft(
            id=_id_of(author, image_id),
            tenant=author.tenant,
            project_id=project_id,
            image_id=image_id,
            author=author.subject,
            work=work,
            kept_at=self._clock(),
        )
        kept = {"work": new.work, "kept_at": new.kept_at}
        await self._of(author.tenant).change(
            new.id, lambda old: old.model_copy(update=kept), new=new
        )
        await self._make_room(author)
        # The mark of a deleted image is set before its drafts go: one of both sees the other.
        if not await self._images.lives(image.tenant, image.id):
            await self.forget(image.tenant, image.id)

    async def read(self, author: Caller, project_id: str, image_id: str) -> KeptDraft | None:
        """Return what a person has kept of an image; raise NotFound for no such image."""
        await self._projects.require(author.tenant, project_id)
        await self._images.require(author.tenant, project_id, image_id)
        return await self._of(author.tenant).find(_id_of(author, image_id))

    async def drop(self, author: Caller, project_id: str, image_id: str) -> None:
        """Throw a person's draft away; raise NotFound for no such image."""
        await self._projects.require(author.tenant, project_id)
        await self._images.require(author.tenant, project_id, image_id)
        await self.saved(author, image_id)

    async def saved(self, author: Caller, image_id: str) -> None:
        """Let a person's draft go: the work is saved."""
        while await self._of(author.tenant).clear({"id": _id_of(author, image_id)}):
            pass

    async def forget(self, tenant: str, image_id: str) -> None:
        """Let all drafts of an image go that is gone."""
        while await self._of(tenant).clear({"image_id": image_id}):
            pass

    async def _make_room(self, author: Caller) -> None:
        mine = Query(
            where={"author": author.subject},
            sort=Sort("kept_at", -1),
            skip=MOST_DRAFTS,
            limit=MOST_DRAFTS,
        )
        for old in await self._of(author.tenant).query(mine):
            await self._of(author.tenant).clear({"id": old.id})

    def _of(self, tenant: str) -> Collection[KeptDraft]:
        return self._documents.collection(DRAFTS, TenantScope(tenant))


def _id_of(author: Caller, image_id: str) -> str:
    return derived_id(author.tenant, "draft", author.subject, image_id)
