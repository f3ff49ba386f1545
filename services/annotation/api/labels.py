"""Routes of labels."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.annotation.api.annotations import Id
from services.annotation.api.schemas import (
    DeletedLabelList,
    DeletedLabelResponse,
    LabelList,
    LabelOrderWrite,
    LabelPatch,
    LabelResponse,
    LabelWrite,
)
from services.annotation.domain.label_rules import LabelChange
from services.annotation.domain.task_shapes import KINDS
from services.annotation.handlers.labels import Labels
from services.annotation.repository import Label
from shared.http.callers import Who
from shared.http.preconditions import ExpectedVersion, IdempotencyKey, set_etag
from shared.http.use_cases import use
from shared.projects.directory import ProjectDirectory, ProjectView

Labelling = Annotated[Labels, Depends(use(Labels))]
Directory = Annotated[ProjectDirectory, Depends(use(ProjectDirectory))]

router = APIRouter(tags=["labels"], prefix="/projects/{project_id}")


@router.get("/labels")
async def list_labels(
    who: Who, labels: Labelling, projects: Directory, project_id: Id
) -> LabelList:
    """List a project's labels in their order, and what kinds of shapes its task knows."""
    project = await projects.require(who.tenant, project_id)
    return _listed(await labels.list_labels(who.tenant, project_id), project)


@router.put("/label-order")
async def order_labels(
    who: Who,
    labels: Labelling,
    projects: Directory,
    project_id: Id,
    body: LabelOrderWrite,
) -> LabelList:
    """Put a project's labels in an order: of lists, of digits as keys, of classes in exports."""
    project = await projects.require(who.tenant, project_id)
    return _listed(await labels.order_labels(who.tenant, project_id, body.ids), project)


def _listed(labels: list[Label], project: ProjectView) -> LabelList:
    return LabelList(
        items=tuple(LabelResponse.of(label) for label in labels),
        total=len(labels),
        shape_kinds=KINDS[project.task],
    )


@router.post("/labels", status_code=201)
async def create_label(
    who: Who,
    labels: Labelling,
    projects: Directory,
    project_id: Id,
    body: LabelWrite,
    key: IdempotencyKey,
    response: Response,
) -> LabelResponse:
    """Create a label."""
    await projects.require(who.tenant, project_id)
    label = await labels.create_label(who.tenant, project_id, body.name, key=key)
    set_etag(response, label.version)
    response.headers["Location"] = f"/api/annotation/projects/{project_id}/labels/{label.id}"
    return LabelResponse.of(label)


@router.get("/labels/{label_id}")
async def get_label(
    who: Who,
    labels: Labelling,
    projects: Directory,
    project_id: Id,
    label_id: Id,
    response: Response,
) -> LabelResponse:
    """Return one label."""
    await projects.require(who.tenant, project_id)
    label = await labels.get_label(who.tenant, project_id, label_id)
    set_etag(response, label.version)
    return LabelResponse.of(label)


@router.patch("/labels/{label_id}")
async def change_label(
    who: Who,
    labels: Labelling,
    projects: Directory,
    project_id: Id,
    label_id: Id,
    body: LabelPatch,
    expected: ExpectedVersion,
    response: Response,
) -> LabelResponse:
    """Change a label's name, colour, key or note; annotations follow its name.

    The old name stays an alias: who saves or imports it means this label, until another has it.
    """
    await projects.require(who.tenant, project_id)
    wish = LabelChange(**body.model_dump())
    label = await labels.change_label(who.tenant, project_id, label_id, wish, expected=expected)
    set_etag(response, label.version)
    return LabelResponse.of(label)


@router.delete("/labels/{label_id}", status_code=204)
async def delete_label(
    who: Who,
    labels: Labelling,
    projects: Directory,
    project_id: Id,
    label_id: Id,
    expected: ExpectedVersion,
) -> None:
    """Delete a label and all its annotations; `:restore` brings both back."""
    await projects.require(who.tenant, project_id)
    await labels.delete_label(who, project_id, label_id, expected=expected)


@router.get("/deleted-labels")
async def list_deleted_labels(
    who: Who, labels: Labelling, projects: Directory, project_id: Id
) -> DeletedLabelList:
    """List the hundred labels that were deleted last, newest first."""
    await projects.require(who.tenant, project_id)
    found = await labels.list_deleted(who.tenant, project_id)
    return DeletedLabelList(items=tuple(DeletedLabelResponse.of(one) for one in found))


@router.post("/labels/{label_id}:restore")
async def restore_label(
    who: Who,
    labels: Labelling,
    projects: Directory,
    project_id: Id,
    label_id: Id,
    response: Response,
) -> LabelResponse:
    """Bring a deleted label back, with its shapes as far as history is kept.

    Images that were cleared, imported, corrected or cut anew since then stay as they are.
    """
    await projects.require(who.tenant, project_id)
    label = await labels.restore_label(who.tenant, project_id, label_id)
    set_etag(response, label.version)
    return LabelResponse.of(label)
