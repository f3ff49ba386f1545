"""What the annotation service listens to."""

from services.annotation.handlers.annotations import Annotations
from services.annotation.handlers.label_names import LabelNames
from services.annotation.handlers.labels import Labels
from services.annotation.handlers.predictions import KnownPredictions
from services.annotation.handlers.second_opinions import KnownOpinions
from services.annotation.handlers.snapshots import Snapshots
from services.annotation.handlers.tile_spread import TileSpread
from services.annotation.handlers.versions import KnownVersions
from shared.contracts.annotation_events import (
    AnnotationSaved,
    LabelDeleted,
    LabelRenamed,
    LabelRestored,
)
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.contracts.model_events import (
    ModelDeployed,
    PredictionCompleted,
    SecondOpinionCompleted,
)
from shared.contracts.project_events import ProjectCreated
from shared.contracts.training_events import TrainingRequested
from shared.events.subscriptions import Subscription, on
from shared.images.directory import ImageDirectory
from shared.projects.directory import ProjectDirectory


def subscriptions(
    projects: ProjectDirectory,
    images: ImageDirectory,
    *,
    annotations: Annotations,
    tile_spread: TileSpread,
    labels: Labels,
    names: LabelNames,
    snapshots: Snapshots,
    predictions: KnownPredictions,
    versions: KnownVersions,
    opinions: KnownOpinions,
) -> tuple[Subscription, ...]:
    """Return the table: event class → handlers, in order."""
    return (
        on(ProjectCreated, labels.seed),  # first: who sees the project sees its labels
        *projects.subscriptions(),
        *images.subscriptions(),
        on(ImageUploaded, tile_spread.uploaded),
        on(ImageDeleted, annotations.image_deleted),
        on(AnnotationSaved, tile_spread.annotated),
        on(LabelRenamed, names.renamed),
        on(LabelDeleted, names.deleted),
        on(LabelRestored, names.restored),
        on(PredictionCompleted, predictions.completed),
        on(ModelDeployed, versions.deployed),
        on(SecondOpinionCompleted, opinions.completed),
        on(TrainingRequested, snapshots.requested),
    )
