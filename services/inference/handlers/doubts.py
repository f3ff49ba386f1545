"""Of which images that nobody has annotated a version was least sure."""

from dataclasses import dataclass

from services.inference.domain.doubt import doubt_of
from services.inference.handlers.deployments import Deployments
from services.inference.repository import DOUBTS, Doubt, Prediction
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted
from shared.documents.port import Collection, Documents, Query, Sort, TenantScope
from shared.ids import derived_id
from shared.images.directory import ImageDirectory
from shared.projects.directory import ProjectDirectory

MOST_UNSURE = 100


@dataclass(frozen=True, slots=True)
class Unsure:
    """What the version that serves (empty: none does) is unsure of, the most doubtful first."""

    version: str
    images: tuple[Doubt, ...] = ()


class Doubts:
    """Doubts of versions about images, as long as nobody has annotated these."""

    def __init__(
        self,
        documents: Documents,
        *,
        projects: ProjectDirectory,
        deployments: Deployments,
        images: ImageDirectory,
    ) -> None:
        self._documents = documents
        self._projects = projects
        self._deployments = deployments
        self._images = images

    async def note(self, made: Prediction) -> None:
        """Remember how unsure a version was of an image of the gallery; sure ones are left out."""
        doubt = doubt_of(made.shapes)
        if made.image_id is None or doubt == 0:
            return
        name = derived_id(made.tenant, "doubt", made.image_id, made.model_version)
        new = Doubt(
            id=name,
            tenant=made.tenant,
            project_id=made.project_id,
            image_id=made.image_id,
            model_version=made.model_version,
            doubt=doubt,
        )
        doubts = self._of(made.tenant)
        # A test that leaves out what is less sure does not know more than one that did not.
        await doubts.change(
            name, lambda old: old.model_copy(update={"doubt": max(old.doubt, doubt)}), new=new
        )
        # The directory hears of an annotation before its doubts go: one of both sees the other.
        if not await self._is_open(made.tenant, made.image_id):
            await self._forget(made.tenant, made.image_id)

    async def annotated(self, event: Event[AnnotationSaved]) -> None:
        """Let the doubts about an image go: a person has said what it shows."""
        if event.data.annotated:
            await self._forget(event.tenant, event.data.image_id)

    async def image_deleted(self, event: Event[ImageDeleted]) -> None:
        """Let the doubts about an image go with it."""
        await self._forget(event.tenant, event.data.image_id)

    async def unsure(self, who: Caller, project_id: str) -> Unsure:
        """Return up to `MOST_UNSURE` images to annotate next; raise NotFound for no such project.

        Only what was predicted is known: an image that no test and no proposal looked at is not
        among them.
        """
        await self._projects.require(who.tenant, project_id)
        serving = await self._deployments.alias(who.tenant, project_id)
        if serving is None:
            return Unsure("")
        where = {"project_id": project_id, "model_version": serving.model_version}
        query = Query(where=where, sort=Sort("doubt", -1), limit=MOST_UNSURE)
        found = await self._of(who.tenant).query(query)
        still = [one for one in found if await self._is_open(who.tenant, one.image_id)]
        return Unsure(serving.model_version, tuple(still))

    async def _is_open(self, tenant: str, image_id: str) -> bool:
        view = await self._images.of(tenant).find(image_id)
        return view is not None and view.known and not view.deleted and not view.annotated

    async def _forget(self, tenant: str, image_id: str) -> None:
        while await self._of(tenant).clear({"image_id": image_id}):
            pass

    def _of(self, tenant: str) -> Collection[Doubt]:
        return self._documents.collection(DOUBTS, TenantScope(tenant))
