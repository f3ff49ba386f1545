"""Routes of deployments."""

from fastapi import APIRouter

from services.inference.api.schemas import DeploymentResponse
from services.inference.handlers.deployments import Deployments
from shared.http.callers import Viewer
from shared.http.paging import Paging
from shared.paging import Page


def deployment_routes(deployments: Deployments) -> APIRouter:
    """Return the routes of deployments."""
    router = APIRouter()
    path = "/projects/{project_id}/deployments"

    @router.get(path, tags=["deployments"])
    async def list_deployments(
        who: Viewer, project_id: str, paging: Paging
    ) -> Page[DeploymentResponse]:
        """List versions on the model server, newest promotion first."""
        alias = await deployments.alias(who.tenant, project_id)
        found, total = await deployments.page(who.tenant, project_id, paging)
        items = [DeploymentResponse.of(deployment, alias) for deployment in found]
        return Page(items=tuple(items), total=total, page=paging.page, page_size=paging.page_size)

    @router.get(path + "/{version}", tags=["deployments"])
    async def get_deployment(who: Viewer, project_id: str, version: str) -> DeploymentResponse:
        """Return how far the deployment of one version is."""
        found = await deployments.get(who.tenant, project_id, version)
        alias = await deployments.alias(who.tenant, project_id)
        return DeploymentResponse.of(found, alias)

    return router
