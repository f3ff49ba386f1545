"""What the evaluator listens to."""

from services.evaluator.work.judge import Judge
from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectDeleted
from shared.contracts.training_events import TrainingSucceeded
from shared.events.subscriptions import Subscription, on
from shared.projects.directory import ProjectDirectory


def subscriptions(judge: Judge, projects: ProjectDirectory) -> tuple[Subscription, ...]:
    """Return the table: event class → handler."""
    directory = {line.event: line for line in projects.subscriptions()}
    leave = directory.pop(ProjectDeleted).handler

    async def project_deleted(event: Event[ProjectDeleted]) -> None:
        await leave(event)
        await judge.forget(event.tenant, event.data.project_id)

    return (
        *directory.values(),
        on(ProjectDeleted, project_deleted),
        on(TrainingSucceeded, judge.judge),
    )
