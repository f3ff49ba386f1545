"""The losses by name, and what a training of each task can really use: a part, its losses.

Names are known without torch, since the API reads recipes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import FieldError, InvalidInput
from shared.runtime.tasks.names import TaskName

if TYPE_CHECKING:
    from torch import Tensor

ScoreLoss = Literal["quality_focal", "varifocal", "focal", "binary_cross_entropy"]
"""Of logits and wished scores of one shape, elementwise."""

BoxLoss = Literal["giou", "iou", "diou", "ciou", "smooth_l1_box"]
"""Of predicted and target boxes xyxy, ``(N, 4)`` each, one value a pair."""

LabelLoss = Literal["cross_entropy", "label_smoothing", "confidence_penalty"]
"""Of logits and the one right label of each image or pixel, one value each."""

RegionLoss = Literal["dice", "plain_dice"]
"""Of shares and truth of each label's pixels in a batch, or of each object's; one value each."""

MaskLoss = Literal["binary_cross_entropy", "focal"]
"""Of logits and the truth of an object's pixels, elementwise."""

Loss = Callable[["Tensor", "Tensor"], "Tensor"]
PLUGIN = "plugin:"
"""What a custom loss's name begins with."""


class LossTerm(BaseModel):
    """One loss of a weighted sum: of which part of the network's answer, and how much it counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Annotated[str, Field(min_length=1, max_length=32)]
    loss: Annotated[str, Field(min_length=1, max_length=80)]
    weight: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a task's answer that losses are for: what they get, which there are, the default.

    ``gets`` tells the two tensors and the result that a loss of it has: of the first one's shape
    where it is ``elementwise``, else one value a row.
    """

    name: str
    gets: str
    losses: tuple[str, ...]
    weight: float
    elementwise: bool = False


_OF_DETECTOR = (
    Part(
        "score",
        "logits (B, A, C) and wished scores of that shape in [0, 1]; that shape",
        get_args(ScoreLoss),
        1.0,
        elementwise=True,
    ),
    Part(
        "box",
        "predicted and target boxes xyxy (N, 4) in pixels; (N,)",
        get_args(BoxLoss),
        2.0,
    ),
    Part(
        "distribution",
        "logits (M, bins) and distances (M,) in bins; (M,)",
        ("distribution_focal",),
        0.5,
    ),
)
_TABLE: Mapping[TaskName, tuple[Part, ...]] = {
    "classification": (
        Part(
            "label",
            "logits (B, C) and the index of each image's label (B,); (B,)",
            get_args(LabelLoss),
            1.0,
        ),
    ),
    "detection": _OF_DETECTOR,
    "instance_segmentation": (
        *_OF_DETECTOR,
        Part(
            "mask",
            "logits and the target's share (N, P) of the pixels in and around each box; that shape",
            get_args(MaskLoss),
            1.0,
            elementwise=True,
        ),
        Part(
            "region",
            "shares in [0, 1] and truth of the same pixels (N, P); (N,)",
            get_args(RegionLoss),
            1.0,
        ),
    ),
    "semantic_segmentation": (
        Part(
            "pixel",
            "logits (P, 1 + C) and the place of each pixel's label (P,), 0 the background; (P,)",
            get_args(LabelLoss),
            1.0,
        ),
        Part(
            "region",
            "shares in [0, 1] and truth, 0 or 1, of the pixels of each label (L, P); (L,)",
            get_args(RegionLoss),
            1.0,
        ),
        Part(
            "outline",
            "shares in [0, 1] and truth, 0 or 1, of masks (M, H, W); (M,)",
            ("boundary",),
            0.01,
        ),
    ),
}
_PLUGINS: dict[tuple[TaskName, str, str], Loss] = {}


def parts_of(task: TaskName) -> tuple[Part, ...]:
    """The parts of a task's loss; none of a task whose losses cannot be chosen.

    >>> [part.name for part in parts_of("detection")]
    ['score', 'box', 'distribution']
    """
    return _TABLE.get(task, ())


def check_terms(
    task: TaskName, terms: Sequence[LossTerm], plugins: Mapping[str, Iterable[str]]
) -> None:
    """Refuses a weighted sum that no training of the task can use.

    Args:
        task: The project's.
        terms: The recipe's.
        plugins: Names of custom losses that are there, by part.

    Raises:
        InvalidInput: A part or loss is not in the task's table, a loss stands twice, or all weights
            of a part are 0; the error names the term.
    """
    parts = {part.name: part for part in parts_of(task)}
    errors, seen = [], set()
    for place, term in enumerate(terms):
        if term.part not in parts:
            known = ", ".join(parts) or "none"
            told = f"is no part of a {task} loss; the parts are: {known}"
            errors.append(FieldError(f"losses.{place}.part", told))
            continue
        custom = sorted(f"{PLUGIN}{name}" for name in plugins.get(term.part, ()))
        offered = [*parts[term.part].losses, *custom]
        if term.loss not in offered:
            told = f"is no loss of the part {term.part}; there are: {', '.join(offered)}"
            errors.append(FieldError(f"losses.{place}.loss", told))
        elif (term.part, term.loss) in seen:
            errors.append(FieldError(f"losses.{place}.loss", "stands in the sum already"))
        seen.add((term.part, term.loss))
    for name in sorted({term.part for term in terms} & parts.keys()):
        if not any(term.weight for term in terms if term.part == name):
            told = f"all weights of the part {name} are 0: nothing would be learnt"
            errors.append(FieldError("losses", told))
    if errors:
        raise InvalidInput("the recipe's losses cannot be used", errors=errors)


@dataclass(frozen=True, slots=True)
class WeightedSum:
    """Losses of one part, each with its weight."""

    terms: tuple[tuple[Loss, float], ...]

    def __call__(self, answer: "Tensor", truth: "Tensor") -> "Tensor":
        """The sum, in the shape that each of its losses has."""
        first, *others = (weight * loss(answer, truth) for loss, weight in self.terms)
        for other in others:
            first = first + other
        return first


def weighted_sum(task: TaskName, part: str, terms: Sequence[LossTerm]) -> WeightedSum:
    """The sum of the terms of one part; without any, of the part's first loss.

    >>> (term,) = weighted_sum("detection", "box", ()).terms
    >>> term[0].__name__, term[1]
    ('giou', 2.0)
    """
    chosen = [(term.loss, term.weight) for term in terms if term.part == part and term.weight]
    if not chosen:
        default = next(one for one in parts_of(task) if one.name == part)
        chosen = [(default.losses[0], default.weight)]
    return WeightedSum(tuple((_named(task, part, name), weight) for name, weight in chosen))


def add_plugin(task: TaskName, part: str, name: str, loss: Loss) -> None:
    """Makes a custom loss known to the trainings of this process as ``plugin:<name>``."""
    _PLUGINS[task, part, f"{PLUGIN}{name}"] = loss


def _named(task: TaskName, part: str, name: str) -> Loss:
    """A custom loss that was added, or the function of the name of its file."""
    if name.startswith(PLUGIN):
        return _PLUGINS[task, part, name]
    module = import_module(f"services.trainer.domain.losses.{name}")
    return cast(Loss, getattr(module, name))
