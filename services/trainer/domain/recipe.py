"""The recipe: every choice of a training, recorded with the version it made.

This module knows the names of networks and losses without importing torch, since the API reads
recipes too.
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field

from services.trainer.domain.augmentation_choice import AugmentationChoice, Preset
from services.trainer.domain.losses.table import BoxLoss, LossTerm, ScoreLoss
from shared.errors import Conflict, FieldError, InvalidInput
from shared.runtime.tasks.names import TaskName
from shared.vision.merging import MergeMethod, MergeRule, Overlap

BackboneName = Literal[
    "mobilenet_v2",
    "efficientnet_lite0",
    "resnet18",
    "resnet34",
    "resnet50",
    "pp_ocrv6_small",
    "yolox_nano",
]
READER: BackboneName = "pp_ocrv6_small"
"""What OCR goes on from: the graphs that find and read lines, and of no use to other tasks."""
GRAPH: BackboneName = "yolox_nano"
"""A whole detector as an ONNX graph, from the site's folder of weights: of detections alone."""
Start = Literal["detector", "backbone"]
Resolution = Literal["auto", "0.25", "1", "2", "5"]
SamplerName = Literal["auto", "uniform", "balanced_sqrt", "balanced"]
Precision = Literal["auto", "fp32", "bf16"]
Side = Annotated[int, Field(ge=64, le=2048, multiple_of=32)]
STEP_PIXELS = 4_000_000  # of the inputs of a step: about 7 GiB with the smallest network


OF_TASK: dict[TaskName, dict[str, object]] = {
    "classification": {
        "backbone": "efficientnet_lite0",
        "learning_rate": 5e-4,
        "backbone_rate": 0.2,
        "batch_size": 16,
        "threshold": 0.0,
    },
    "semantic_segmentation": {
        "backbone": "efficientnet_lite0",
        "learning_rate": 2e-4,
        "backbone_rate": 0.2,
    },
    "ocr": {
        "backbone": READER,
        "learning_rate": 1e-3,
        "batch_size": 16,
        "weight_decay": 0.0,
    },
}
"""What holds for a task where a recipe says nothing; for others the defaults of `Recipe`.

A classifier always answers with its best label, so that what is served is what was judged.
"""
LEAST_THRESHOLD = 0.01  # of tasks with objects: below it every place on the image is one


_OF_DETECTORS = ("start", "fine_level", "score_loss", "box_loss", "mosaic", "merge")
_UNREAD: dict[TaskName, tuple[str, ...]] = {
    "classification": (*_OF_DETECTORS, "channels"),
    "semantic_segmentation": _OF_DETECTORS,
    "ocr": (
        *_OF_DETECTORS,
        "backbone",
        "pretrained",
        "channels",
        "backbone_rate",
        "frozen_stages",
        "losses",
        "augmentation",
        "sampler",
        "precision",
    ),
}
_REFUSED = ("augmentation", "sampler", "precision")
"""Fields that a task which does not read them takes by their defaults alone."""


class RecipeSource(BaseModel):
    """Where a training's recipe came from.

    Attributes:
        kind: The request itself, the project's own recipe, or its task's defaults.
        revision: Which one of the project's.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["request", "project", "defaults"]
    revision: int | None = None


class Merge(BaseModel):
    """How boxes that overlap become one when the version predicts.

    Attributes:
        rule: Drop the weaker (``nms``), or grow the better one over it (``nmm``, ``greedynmm``).
        metric: Overlap over the union, or over the smaller box.
        threshold: Overlap from which two boxes are one target.
        per_label: Whether only boxes of one label become one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: MergeMethod = MergeMethod.NMS
    metric: Overlap = Overlap.IOU
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.6
    per_label: bool = True

    def as_rule(self) -> MergeRule:
        """The same for the merging itself."""
        return MergeRule(self.rule, self.metric, self.threshold, self.per_label)


