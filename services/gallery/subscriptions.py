"""What the gallery listens to."""

from services.gallery.handlers.removal import Removal
from services.gallery.handlers.statuses import Statuses
from services.gallery.handlers.tiles import Tiles
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageTiled, TilingFailed
from shared.contracts.model_events import PredictionCompleted
from shared.contracts.project_events import ProjectDeleted
from shared.events.subscriptions import Handler, Subscription, on
from shared.projects.directory import ProjectDirectory


def subscriptions(
    projects: ProjectDirectory, removal: Removal, *, tiles: Tiles, statuses: Statuses
) -> tuple[Subscription, ...]:
    """Return the table: event → handler; a deleted project also leaves images to be removed."""
    directory = {line.event: line for line in projects.subscriptions()}
    leave = directory.pop(ProjectDeleted)
    return (
        *directory.values(),
        on(ProjectDeleted, _both(leave.handler, removal.forget_project)),
        on(ImageTiled, tiles.take),
        on(TilingFailed, tiles.note_failure),
        on(AnnotationSaved, statuses.follow_annotation),
        on(PredictionCompleted, statuses.follow_prediction),
    )


def _both(first: Handler, second: Handler) -> Handler:
    async def handle(event: Event[ProjectDeleted]) -> None:
        await first(event)
        await second(event)

    return handle
