"""What tiling listens to."""

from services.tiling.handlers import Tiling
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.events.subscriptions import Subscription, on
from shared.projects.directory import ProjectDirectory


def subscriptions(tiling: Tiling, projects: ProjectDirectory) -> tuple[Subscription, ...]:
    """Return the table: event → handler."""
    return (
        *projects.subscriptions(),
        on(ImageUploaded, tiling.note_image),
        on(ImageDeleted, tiling.forget_image),
        on(AnnotationSaved, tiling.note_targets),
    )
