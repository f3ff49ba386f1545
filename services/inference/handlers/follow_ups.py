"""Train and test: once such a version answers, it tests every image that nobody annotated."""

from services.inference.domain.terms import PredictionTerms, PredictionWish
from services.inference.handlers.deployments import deployment_id
from services.inference.handlers.test_runs import MAX_TEST_IMAGES, TestRuns, run_id_of
from services.inference.repository import DEPLOYMENTS
from shared.callers import Caller
from shared.contracts.envelope import Event
from shared.contracts.model_events import ModelDeployed
from shared.documents.port import Documents, TenantScope
from shared.images.directory import ImageDirectory
from shared.projects.directory import ProjectDirectory


class FollowUps:
    """Starts the test run of a training in mode ``train_and_test``."""

    def __init__(
        self,
        documents: Documents,
        *,
        projects: ProjectDirectory,
        images: ImageDirectory,
        runs: TestRuns,
    ) -> None:
        self._documents = documents
        self._projects = projects
        self._images = images
        self._runs = runs

    async def deployed(self, event: Event[ModelDeployed]) -> None:
        """Queue its test runs once, however often this event comes: each of as many as one may."""
        tenant, project_id, version = event.tenant, event.data.project_id, event.data.version
        deployments = self._documents.collection(DEPLOYMENTS, TenantScope(tenant))
        deployment = await deployments.find(deployment_id(tenant, project_id, version))
        if deployment is None or not deployment.test_after:
            return
        wanted = await self._not_annotated(tenant, project_id)
        for begin in range(0, len(wanted), MAX_TEST_IMAGES):
            images = tuple(wanted[begin : begin + MAX_TEST_IMAGES])
            part = f"-{begin}" if begin else ""
            await self._runs.ensure(
                Caller.system(tenant),
                project_id,
                PredictionWish(images, PredictionTerms(deployment.model_version)),
                run_id=run_id_of(tenant, project_id, f"after-{deployment.training_id}{part}"),
            )

    async def _not_annotated(self, tenant: str, project_id: str) -> list[str]:
        """The images to test, oldest first: in a tiled project its tiles, else whole images."""
        project = await self._projects.require(tenant, project_id)
        is_plain = project.tiling is None
        found = self._images.walk(tenant, project_id, annotated=False)
        return [view.id async for view in found if (view.parent_id is None) == is_plain]
