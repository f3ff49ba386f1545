"""What tiling listens to."""

from services.tiling.handlers.images import Images
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.events.subscriptions import Subscription, on
from shared.images.directory import ImageDirectory
from shared.projects.directory import ProjectDirectory


def subscriptions(
    projects: ProjectDirectory, directory: ImageDirectory, *, images: Images
) -> tuple[Subscription, ...]:
    """Return the table: event → handlers, in order."""
    return (
        *projects.subscriptions(),
        *directory.subscriptions(),
        on(ImageUploaded, images.order_cut),
        on(ImageDeleted, images.forget_targets),
        on(AnnotationSaved, images.note_targets),
    )
