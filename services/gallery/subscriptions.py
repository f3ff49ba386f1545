"""What the gallery listens to."""

from services.gallery.handlers.statuses import Statuses
from services.gallery.handlers.tiles import Tiles
from shared.contracts.annotation_events import AnnotationReviewed, AnnotationSaved
from shared.contracts.image_events import ImageTiled, TilingFailed
from shared.contracts.model_events import PredictionCompleted
from shared.events.subscriptions import Subscription, on
from shared.projects.directory import ProjectDirectory
from shared.quotas import Limits


def subscriptions(
    projects: ProjectDirectory, *, tiles: Tiles, statuses: Statuses, limits: Limits
) -> tuple[Subscription, ...]:
    """Return the table: event → handler."""
    return (
        *projects.subscriptions(),
        on(ImageTiled, tiles.take),
        on(TilingFailed, tiles.note_failure),
        on(AnnotationSaved, statuses.follow_annotation),
        on(AnnotationReviewed, statuses.follow_review),
        on(PredictionCompleted, statuses.follow_prediction),
        *limits.subscriptions(),
    )
