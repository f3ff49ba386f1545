"""What the gallery listens to."""

from services.gallery.handlers.statuses import Statuses
from services.gallery.handlers.tiles import Tiles
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.image_events import ImageTiled, TilingFailed
from shared.contracts.model_events import PredictionCompleted
from shared.contracts.project_events import ProjectDeleted
from shared.events.subscriptions import Subscription, on
from shared.projects.clearing import Clearings
from shared.projects.directory import ProjectDirectory


def subscriptions(
    projects: ProjectDirectory, clearings: Clearings, *, tiles: Tiles, statuses: Statuses
) -> tuple[Subscription, ...]:
    """Return the table: event → handler; a deleted project also leaves things to be removed."""
    return (
        *projects.subscriptions(),
        on(ProjectDeleted, clearings.project_deleted),
        on(ImageTiled, tiles.take),
        on(TilingFailed, tiles.note_failure),
        on(AnnotationSaved, statuses.follow_annotation),
        on(PredictionCompleted, statuses.follow_prediction),
    )
