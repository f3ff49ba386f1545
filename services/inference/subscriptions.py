"""What inference listens to."""

from services.inference.after_training import AfterTraining
from services.inference.handlers import Inference
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.contracts.model_events import ModelDeployed, ModelPromoted
from shared.contracts.project_events import ProjectDeleted
from shared.events.subscriptions import Subscription, on


def subscriptions(inference: Inference, after: AfterTraining) -> tuple[Subscription, ...]:
    """Return the table: event class → handler."""
    projects = {line.event: line for line in inference.projects.subscriptions()}
    forget_project = projects.pop(ProjectDeleted).handler

    async def project_deleted(event: Event[ProjectDeleted]) -> None:
        await forget_project(event)
        await inference.deployments.forget_project(event.tenant, event.data.project_id)

    return (
        *projects.values(),
        on(ProjectDeleted, project_deleted),
        on(ImageUploaded, inference.images.uploaded),
        on(ImageDeleted, inference.images.deleted),
        on(ModelPromoted, inference.deployments.promoted),
        on(CorrectionSaved, inference.mark_corrected),
        on(AnnotationSaved, after.annotated),
        on(ModelDeployed, after.deployed),
    )
