"""Train and test: once such a version answers, it tests every image that nobody annotated."""

from services.inference.domain.terms import Terms
from services.inference.handlers.deployments import deployment_id
from services.inference.handlers.test_runs import MAX_TEST_IMAGES, TestRuns
from services.inference.repository import ANNOTATED, DEPLOYMENTS, IMAGES, AnnotatedImage
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.model_events import ModelDeployed
from shared.documents.port import Documents, Query, TenantScope
from shared.documents.projections import remember
from shared.projects.directory import ProjectDirectory

_PAGE = 500


class FollowUps:
    """Starts the test run of a training in mode ``train_and_test``."""

    def __init__(self, documents: Documents, projects: ProjectDirectory, runs: TestRuns) -> None:
        self._documents = documents
        self._projects = projects
        self._runs = runs

    async def annotated(self, event: Event[AnnotationSaved]) -> None:
        """Remember whether an image is annotated."""
        view = AnnotatedImage(
            id=event.data.image_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=event.data.project_id,
            annotated=event.data.annotated,
        )
        await remember(self._documents.collection(ANNOTATED, TenantScope(event.tenant)), view)

    async def deployed(self, event: Event[ModelDeployed]) -> None:
        """Queue one test run, however often this event comes."""
        tenant, project_id, version = event.tenant, event.data.project_id, event.data.version
        deployments = self._documents.collection(DEPLOYMENTS, TenantScope(tenant))
        deployment = await deployments.find(deployment_id(tenant, project_id, version))
        if deployment is None or not deployment.test_after:
            return
        wanted = await self._not_annotated(tenant, project_id)
        if wanted:
            await self._runs.start(
                Caller.system(tenant),
                project_id,
                wanted[:MAX_TEST_IMAGES],
                terms=Terms(version),
                key=f"after-{deployment.training_id}",
            )

    async def _not_annotated(self, tenant: str, project_id: str) -> list[str]:
        """The images to test, oldest first: in a tiled project its tiles, else whole images."""
        scope = TenantScope(tenant)
        project = await self._projects.require(tenant, project_id)
        images = self._documents.collection(IMAGES, scope)
        annotated = self._documents.collection(ANNOTATED, scope)
        query = Query(where={"project_id": project_id, "annotated": True}, limit=_PAGE)
        done = {view.id async for view in annotated.walk(query)}
        query = Query(where={"project_id": project_id, "deleted": False}, limit=_PAGE)
        found: list[str] = []
        async for view in images.walk(query):
            whole = view.plan_hash is None
            if view.id not in done and whole == (project.tiling is None):
                found.append(view.id)
        return found
