"""Routes of the workspace."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.workspace.handlers import Workspace
from services.workspace.schemas import (
    ProjectCreate,
    ProjectPatch,
    ProjectResponse,
    TokenRequest,
    TokenResponse,
)
from shared.http.callers import Caller, Editor
from shared.http.paging import Page, Paging, encode_cursor
from shared.http.preconditions import ExpectedVersion, IdempotencyKey, set_etag
from shared.http.tokens import LIFETIME_S, Tokens


def public_routes(workspace: Workspace, tokens: Tokens) -> APIRouter:
    """Return the one route that needs no token: the one that gives it."""
    router = APIRouter(tags=["tokens"])

    @router.post("/tokens")
    async def create_token(body: TokenRequest) -> TokenResponse:
        """Exchange an API key for a short-lived access token."""
        who = await workspace.sign_in(body.api_key)
        return TokenResponse(
            access_token=tokens.issue(who), expires_in=LIFETIME_S, tenant=who.tenant, role=who.role
        )

    return router


def routes(workspace: Workspace) -> APIRouter:
    """Return the routes of projects."""
    router = APIRouter(tags=["projects"])

    @router.post("/projects", status_code=201)
    async def create_project(
        who: Editor, body: ProjectCreate, key: IdempotencyKey, response: Response
    ) -> ProjectResponse:
        """Create a project."""
        project = await workspace.create_project(who, body, key=key)
        set_etag(response, project.version)
        response.headers["Location"] = f"/api/workspace/projects/{project.id}"
        return ProjectResponse.of(project)

    @router.get("/projects")
    async def list_projects(
        who: Caller, paging: Paging, name: Annotated[str | None, Query(max_length=128)] = None
    ) -> Page[ProjectResponse]:
        """List projects, newest first."""
        found, total = await workspace.list_projects(who, paging, name=name)
        last = found[-1] if len(found) == paging.page_size else None
        return Page(
            items=tuple(ProjectResponse.of(project) for project in found),
            total=total,
            page=paging.page,
            page_size=paging.page_size,
            next_cursor=encode_cursor(last.model_dump(mode="json")["created_at"], last.id)
            if last
            else None,
        )

    @router.get("/projects/{project_id}")
    async def get_project(who: Caller, project_id: str, response: Response) -> ProjectResponse:
        """Return one project."""
        project = await workspace.get_project(who, project_id)
        set_etag(response, project.version)
        return ProjectResponse.of(project)

    @router.patch("/projects/{project_id}")
    async def change_project(
        who: Editor,
        project_id: str,
        body: ProjectPatch,
        expected: ExpectedVersion,
        response: Response,
    ) -> ProjectResponse:
        """Change a project's name or notes."""
        project = await workspace.change_project(who, project_id, body, expected=expected)
        set_etag(response, project.version)
        return ProjectResponse.of(project)

    @router.delete("/projects/{project_id}", status_code=204)
    async def delete_project(who: Editor, project_id: str) -> None:
        """Remove a project and everything in it."""
        await workspace.delete_project(who, project_id)

    return router
