"""What tiling listens to."""

from services.tiling.handlers.images import Images
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.events.subscriptions import Subscription, on
from shared.projects.directory import ProjectDirectory


def subscriptions(images: Images, projects: ProjectDirectory) -> tuple[Subscription, ...]:
    """Return the table: event → handler."""
    return (
        *projects.subscriptions(),
        on(ImageUploaded, images.note_image),
        on(ImageDeleted, images.forget_image),
        on(AnnotationSaved, images.note_targets),
    )
