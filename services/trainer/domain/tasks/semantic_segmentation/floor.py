"""The floor: a decoder on features that are kept, which what follows must beat.

Linear probing before fine-tuning (Kumar et al., ICLR 2022, https://arxiv.org/abs/2202.10054), with
a decoder for the linear layer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.tasks.semantic_segmentation.loss import (
    SegmentationLosses,
    segmentation_loss,
)
from services.trainer.domain.tasks.semantic_segmentation.network import Segmenter
from services.trainer.domain.tasks.semantic_segmentation.samples import Sample
from services.trainer.domain.tasks.semantic_segmentation.views import shown
from services.trainer.domain.training.optimisation import build_optimiser, set_rate
from services.trainer.domain.training.ports import Sampler
from services.trainer.domain.training.views import Flip

MOST_BYTES = 1 << 30  # of features that are kept, as half-precision numbers
BATCH = 8
STEPS_A_SECOND = 2.0  # of the budget; fixed, so that a resumed training comes to the same floor
FEWEST, MOST = 20, 600  # steps
GRADIENT_NORM = 10.0
EXTRACTION = 0.3  # share of the floor's time


@dataclass(frozen=True, slots=True)
class Features:
    """What the backbone says of some views, sample by sample a flip.

    Attributes:
        maps: Float16, ``(V, channels, h, w)`` each.
        targets: Labels of their pixels, ``(V, H, W)``.
        flips: How many views there are of each sample.
    """

    maps: tuple[Tensor, ...]
    targets: Tensor
    flips: int

    def rows(self, chosen: Sequence[int], device: torch.device) -> tuple[list[Tensor], Tensor]:
        """Those of some views, as numbers of full precision on a device."""
        picked = torch.tensor(chosen)
        maps = [
            one[picked].to(device, torch.float32).contiguous(memory_format=torch.channels_last)
            for one in self.maps
        ]
        return maps, self.targets[picked].to(device)


def views_of(count: int, view_bytes: int) -> int:
    """How many mirrored views of each of so many samples there is room for: 1, 2 or 4; 0: none.

    >>> views_of(100, 1 << 20), views_of(300, 1 << 20), views_of(2000, 1 << 20)
    (4, 2, 0)
    """
    return next((views for views in (4, 2, 1) if views * count * view_bytes <= MOST_BYTES), 0)


def view_bytes(network: Segmenter) -> int:
    """Memory of the features of one view."""
    width, height = network.shape.input_size
    channels = network.backbone.channels
    cells = ((width >> shift) * (height >> shift) for shift in range(2, 2 + len(channels)))
    return sum(2 * wide * cell for wide, cell in zip(channels, cells, strict=True))


@torch.no_grad()
def kept(
    network: Segmenter,
    samples: Sequence[Sample],
    flips: Sequence[Flip],
    told: Callable[[float], None],
) -> Features:
    """Features of the samples in each of the ``flips``."""
    network.eval()
    size, device = network.shape.input_size, network.head.weight.device
    normalise = Normalisation().to(device)
    pairs = [(one, flip) for flip in flips for one in samples]
    targets: list[Tensor] = []
    made: list[list[Tensor]] = [[] for _ in network.backbone.channels]
    for first in range(0, len(pairs), BATCH):
        seen = [shown(one, size, flip) for one, flip in pairs[first:][:BATCH]]
        pixels = torch.from_numpy(np.stack([image for image, _ in seen])).to(device)
        found = network.backbone(normalise(pixels).contiguous(memory_format=torch.channels_last))
        for parts, one in zip(made, found, strict=True):
            parts.append(one.to("cpu", torch.float16))
        targets += [torch.from_numpy(labels) for _, labels in seen]
        told(EXTRACTION * len(targets) / len(pairs))
    maps = tuple(torch.cat(parts) for parts in made)
    return Features(maps, torch.stack(targets), len(flips))


def steps_for(budget_s: float) -> int:
    """How many steps the decoder learns for.

    >>> steps_for(300), steps_for(1), steps_for(3600)
    (600, 20, 600)
    """
    return int(min(max(budget_s * STEPS_A_SECOND, FEWEST), MOST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """How the decoder learns.

    Attributes:
        steps: How many steps.
        seed: Of the order.
        rate: Peak of the learning rate.
        decay: Of the weights.
    """

    steps: int
    seed: int
    rate: float
    decay: float


def learn(
    network: Segmenter,
    known: Features,
    sampler: Sampler,
    losses: SegmentationLosses,
    *,
    lesson: Lesson,
    told: Callable[[float], None],
) -> None:
    """Teaches the decoder and the head by features that are kept; the backbone stays."""
    trained = torch.nn.ModuleDict(
        {"decoder": network.decoder, "background": network.background, "head": network.head}
    )
    optimiser = build_optimiser(
        trained, learning_rate=lesson.rate, backbone_rate=1.0, weight_decay=lesson.decay
    )
    device = network.head.weight.device
    trained.train()
    order = _order(sampler, known, lesson)
    for step in range(lesson.steps):
        maps, targets = known.rows(order[step * BATCH :][:BATCH], device)
        set_rate(optimiser, step, lesson.steps)
        optimiser.zero_grad()
        torch.autograd.backward(segmentation_loss(network.decoded(maps), targets, losses))
        torch.nn.utils.clip_grad_norm_(trained.parameters(), GRADIENT_NORM)
        optimiser.step()
        told(EXTRACTION + (1 - EXTRACTION) * (step + 1) / lesson.steps)


def _order(sampler: Sampler, known: Features, lesson: Lesson) -> list[int]:
    """Views in order, each sample's mirrored at random."""
    order: list[int] = []
    epoch = 0
    samples = len(known.targets) // known.flips
    while len(order) < lesson.steps * BATCH:
        rng = np.random.default_rng([lesson.seed, 1 << 20, epoch])
        chosen = sampler.order(rng)
        flips = rng.integers(0, known.flips, len(chosen))
        order += (flips * samples + chosen).tolist()
        epoch += 1
    return order
