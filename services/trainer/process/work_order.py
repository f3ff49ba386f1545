"""What the worker hands to the training process and what comes back, as files and JSON lines.

The process sees no store: its images are local files, its results are files in its own folder, so
that any executor (a process, torchrun, a Kubernetes Job) can run the same command.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.trainer.domain.history import Facts, Preview
from services.trainer.domain.recipe import Recipe

Device = Literal["auto", "cpu", "cuda"]
LOST_DEVICE_STATUS = 75
"""Exit status of a process whose GPU was lost (EX_TEMPFAIL): another attempt may succeed."""


class CheckpointFiles(BaseModel):
    """Where a checkpoint lies; the document is written last, so it exists only when both do."""

    model_config = ConfigDict(frozen=True)

    tensors: Path
    document: Path


class StartVersion(BaseModel):
    """An earlier version: its name, its labels in order, and its weights as safetensors.

    ``backbone_…`` say what its backbone began as, and so what one that goes on from it did.
    """

    model_config = ConfigDict(frozen=True)

    version: str
    labels: tuple[str, ...]
    weights: Path
    backbone_weights: str
    backbone_licence: str = ""
    backbone_source: str = ""


class WorkOrder(BaseModel):
    """One training.

    Attributes:
        snapshot: The dataset manifest, a `Snapshot` as JSON.
        images: File of each image of the snapshot, by image id.
        version: Name that the version will have.
        folder: Where results are written.
        weights_folder: Pretrained backbones of an air-gapped site.
        plugins_folder: Custom losses of the operator.
        use_hub: Whether torchvision may download weights.
        start: The version before, to go on from.
        resume_from: Checkpoint of an earlier attempt.
        halved: Whether an earlier attempt was killed since memory ran out: half the images a step.
        threads: CPU threads; 0 takes every core that the process may use.
        device: ``cpu``, ``cuda``, or ``auto``: a GPU where the process has one.
        cache_mib: Memory for decoded windows; beyond it they lie in a file.
        checkpoint_every_s: Least time between two checkpoints.

    Where the file ``finish`` appears in the folder, the training ends with what it has learnt as
    soon as its first epoch is over.
    """

    model_config = ConfigDict(frozen=True)

    recipe: Recipe
    snapshot: Path
    images: dict[str, Path]
    version: str
    folder: Path
    weights_folder: Path | None = None
    plugins_folder: Path | None = None
    use_hub: bool = False
    start: StartVersion | None = None
    resume_from: CheckpointFiles | None = None
    halved: bool = False
    threads: int = 0
    device: Device = "auto"
    cache_mib: int = 2048
    checkpoint_every_s: float = 10.0

    @property
    def finish(self) -> Path:
        """The file that asks the training to end early."""
        return self.folder / "finish"


class ProgressMessage(BaseModel):
    """How far the training is.

    ``validation`` is how good the network is on images that do not teach it, in [0, 1], with its
    95 % interval; None before the first epoch has ended, and of tasks that hold no image back.
    ``data_wait`` is the share of the time of learning that passed in waiting for images.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["progress"] = "progress"
    stage: str
    percent: float = 0.0
    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    seconds_left: float | None = None
    validation: float | None = None
    validation_low: float | None = None
    validation_high: float | None = None
    data_wait: float | None = None


class FactsMessage(BaseModel):
    """What the training learns from, and where."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["facts"] = "facts"
    facts: Facts


class NoteMessage(BaseModel):
    """Something for the log that people read."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["note"] = "note"
    text: str


class PreviewsMessage(BaseModel):
    """What the network finds now on the held-out images that are shown, always the same."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["previews"] = "previews"
    epoch: int
    previews: tuple[Preview, ...]


class StartMessage(BaseModel):
    """What the training starts from: origin of its backbone's weights, ``none`` of random ones."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["start"] = "start"
    backbone_weights: str


class CheckpointMessage(BaseModel):
    """A checkpoint is complete on disk."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["checkpoint"] = "checkpoint"
    epoch: int
    files: CheckpointFiles


class ResultMessage(BaseModel):
    """The training is over; the files are complete."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["result"] = "result"
    model: Path
    model_manifest: Path
    weights: Path
    predictions: Path
    golden: Path
    backbone_weights: str
    backbone_licence: str = ""
    backbone_source: str = ""
    started_from: str
    epochs: int
    input_size: tuple[int, int]
    input_plan_hash: str | None = None
    resumed_at_epoch: int = 0
    choices: tuple[str, ...] = ()


class FailureMessage(BaseModel):
    """The training cannot succeed, however often it is tried; ``reason`` is for the user."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["failure"] = "failure"
    reason: str


Message = Annotated[
    ProgressMessage
    | FactsMessage
    | NoteMessage
    | PreviewsMessage
    | StartMessage
    | CheckpointMessage
    | ResultMessage
    | FailureMessage,
    Field(discriminator="kind"),
]
