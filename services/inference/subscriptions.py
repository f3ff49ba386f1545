"""What inference listens to."""

from services.inference.handlers.deployments import Deployments
from services.inference.handlers.follow_ups import FollowUps
from services.inference.handlers.images import GalleryImages
from services.inference.handlers.predictions import Predictions
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.contracts.model_events import ModelDeployed, ModelPromoted
from shared.contracts.project_events import ProjectDeleted
from shared.events.subscriptions import Subscription, on
from shared.projects.directory import ProjectDirectory


def subscriptions(
    *,
    projects: ProjectDirectory,
    images: GalleryImages,
    deployments: Deployments,
    predictions: Predictions,
    follow_ups: FollowUps,
) -> tuple[Subscription, ...]:
    """Return the table: event class → handler."""
    return (
        *projects.subscriptions(),
        on(ProjectDeleted, deployments.project_deleted),
        on(ImageUploaded, images.uploaded),
        on(ImageDeleted, images.deleted),
        on(ModelPromoted, deployments.promoted),
        on(CorrectionSaved, predictions.corrected),
        on(AnnotationSaved, follow_ups.annotated),
        on(ModelDeployed, follow_ups.deployed),
    )
