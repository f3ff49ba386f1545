"""Rules of projects: names, tasks and the tiling option."""

from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.project_events import Grid
from shared.contracts.shapes import Task
from shared.errors import FieldError, InvalidInput
from shared.runtime.tasks.names import NEVER_CUT
from shared.vision.tiles import MAX_GRID, MAX_OVERLAP

MAX_NAME = 20
MAX_NOTES = 100


class ProjectSort(StrEnum):
    """Order of a list; a minus sorts downwards. Names stand in the order of their code points."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    NAME = "name"
    NAME_DOWN = "-name"


@dataclass(frozen=True)
class ProjectFilter:
    """Which projects a list has; None leaves a field open."""

    name: str | None = None
    task: Task | None = None
    is_archived: bool = False


@dataclass(frozen=True)
class ProjectChange:
    """What somebody wants changed of a project; None leaves a field as it is."""

    name: str | None = None
    notes: str | None = None
    is_archived: bool | None = None


@dataclass(frozen=True)
class ProjectDraft:
    """A project that somebody wants made, its fields in bounds each by itself."""

    name: str
    task: Task
    notes: str = ""
    tiling: Grid | None = None
    labels: tuple[str, ...] = ()


def check_tiling(task: Task, tiling: Grid | None) -> None:
    """Raise InvalidInput when ``task`` cannot be tiled or the grid is out of bounds.

    Tiling is for localisation and segmentation; text and whole images are never cut. One by one is
    no tiling.
    """
    if tiling is None:
        return
    if task in NEVER_CUT:
        raise InvalidInput(
            f"a project of task {task} cannot be tiled",
            errors=[FieldError("tiling", "leave it out, or choose detection or segmentation")],
        )
    for name, value, least, most in (
        ("tiling.rows", tiling.rows, 1, MAX_GRID),
        ("tiling.columns", tiling.columns, 1, MAX_GRID),
        ("tiling.overlap_px", tiling.overlap_px, 0, MAX_OVERLAP),
    ):
        if not least <= value <= most:
            raise InvalidInput(
                f"{name} is {value}", errors=[FieldError(name, f"must be {least} to {most}")]
            )
    if tiling.rows * tiling.columns == 1:
        raise InvalidInput(
            "a grid of 1 × 1 is no tiling", errors=[FieldError("tiling", "leave it out")]
        )
