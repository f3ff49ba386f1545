"""Routes of projects."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.workspace.api.schemas import ProjectCreate, ProjectPatch, ProjectResponse
from services.workspace.domain.projects import ProjectFilter, ProjectSort
from services.workspace.handlers.projects import Projects
from shared.contracts.shapes import Task
from shared.http.bodies import AtMost
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.preconditions import ExpectedVersion, IdempotencyKey, set_etag
from shared.http.use_cases import use
from shared.paging import Page

router = APIRouter(tags=["projects"])

Asked = Annotated[Projects, Depends(use(Projects))]


@router.post("/projects", status_code=201, dependencies=[Depends(AtMost(1 << 20))])  # labels
async def create_project(
    who: Who, body: ProjectCreate, projects: Asked, key: IdempotencyKey, response: Response
) -> ProjectResponse:
    """Create a project."""
    project = await projects.create_project(who, body.draft(), key=key)
    set_etag(response, project.version)
    response.headers["Location"] = f"/api/workspace/projects/{project.id}"
    return ProjectResponse.of(project)


@router.get("/projects")
async def list_projects(
    who: Who,
    projects: Asked,
    paging: Paging,
    name: Annotated[str | None, Query(max_length=128)] = None,
    task: Task | None = None,
    archived: bool = False,
    sort: ProjectSort = ProjectSort.NEWEST,
) -> Page[ProjectResponse]:
    """List projects whose name contains ``name``: those at work, or those that are archived."""
    wanted = ProjectFilter(name, task, archived)
    page = await projects.list_projects(who, paging, wanted=wanted, sort=sort)
    return page.map(ProjectResponse.of)


@router.get("/projects/{project_id}")
async def get_project(
    who: Who, project_id: str, projects: Asked, response: Response
) -> ProjectResponse:
    """Return one project."""
    project = await projects.get_project(who, project_id)
    set_etag(response, project.version)
    return ProjectResponse.of(project)


@router.patch("/projects/{project_id}")
async def change_project(
    who: Who,
    project_id: str,
    body: ProjectPatch,
    projects: Asked,
    expected: ExpectedVersion,
    response: Response,
) -> ProjectResponse:
    """Change a project's name or notes, archive it or take it out of the archive."""
    project = await projects.change_project(who, project_id, body.change(), expected=expected)
    set_etag(response, project.version)
    return ProjectResponse.of(project)


@router.delete("/projects/{project_id}", status_code=204)
async def delete_project(who: Who, project_id: str, projects: Asked) -> None:
    """Remove a project and everything in it."""
    await projects.delete_project(who, project_id)
