"""Events of projects."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.envelope import EXAMPLE_ID, EventBody
from shared.contracts.shapes import Task


class Grid(BaseModel):
    """The project option "image tiling": rows × columns whose neighbours overlap."""

    model_config = ConfigDict(frozen=True)

    rows: int
    columns: int
    overlap_px: int = 0


class ProjectCreated(EventBody):
    """A project exists; ``labels`` are those typed at creation."""

    type: ClassVar[str] = "project.created"
    topic: ClassVar[str] = "project"
    source: ClassVar[str] = "workspace"
    consumers: ClassVar[tuple[str, ...]] = (
        "gallery", "tiling", "annotation", "trainer", "evaluator", "inference",
    )  # fmt: skip
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "name": "pins",
        "task": "detection",
        "tiling": {"rows": 2, "columns": 2},
        "labels": ["scratch"],
    }

    project_id: str
    name: str
    task: Task
    tiling: Grid | None = None
    labels: tuple[str, ...] = ()


class ProjectUpdated(EventBody):
    """A project's name changed."""

    type: ClassVar[str] = "project.updated"
    topic: ClassVar[str] = "project"
    source: ClassVar[str] = "workspace"
    consumers: ClassVar[tuple[str, ...]] = ProjectCreated.consumers
    example: ClassVar[dict[str, Any]] = {"project_id": EXAMPLE_ID, "name": "pins, line 2"}

    project_id: str
    name: str


class ProjectDeleted(EventBody):
    """A project is gone; everything below it may go too."""

    type: ClassVar[str] = "project.deleted"
    topic: ClassVar[str] = "project"
    source: ClassVar[str] = "workspace"
    consumers: ClassVar[tuple[str, ...]] = ProjectCreated.consumers
    example: ClassVar[dict[str, Any]] = {"project_id": EXAMPLE_ID}

    project_id: str
