"""What the evaluator listens to."""

from services.evaluator.work.judge import Judge
from shared.contracts.training_events import TrainingSucceeded
from shared.events.subscriptions import Subscription, on
from shared.projects.directory import ProjectDirectory


def subscriptions(judge: Judge, projects: ProjectDirectory) -> tuple[Subscription, ...]:
    """Return the table: event class → handler."""
    return (
        *projects.subscriptions(),
        on(TrainingSucceeded, judge.judge),
    )
