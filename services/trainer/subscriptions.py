"""What the trainer listens to."""

from services.trainer.handlers.outcomes import Outcomes
from services.trainer.handlers.promotion import Promotion
from services.trainer.handlers.retraining import Retraining
from services.trainer.handlers.trainings import Trainings
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
from shared.projects.directory import ProjectDirectory


def subscriptions(
    projects: ProjectDirectory,
    trainings: Trainings,
    outcomes: Outcomes,
    retraining: Retraining,
    promotion: Promotion,
) -> tuple[Subscription, ...]:
    """Return the table: event class → handler."""
    return (
        *projects.subscriptions(),
        on(ProjectDeleted, trainings.project_deleted),
        on(ImageUploaded, retraining.image_uploaded),
        on(ImageDeleted, retraining.image_deleted),
        on(AnnotationSaved, retraining.annotation_saved),
        on(CorrectionSaved, retraining.correction_saved),
        on(SnapshotFrozen, outcomes.dataset_frozen),
        on(SnapshotRefused, outcomes.dataset_refused),
        on(TrainingSucceeded, outcomes.succeeded),
        on(TrainingEnded, outcomes.ended),
        on(ReportCompleted, promotion.report_completed),
        on(ReportFailed, promotion.report_failed),
        on(ModelDeployed, promotion.deployed),
        on(DeploymentFailed, promotion.deployment_failed),
    )
