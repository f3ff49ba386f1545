"""What the gallery listens to."""

from services.gallery.handlers.statuses import Statuses
from services.gallery.handlers.tenant_limits import Limits
from services.gallery.handlers.tiles import Tiles
from shared.contracts.annotation_events import AnnotationReviewed, AnnotationSaved
from shared.contracts.image_events import ImageTiled, TilingFailed
from shared.contracts.model_events import PredictionCompleted
from shared.contracts.tenant_events import TenantLimited
from shared.events.subscriptions import Subscription, on
from shared.projects.directory import ProjectDirectory


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
        on(TenantLimited, limits.heard),
    )
