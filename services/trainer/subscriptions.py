"""What the trainer listens to, beside the directories of projects and images, which go first."""

from services.trainer.handlers.gate import Gate
from services.trainer.handlers.outcomes import TrainingOutcomes
from services.trainer.handlers.retraining import Retraining
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.model_events import DeploymentFailed, ModelDeployed, ModelPromoted
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
    outcomes: TrainingOutcomes, retraining: Retraining, gate: Gate
) -> tuple[Subscription, ...]:
    """Return the table: event class → handlers, in order."""
    return (
        on(AnnotationSaved, retraining.annotation_saved),
        on(CorrectionSaved, retraining.correction_saved),
        on(SnapshotFrozen, outcomes.dataset_frozen),
        on(SnapshotRefused, outcomes.dataset_refused),
        on(TrainingSucceeded, outcomes.succeeded),
        on(TrainingEnded, outcomes.ended),
        on(ReportCompleted, gate.report_completed),
        on(ReportFailed, gate.report_failed),
        on(ModelPromoted, gate.promoted),
        on(ModelDeployed, gate.deployed),
        on(DeploymentFailed, gate.deployment_failed),
    )
