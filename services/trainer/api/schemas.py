"""Requests and responses of the trainer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.trainer.domain.recipe import BackboneName, Recipe, RecipeSource
from services.trainer.domain.records import whole_minutes
from services.trainer.domain.retraining_policy import RetrainingPolicy
from services.trainer.handlers.next_training import Outlook
from services.trainer.handlers.trainings import Standing
from services.trainer.process.weight_places import Place
from services.trainer.repository import Figures, Line, Mode, Training, TrainingQuotaName, Trigger
from shared.clock import Timestamp
from shared.contracts.training_events import VersionComparison
from shared.contracts.version_names import version_name
from shared.texts.language import Told

Status = Literal[
    "waiting", "preparing", "queued", "running", "stopping", "success", "failed", "terminated"
]


class TrainingRequest(BaseModel):
    """What to train; without a recipe the project's own holds, or its task's defaults."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = "train"
    recipe: Recipe | None = None


class TrainingProgress(BaseModel):
    """How far a training is.

    ``validation`` tells how good the model is on images that do not teach it, in [0, 1] with its
    95 % interval, once an epoch: of a classifier the share of images that it knows. Tasks that hold
    no images back for it have none.
    """

    percent: float = 0.0
    stage: str = ""
    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    seconds_left: float | None = None
    validation: float | None = None
    validation_low: float | None = None
    validation_high: float | None = None
    attempt: int = 0


class TrainingResponse(BaseModel):
    """A line of the records table (C-085..087).

    A terminated training shows no version, no rate, no end and no duration. ``labels`` counts kinds
    of labels; ``duration_minutes`` is rounded down; ``finishing`` tells that a running one was
    asked to end early. ``backbone_weights`` is known soon after the training began: ``start:…``,
    ``folder:…``, ``package:…``, ``hub:…``, or ``none`` of random first weights. ``recipe_from`` is
    null of what early releases trained.
    """

    id: str
    project_id: str
    number: int
    version: str | None
    status: Status
    mode: Mode
    trigger: Trigger
    recipe: Recipe
    recipe_from: RecipeSource | None
    average_detection_rate: float | None
    annotated_images: int
    total_images: int
    labels: int
    label_names: tuple[str, ...]
    corrections: int
    dataset_hash: str
    warnings: tuple[Told, ...]
    requested_at: Timestamp
    started_at: Timestamp | None
    ended_at: Timestamp | None
    duration_minutes: int | None
    duration_seconds: float | None
    finishing: bool
    progress: TrainingProgress
    figures: Figures | None
    comparison: VersionComparison | None
    promoted: bool
    gate_reason: Told
    deployed_at: Timestamp | None
    error: Told
    backbone_weights: str | None
    backbone_licence: str | None
    backbone_source: str | None
    started_from: str | None
    epochs: int | None
    input_width: int | None
    input_height: int | None
    input_plan_hash: str | None
    resumed_at_epoch: int | None
    choices: tuple[Told, ...]
    dataset_manifest_key: str

    @classmethod
    def of(cls, standing: Standing) -> "TrainingResponse":
        """Build the response of a training and its job."""
        training, job = standing.training, standing.job
        made = training.artefacts
        ended_at = training.ended_at if training.state != "terminated" else None
        started_at = training.started_at or (job.started_at if job else None)
        rate = training.figures.average_detection_rate if training.figures else None
        duration = (ended_at - started_at).total_seconds() if ended_at and started_at else None
        return cls(
            **training.model_dump(
                include={
                    "id", "project_id", "number", "mode", "trigger", "annotated_images",
                    "total_images", "corrections", "dataset_hash", "warnings", "requested_at",
                    "promoted", "gate_reason", "deployed_at",
                }
            ),
            recipe=training.recipe,
            recipe_from=training.recipe_from,
            figures=training.figures,
            comparison=training.comparison,
            version=_version(training),
            status=status_of(standing),
            average_detection_rate=rate,
            labels=len(training.labels),
            label_names=training.labels,
            started_at=started_at,
            ended_at=ended_at,
            duration_minutes=whole_minutes(started_at, ended_at),
            duration_seconds=duration,
            finishing=bool(job and job.finish_requested),
            progress=_progress(standing),
            error=training.error or training.report_error or training.deployment_error,
            backbone_weights=_backbone_weights(standing),
            backbone_licence=made.backbone_licence if made else None,
            backbone_source=made.backbone_source if made else None,
            started_from=made.started_from if made else None,
            epochs=made.epochs if made else None,
            input_width=made.input_width if made else None,
            input_height=made.input_height if made else None,
            input_plan_hash=made.input_plan_hash if made else None,
            resumed_at_epoch=made.resumed_at_epoch if made else None,
            choices=made.choices if made else (),
            dataset_manifest_key=training.manifest_key,
        )  # fmt: skip

    @classmethod
    def of_training(cls, training: Training) -> "TrainingResponse":
        """Build the response of a training that is over."""
        return cls.of(Standing(training))