class Recipe(BaseModel):
    """What a training is asked to do; None leaves the choice to the planner.

    Attributes:
        backbone: Feature extractor.
        pretrained: Whether to look for pretrained weights.
        start: What they are where there are both: a whole detector's, which knows objects but no
            labels, or the backbone's alone.
        resolution: How many megapixels the model's input has, in the images' shape; ``auto`` as
            many as the smallest targets need.
        input_width: Width of the model's input in pixels; goes before ``resolution``.
        input_height: Its height, likewise.
        fine_level: Adds the pyramid level of stride 4, for tiny targets.
        channels: Width of pyramid and head.
        epochs: Passes over the training windows.
        budget_s: Wall-clock time for training; chooses the epochs when they are None.
        batch_size: Windows a step.
        learning_rate: Peak of the one-cycle schedule for pyramid and head.
        backbone_rate: The backbone's share of it.
        weight_decay: AdamW's.
        frozen_stages: First stages of a pretrained backbone that stay as they are.
        early_stop: Epochs in turn without a better validation figure after which it ends, with the
            weights of the best epoch; of detectors the images of ``val`` then only judge. None goes
            on to the last epoch.
        ema: Decay of the average of the weights, which is validated and exported: 0 averages
            nothing; None looks back over a twenty-fifth of all steps.
        precision: Whether the network runs in bfloat16; ``auto`` on a GPU that has it.
        score_loss: Formula for the scores.
        box_loss: Formula for the boxes.
        losses: Weighted sums of losses by part of the task's answer (`losses.table`); a part
            without any keeps its own: of detection ``score_loss``, ``box_loss`` and their weights.
        augmentation: How far random views differ from the images.
        sampler: How often an epoch shows a window: ``auto`` as the task does by itself, ``uniform``
            each once, ``balanced_sqrt`` and ``balanced`` those of rare labels more often, by the
            square root of how rare they are or in full (`RepeatSampler`).
        mosaic: Share of samples put together from four windows.
        threshold: Score from which the version shows a result, written into the model's manifest:
            0 of a classifier, at least `LEAST_THRESHOLD` of the other tasks.
        merge: Merge rule written into it; None takes the manifest's own.
        warm_start: Whether to go on from the weights of the project's serving version, where the
            network is the same; its pretrained backbone then counts as the version's.
        seed: Fixes first weights, order and augmentation.
        task: The project's task; None stands for it until the training is ordered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: BackboneName = "mobilenet_v2"
    pretrained: bool = True
    start: Start = "detector"
    resolution: Resolution = "auto"
    input_width: Side | None = None
    input_height: Side | None = None
    fine_level: bool | None = None
    channels: Annotated[int, Field(ge=16, le=512, multiple_of=8)] = 64
    epochs: Annotated[int, Field(ge=1, le=1000)] | None = None
    budget_s: Annotated[float, Field(gt=0, le=86_400 * 7)] = 600.0
    batch_size: Annotated[int, Field(ge=1, le=256)] = 8
    learning_rate: Annotated[float, Field(gt=0, le=0.1)] = 2e-3
    backbone_rate: Annotated[float, Field(ge=0, le=1)] = 0.3
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.02
    frozen_stages: Annotated[int, Field(ge=0, le=4)] = 1
    early_stop: Annotated[int, Field(ge=1, le=200)] | None = None
    ema: Annotated[float, Field(ge=0, le=0.9999)] | None = None
    precision: Precision = "auto"
    score_loss: ScoreLoss = "quality_focal"
    box_loss: BoxLoss = "giou"
    losses: Annotated[tuple[LossTerm, ...], Field(max_length=16)] = ()
    augmentation: AugmentationChoice = AugmentationChoice()
    sampler: SamplerName = "auto"
    mosaic: Annotated[float, Field(ge=0, le=1)] = 0.0
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.3
    merge: Merge | None = None
    warm_start: bool = True
    seed: Annotated[int, Field(ge=0, le=2**31)] = 0
    task: TaskName | None = None

    @property
    def input_pixels(self) -> int | None:
        """Pixels of the input that `resolution` asks for; None where the planner chooses.

        >>> Recipe(resolution="0.25").input_pixels
        250000
        """
        return None if self.resolution == "auto" else round(float(self.resolution) * 1_000_000)

    @property
    def step_windows(self) -> int:
        """Windows a step: ``batch_size``, or as many of the chosen resolution as memory holds.

        >>> Recipe(resolution="2").step_windows, Recipe(batch_size=64).step_windows
        (2, 64)
        """
        if self.input_pixels is None or self.input_width or self.input_height:
            return self.batch_size
        return max(1, min(self.batch_size, STEP_PIXELS // self.input_pixels))

    def halved(self) -> Self | None:
        """The same with half the windows a step, at half the rate; None where a step has one.

        >>> half = Recipe(batch_size=8, learning_rate=0.002).halved()
        >>> half.batch_size, half.learning_rate
        (4, 0.001)
        """
        if self.step_windows == 1:
            return None
        half = {"batch_size": self.step_windows // 2, "learning_rate": self.learning_rate / 2}
        return self.model_copy(update=half)

    def of_task(self, task: TaskName) -> Self:
        """The recipe for a project of ``task``, whose own defaults stand where it says nothing.

        Raises:
            InvalidInput: It is meant for another task, its threshold is too low for this one, or
                it asks for what trainings of this task cannot do.
            Conflict: Its backbone, or its first weights, are none for this task.

        >>> Recipe().of_task("detection").task
        'detection'
        >>> Recipe(batch_size=4).of_task("classification").backbone
        'efficientnet_lite0'
        """
        if self.task not in (None, task):
            told = f"the project's task is {task}"
            raise InvalidInput("the recipe is of another task", errors=[FieldError("task", told)])
        own = OF_TASK.get(task, {})
        unsaid = {name: value for name, value in own.items() if name not in self.model_fields_set}
        made = self.model_copy(update={**unsaid, "task": task})
        if made.backbone not in backbones_of(task):
            told = f"{made.backbone} is none for the task {task}"
            raise Conflict("the backbone does not fit", errors=[FieldError("backbone", told)])
        made._refuse_without_graph()
        made._refuse_unread(task)
        if task != "classification" and made.threshold < LEAST_THRESHOLD:
            told = f"at least {LEAST_THRESHOLD} where a model finds objects"
            raise InvalidInput("the threshold is too low", errors=[FieldError("threshold", told)])
        return made

    def _refuse_without_graph(self) -> None:
        """What a graph that is gone on from cannot do: begin from nothing, or get a level more."""
        told = {}
        if self.task == "ocr" and not self.pretrained:
            told["pretrained"] = "OCR always goes on from pretrained weights"
        if self.backbone == GRAPH and not self.pretrained:
            told["pretrained"] = f"{GRAPH} always goes on from pretrained weights"
        if self.backbone == GRAPH and self.fine_level:
            told["fine_level"] = f"{GRAPH} has no level of stride 4"
        if told:
            wrong = [FieldError(name, why) for name, why in told.items()]
            raise Conflict("the recipe does not fit", errors=wrong)

    def _refuse_unread(self, task: TaskName) -> None:
        unread = set(_REFUSED) & set(_UNREAD.get(task, ()))
        asked = [one for one in unread if getattr(self, one) != Recipe.model_fields[one].default]
        if asked:
            told = f"trainings of the task {task} cannot do this: leave it as it is by default"
            wrong = [FieldError(name, told) for name in sorted(asked)]
            raise InvalidInput("the recipe does not fit", errors=wrong)


def backbones_of(task: TaskName) -> tuple[BackboneName, ...]:
    """The backbones that trainings of ``task`` can have.

    >>> "yolox_nano" in backbones_of("detection"), backbones_of("ocr")
    (True, ('pp_ocrv6_small',))
    """
    if task == "ocr":
        return (READER,)
    only = {READER} if task == "detection" else {READER, GRAPH}
    return tuple(name for name in get_args(BackboneName) if name not in only)


def choices() -> dict[str, tuple[str, ...]]:
    """The names that a field of a recipe, or of its merge rule, chooses among.

    >>> choices()["start"]
    ('detector', 'backbone')
    """
    return {
        "start": get_args(Start),
        "resolution": get_args(Resolution),
        "augmentation": get_args(Preset),
        "sampler": get_args(SamplerName),
        "precision": get_args(Precision),
        "score_loss": get_args(ScoreLoss),
        "box_loss": get_args(BoxLoss),
        "merge_rule": tuple(MergeMethod),
        "merge_metric": tuple(Overlap),
    }


def fields_of(task: TaskName) -> tuple[str, ...]:
    """The fields of a recipe that trainings of ``task`` read, in the recipe's order.

    >>> "mosaic" in fields_of("detection"), "mosaic" in fields_of("classification")
    (True, False)
    """
    unread = (*_UNREAD.get(task, ()), "task")
    return tuple(name for name in Recipe.model_fields if name not in unread)
