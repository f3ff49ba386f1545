"""What the workspace listens to."""

from services.workspace.handlers.audit_log import AuditLog
from services.workspace.handlers.deliveries import Deliveries
from shared.contracts.audit_events import ChangeAsked
from shared.contracts.model_events import ModelDeployed, TestRunCompleted
from shared.contracts.training_events import ReportCompleted, TrainingEnded
from shared.events.subscriptions import Subscription, on


def subscriptions(audit: AuditLog, deliveries: Deliveries) -> tuple[Subscription, ...]:
    """Return the table: event class → handlers, in order."""
    return (
        on(ChangeAsked, audit.keep),
        on(ReportCompleted, deliveries.heard),
        on(ModelDeployed, deliveries.heard),
        on(TestRunCompleted, deliveries.heard),
        on(TrainingEnded, deliveries.heard),
    )
