"""What the evaluator listens to."""

from services.evaluator.handlers.judgements import Judgements
from shared.contracts.training_events import TrainingSucceeded
from shared.events.subscriptions import Subscription, on
from shared.projects.directory import ProjectDirectory


def subscriptions(judgements: Judgements, projects: ProjectDirectory) -> tuple[Subscription, ...]:
    """Return the table: event class → handler."""
    return (
        *projects.subscriptions(),
        on(TrainingSucceeded, judgements.order),
    )
