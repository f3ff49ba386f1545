"""What the gallery listens to."""

from services.gallery.handlers import Gallery
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageTiled, TilingFailed
from shared.contracts.model_events import PredictionCompleted
from shared.contracts.project_events import ProjectDeleted
from shared.events.subscriptions import Handler, Subscription, on
from shared.projects.directory import ProjectDirectory


def subscriptions(gallery: Gallery, projects: ProjectDirectory) -> tuple[Subscription, ...]:
    """Return the table: event → handler; a deleted project also leaves images to be removed."""
    directory = {line.event: line for line in projects.subscriptions()}
    leave = directory.pop(ProjectDeleted)
    return (
        *directory.values(),
        on(ProjectDeleted, _both(leave.handler, gallery.forget_project)),
        on(ImageTiled, gallery.take_tiles),
        on(TilingFailed, gallery.note_tiling_failure),
        on(AnnotationSaved, gallery.follow_annotation),
        on(PredictionCompleted, gallery.follow_prediction),
    )


def _both(first: Handler, second: Handler) -> Handler:
    async def handle(event: Event[ProjectDeleted]) -> None:
        await first(event)
        await second(event)

    return handle