class NextTrainingResponse(BaseModel):
    """Where the next training will have its first weights from.

    ``start`` is a whole detector's, shipped with the trainer, that knows objects but no labels.
    ``hub`` is asked when the training begins; without its answer, as with ``none``, the training
    starts from random weights and needs many more images and epochs.
    """

    backbone: BackboneName
    weights: Place
    name: str
    licence: str
    source: str

    @classmethod
    def of(cls, outlook: Outlook) -> "NextTrainingResponse":
        """Build the response of an outlook."""
        found = outlook.weights
        return cls(
            backbone=outlook.backbone,
            weights=found.place,
            name=found.name,
            licence=found.licence,
            source=found.source,
        )


class TrendPoint(BaseModel):
    """One version of the trend: minutes rounded down, and the average detection rate."""

    version: str
    training_minutes: int
    average_detection_rate: float | None

    @classmethod
    def of(cls, training: Training) -> "TrendPoint":
        """Build the point of a version."""
        return cls(
            version=_version(training) or "",
            training_minutes=whole_minutes(training.started_at, training.ended_at) or 0,
            average_detection_rate=(
                training.figures.average_detection_rate if training.figures else None
            ),
        )


class Trend(BaseModel):
    """The last ten versions, oldest first."""

    items: tuple[TrendPoint, ...]


class PolicyResponse(RetrainingPolicy):
    """A project's retraining policy and where it stands.

    `held_back` names the quota that leaves no room for the training that is due.
    """

    next_look_at: Timestamp | None = None
    counted_to: Timestamp | None = None
    running_training_id: str | None = None
    waiting_training_id: str | None = None
    champion: str | None = None
    held_back: TrainingQuotaName | None = None

    @classmethod
    def of_line(cls, line: Line) -> "PolicyResponse":
        """Build the response of a project's line."""
        return cls(
            **line.policy.model_dump(),
            next_look_at=line.due_at,
            counted_to=line.counted_to,
            running_training_id=line.running.training_id if line.running else None,
            waiting_training_id=line.waiting.training_id if line.waiting else None,
            champion=version_name(line.champion.version_number) if line.champion else None,
            held_back=line.held_back,
        )


def status_of(standing: Standing) -> Status:
    """What the records table says; the job knows more than the record while it runs."""
    state, job = standing.training.state, standing.job
    if state == "succeeded":
        return "success"
    if state == "queued" and job is not None:
        if job.cancel_requested:
            return "stopping"
        return "running" if job.attempt else "queued"
    return state


def _version(training: Training) -> str | None:
    return None if training.version_number is None else version_name(training.version_number)


def _backbone_weights(standing: Standing) -> str | None:
    """Known from the moment that the training process has looked."""
    if standing.training.artefacts is not None:
        return standing.training.artefacts.backbone_weights
    return standing.job.payload.get("backbone_weights") if standing.job else None


def _progress(standing: Standing) -> TrainingProgress:
    job = standing.job
    if job is None:
        done = standing.training.state == "succeeded"
        return TrainingProgress(percent=100.0 if done else 0.0, stage=standing.training.state)
    figures = job.progress.figures
    return TrainingProgress(
        percent=job.progress.percent,
        stage=job.progress.stage or "queued",
        epoch=int(figures.get("epoch", 0)),
        epochs=int(figures.get("epochs", 0)),
        loss=figures.get("loss"),
        validation=figures.get("validation"),
        validation_low=figures.get("validation_low"),
        validation_high=figures.get("validation_high"),
        seconds_left=job.progress.seconds_left,
        attempt=job.attempt,
    )
