"""What the annotation service listens to."""

from services.annotation.handlers.annotations import Annotations
from services.annotation.handlers.labels import Labels
from services.annotation.handlers.predictions import Predictions
from services.annotation.handlers.snapshots import Snapshots
from services.annotation.handlers.tile_spread import TileSpread
from shared.contracts.annotation_events import AnnotationSaved, LabelDeleted, LabelRenamed
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.contracts.model_events import PredictionCompleted
from shared.contracts.project_events import ProjectCreated, ProjectDeleted
from shared.contracts.training_events import TrainingRequested
from shared.events.subscriptions import Subscription, on
from shared.projects.directory import ProjectDirectory


def subscriptions(
    projects: ProjectDirectory,
    *,
    annotations: Annotations,
    tile_spread: TileSpread,
    labels: Labels,
    snapshots: Snapshots,
    predictions: Predictions,
) -> tuple[Subscription, ...]:
    """Return the table: event class → handler."""
    directory = {line.event: line.handler for line in projects.subscriptions()}

    async def project_created(event: Event[ProjectCreated]) -> None:
        await labels.seed(event)  # first: who sees the project sees its labels
        await directory[ProjectCreated](event)

    async def project_deleted(event: Event[ProjectDeleted]) -> None:
        await directory[ProjectDeleted](event)
        await annotations.clearings.project_deleted(event)

    own = (
        on(ProjectCreated, project_created),
        on(ProjectDeleted, project_deleted),
        on(ImageUploaded, tile_spread.uploaded),
        on(ImageDeleted, annotations.image_deleted),
        on(AnnotationSaved, tile_spread.annotated),
        on(LabelRenamed, labels.renamed),
        on(LabelDeleted, labels.deleted),
        on(PredictionCompleted, predictions.completed),
        on(TrainingRequested, snapshots.requested),
    )
    taken = {line.event for line in own}
    return (*own, *(line for line in projects.subscriptions() if line.event not in taken))
