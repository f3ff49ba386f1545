"""Routes of deployments."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.inference.api.schemas import DeploymentResponse
from services.inference.handlers.deployments import Deployments
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.use_cases import use
from shared.paging import Page

router = APIRouter(tags=["deployments"])
Deployed = Annotated[Deployments, Depends(use(Deployments))]


@router.get("/projects/{project_id}/deployments")
async def list_deployments(
    who: Who, project_id: str, deployments: Deployed, paging: Paging
) -> Page[DeploymentResponse]:
    """List versions on the model server, newest promotion first."""
    alias = await deployments.alias(who.tenant, project_id)
    found = await deployments.page(who, project_id, paging)
    return found.map(lambda deployment: DeploymentResponse.of(deployment, alias))


@router.get("/projects/{project_id}/deployments/{version}")
async def get_deployment(
    who: Who, project_id: str, version: str, deployments: Deployed
) -> DeploymentResponse:
    """Return how far the deployment of one version is."""
    found = await deployments.get(who.tenant, project_id, version)
    return DeploymentResponse.of(found, await deployments.alias(who.tenant, project_id))
