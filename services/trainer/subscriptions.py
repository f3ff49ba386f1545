"""What the trainer listens to."""

from services.trainer.handlers import Trainings
from services.trainer.promotion import Promotion
from services.trainer.retraining import Retraining
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.contracts.model_events import DeploymentFailed, ModelDeployed
from shared.contracts.project_events import ProjectDeleted
from shared.contracts.training_events import (
    ReportCompleted,
    ReportFailed,
    SnapshotFrozen,
    SnapshotRefused,
    TrainingEnded,
    TrainingSucceeded,
)
from shared.events.subscriptions import Subscription, on


def subscriptions(
    trainings: Trainings, retraining: Retraining, promotion: Promotion
) -> tuple[Subscription, ...]:
    """Return the table: event class → handler."""
    return (
        *trainings.projects.subscriptions(),
        on(ProjectDeleted, retraining.project_deleted),
        on(ImageUploaded, retraining.image_uploaded),
        on(ImageDeleted, retraining.image_deleted),
        on(AnnotationSaved, retraining.annotation_saved),
        on(CorrectionSaved, retraining.correction_saved),
        on(SnapshotFrozen, trainings.dataset_frozen),
        on(SnapshotRefused, trainings.dataset_refused),
        on(TrainingSucceeded, trainings.succeeded),
        on(TrainingEnded, trainings.ended),
        on(ReportCompleted, promotion.report_completed),
        on(ReportFailed, promotion.report_failed),
        on(ModelDeployed, promotion.deployed),
        on(DeploymentFailed, promotion.deployment_failed),
    )
