"""Second opinions of versions about annotated images, as the check of labels asks for them."""

import asyncio

from services.annotation.domain.label_rules import Moved
from services.annotation.domain.second_opinions import Opinion
from services.annotation.handlers.label_names import LabelNames
from services.annotation.repository import OPINIONS, OpinionView
from shared.blobs.content import read_content
from shared.blobs.port import Blobs
from shared.contracts.envelope import Event
from shared.contracts.model_events import SecondOpinionCompleted
from shared.contracts.opinions import Opinions
from shared.documents.port import Collection, Documents, TenantScope
from shared.documents.projections import remember
from shared.errors import NotFound
from shared.telemetry import logger

log = logger(__name__)


class KnownOpinions:
    """The last second opinion of each project."""

    def __init__(self, documents: Documents, blobs: Blobs, names: LabelNames) -> None:
        self._documents = documents
        self._blobs = blobs
        self._names = names

    async def completed(self, event: Event[SecondOpinionCompleted]) -> None:
        """Take note of what a version found; what another one found before goes."""
        data, views = event.data, self._of(event.tenant)
        before = await views.find(data.project_id)
        view = OpinionView(
            id=data.project_id,
            tenant=event.tenant,
            sequence=data.number,
            project_id=data.project_id,
            model_version=data.version,
            opinions_key=data.opinions_key,
            images=data.images,
            made_at=event.time,
        )
        kept = await remember(views, view)
        for key in {data.opinions_key, *([before.opinions_key] if before else [])}:
            if key != kept.opinions_key:
                await self._blobs.delete(key)

    async def find(self, tenant: str, project_id: str) -> Opinion | None:
        """Return what a version said last, under the names that labels have now.

        None where no version looked yet; one whose findings are lost has seen no image.
        """
        view = await self._of(tenant).find(project_id)
        if view is None:
            return None
        opinions = await self._read(view)
        if opinions is None:
            now = await self._of(tenant).find(project_id)
            if now is not None and now.sequence > view.sequence:  # replaced while it was read
                return await self.find(tenant, project_id)
            log.warning("second_opinion.lost", project=view.id)
            opinions = Opinions(version=view.model_version, labels=())
        moved: Moved = {
            **await self._names.aliases(tenant, project_id, opinions.labels),
            **dict.fromkeys(await self._names.missing(tenant, project_id, opinions.labels)),
        }
        return await asyncio.to_thread(
            Opinion.of, opinions, moved, number=view.sequence, made_at=view.made_at
        )

    async def _read(self, view: OpinionView) -> Opinions | None:
        try:
            data = await read_content(self._blobs, view.opinions_key)
        except NotFound:
            return None
        return await asyncio.to_thread(Opinions.model_validate_json, data)

    def _of(self, tenant: str) -> Collection[OpinionView]:
        return self._documents.collection(OPINIONS, TenantScope(tenant))
