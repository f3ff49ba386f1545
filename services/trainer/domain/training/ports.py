"""What the loop asks of a task, and how the data of a task become a training."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.validation import Validation
from shared.contracts.snapshot import SnapshotImage
from shared.errors import InvalidInput
from shared.runtime.preprocess import Image
from shared.vision.boxes import Indices
from shared.vision.tiles import TilePlan


class NothingToTrain(InvalidInput):
    """The snapshot has no image for training, no label, or no target that this task can learn."""

    code = "nothing-to-train"
    title = "There is nothing to train on"


class Batch(Protocol):
    """Views of one step with their targets."""

    @property
    def images(self) -> Tensor:
        """Pixels uint8 ``(B, H, W, 3)`` RGB; none where the loss is of features that are kept."""
        ...

    def to(self, device: torch.device) -> Self:
        """The batch in the memory of ``device``; itself when it is there."""
        ...


NetworkT = TypeVar("NetworkT", bound=nn.Module)
BatchT = TypeVar("BatchT", bound=Batch)


class Sampler(Protocol):
    """Draws the order of an epoch."""

    @property
    def count(self) -> int:
        """Windows of one epoch."""
        ...

    def order(self, rng: np.random.Generator) -> Indices:
        """Indices of ``count`` windows in random order."""
        ...


class TrainingTask(Protocol[NetworkT, BatchT]):
    """A task's half of a training: its network, batches, loss and outputs.

    `WholeNetwork` is the half of a task that learns in the loop alone.

    Attributes:
        network: What is trained; its feature extractor is the child ``backbone``.
        label_tensors: The only tensors of the network with a row a label.
        description: All that fixes the network's tensors, in JSON's types; of a task that reads,
            ``alphabet`` is the manifest's.
    """

    network: NetworkT
    label_tensors: tuple[str, ...]
    description: Mapping[str, Any]

    @property
    def sampler(self) -> Sampler:
        """Which windows an epoch shows."""
        ...

    @property
    def choices(self) -> tuple[str, ...]:
        """What the task chose by itself and why, in sentences; whole once `chosen` was asked."""
        ...

    def batch(self, windows: Sequence[int], rngs: Sequence[np.random.Generator]) -> BatchT:
        """Random views of some windows; called from several threads at once."""
        ...

    def loss(self, network: NetworkT, images: Tensor, batch: BatchT) -> Tensor:
        """The scalar loss of normalised images ``(B, 3, H, W)``, with its graph.

        The network may run in bfloat16; what follows runs `precision.exact`.
        """
        ...

    def exportable(self, network: NetworkT) -> nn.Module:
        """The network from uint8 ``(B, H, W, 3)`` to the outputs of the task's `TaskSpec`.

        A `WrittenGraph` where it is not traced.
        """
        ...

    def begin(self, network: NetworkT, told: Callable[[float], None]) -> bool:
        """What is learnt before the first step, such as a head on features that are kept.

        Comes once in every attempt, also before a checkpoint is put back, so that it must follow
        from the first weights alone.

        Args:
            network: On its device; changed in place.
            told: Hears the share that is done, in [0, 1].

        Returns:
            Whether the loop has anything left to gain.
        """
        ...

    def validate(self, network: NetworkT) -> Validation | None:
        """How good the averaged network is on images that do not teach it; None without any.

        Called after every epoch; ``network`` is in evaluation mode.
        """
        ...

    def chosen(self, network: NetworkT) -> NetworkT:
        """What is exported: the averaged network after the last step, or a better one."""
        ...


class WholeNetwork(Generic[NetworkT]):
    """Of a task that learns its whole network in the loop and validates nothing."""

    choices: tuple[str, ...] = ()

    def begin(self, network: NetworkT, told: Callable[[float], None]) -> bool:
        """See `TrainingTask`."""
        return True

    def validate(self, network: NetworkT) -> Validation | None:
        """See `TrainingTask`."""
        return None

    def chosen(self, network: NetworkT) -> NetworkT:
        """See `TrainingTask`."""
        return network


class Window(Protocol):
    """A window of an image with its targets: what a sampler draws from."""

    @property
    def image(self) -> Image:
        """Pixels uint8 ``(h, w, 3)`` RGB; in memory or in a file."""
        ...

    @property
    def pixels(self) -> tuple[NDArray[np.uint8], ...]:
        """All that grows with the window's pixels, the image first; in memory or in a file."""
        ...

    def with_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> Self:
        """The same window with its pixels, as many and of the same sizes, elsewhere."""
        ...


class Plan(Protocol):
    """What the data and the recipe come to."""

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the model's input."""
        ...

    @property
    def tile_plan(self) -> TilePlan:
        """How the images are cut, for training and prediction alike."""
        ...


WindowT = TypeVar("WindowT", bound=Window)
PlanT = TypeVar("PlanT", bound=Plan)


@dataclass(frozen=True, slots=True)
class FirstWeights:
    """Pretrained weights of a network.

    Attributes:
        tensors: State dict.
        whole: Of the task's whole network but for its labels; otherwise of a classifier, whose
            backbone counts.
        graphs: ONNX files, where the weights are those of whole graphs; then there are no tensors.
    """

    tensors: Mapping[str, Tensor]
    whole: bool = False
    graphs: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared(Generic[PlanT, WindowT]):
    """A plan, and the windows to be read by it, each once."""

    plan: PlanT
    windows: Iterator[WindowT]


class TaskBuilder(Protocol[PlanT, WindowT]):
    """How the data of a task become a training."""

    def prepare(
        self,
        recipe: Recipe,
        images: Sequence[SnapshotImage],
        labels: Sequence[str],
        read: Callable[[SnapshotImage], Image],
    ) -> Prepared[PlanT, WindowT]:
        """Plans the training and says how to cut each image into windows.

        Args:
            recipe: What the user asked for; what it fixes is kept.
            images: At least one that trains.
            labels: At least one.
            read: Gives the pixels of an image.

        Raises:
            NothingToTrain: No image has a target of this task.
        """
        ...

    def build(
        self,
        recipe: Recipe,
        plan: PlanT,
        windows: Sequence[WindowT],
        *,
        labels: int,
        first: FirstWeights | None,
    ) -> TrainingTask[Any, Any]:
        """The task with first weights that follow from the recipe's seed.

        Args:
            recipe: Its choices.
            plan: As prepared.
            windows: As prepared, at least one.
            labels: Their number.
            first: Pretrained weights of the recipe's backbone, or of more.
        """
        ...
