"""What inference listens to."""

from services.inference.handlers.deployments import Deployments
from services.inference.handlers.doubts import Doubts
from services.inference.handlers.follow_ups import FollowUps
from services.inference.handlers.predictions import Predictions
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.image_events import ImageDeleted
from shared.contracts.model_events import ModelDeployed, ModelPromoted
from shared.contracts.training_events import TrainingSucceeded
from shared.events.subscriptions import Subscription, on
from shared.images.directory import ImageDirectory
from shared.projects.directory import ProjectDirectory


def subscriptions(
    projects: ProjectDirectory,
    images: ImageDirectory,
    *,
    deployments: Deployments,
    predictions: Predictions,
    doubts: Doubts,
    follow_ups: FollowUps,
) -> tuple[Subscription, ...]:
    """Return the table: event class → handler; several of one class in this order."""
    return (
        *projects.subscriptions(),
        *images.subscriptions(),
        *images.annotation_subscriptions(),
        on(TrainingSucceeded, deployments.made),
        on(ModelPromoted, deployments.promoted),
        on(AnnotationSaved, doubts.annotated),  # the directory knows of it by now
        on(ImageDeleted, doubts.image_deleted),
        on(CorrectionSaved, predictions.corrected),
        on(ModelDeployed, follow_ups.deployed),
    )
