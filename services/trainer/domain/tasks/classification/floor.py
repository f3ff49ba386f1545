"""The floor: a regression on features that are kept, which what follows must beat.

Linear probing before fine-tuning (Kumar et al., ICLR 2022, https://arxiv.org/abs/2202.10054).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.tasks.classification.network import Classifier
from services.trainer.domain.tasks.classification.regression import (
    Choice,
    Regression,
    choose,
    fit,
    folds_of,
)
from services.trainer.domain.tasks.classification.samples import Sample
from services.trainer.domain.training.views import FLIPS, PAD, Flip
from shared.runtime.preprocess import Image

MOST_VIEWS = 800  # passes of the backbone: half a minute of two cores at 224 px
PASSES_A_SECOND = MOST_VIEWS / 30
BUDGET_SHARE = 0.25
LEAST_PASSES = 100
BATCH = 8


@dataclass(frozen=True, slots=True)
class Features:
    """Features of some images: ``views`` ``(V, N, F)``, a flip each, labels and groups."""

    views: Tensor
    labels: Tensor
    groups: Tensor

    def rows(self, chosen: Tensor) -> "Features":
        """Those of the images where ``chosen`` is true."""
        return Features(self.views[:, chosen], self.labels[chosen], self.groups[chosen])


def passes(budget_s: float, input_size: tuple[int, int]) -> int:
    """Passes of the backbone that fill a quarter of the budget on two cores.

    They follow from the recipe and not from a clock, so that a training that is resumed learns the
    same again.

    >>> passes(600, (224, 224)), passes(600, (448, 448))
    (4000, 1000)
    """
    area = input_size[0] * input_size[1] / 224**2
    return max(LEAST_PASSES, int(BUDGET_SHARE * budget_s * PASSES_A_SECOND / area))


def spread(samples: Sequence[Sample], most: int) -> list[Sample]:
    """At most so many samples, labels in turn, so that rare ones stay whole; all keep their order.

    >>> image = np.zeros((1, 1, 3), np.uint8)
    >>> [one.label for one in spread([Sample(image, label) for label in (0, 0, 0, 1)], 3)]
    [0, 0, 1]
    """
    seen: Counter[int] = Counter()
    turns = []
    for row, sample in enumerate(samples):
        turns.append((seen[sample.label], row))
        seen[sample.label] += 1
    return [samples[row] for row in sorted(row for _, row in sorted(turns)[:most])]


def kept(
    network: Classifier,
    samples: Sequence[Sample],
    told: Callable[[float], None],
    *,
    most: int = MOST_VIEWS,
    flips: Sequence[Flip] = FLIPS,
) -> Features:
    """Features of the samples, mirrored as often as ``most`` passes allow; the mode is kept.

    ``flips`` are the mirrored images that may teach, in order, the image itself first.
    """
    views = min(most, MOST_VIEWS) // max(1, len(samples))
    flips = flips[: max(1, min(len(flips), views))]
    flips = flips[:2] if len(flips) == 3 else flips
    was_training = network.training
    network.eval()
    made: list[Tensor] = []
    total = len(flips) * len(samples)
    for flip in flips:
        for first in range(0, len(samples), BATCH):
            images = [
                shown(one.image, network.shape.input_size, flip) for one in samples[first:][:BATCH]
            ]
            made.append(features_of(network, images))
            told(min(1.0, sum(map(len, made)) / total))
    network.train(was_training)
    labels = torch.tensor([one.label for one in samples], dtype=torch.int64)
    names = sorted({one.group for one in samples})
    places = {name: place for place, name in enumerate(names)}
    groups = torch.tensor([places[one.group] for one in samples], dtype=torch.int64)
    return Features(torch.cat(made).reshape(len(flips), len(samples), -1), labels, groups)


def shown(image: Image, size: tuple[int, int], flip: int | None = None) -> Image:
    """The image in its corner of the model's input, mirrored or not, as the predictor places it."""
    out = np.full((size[1], size[0], 3), PAD, np.uint8)
    turned = image if flip is None else cv2.flip(np.ascontiguousarray(image), flip)
    out[: image.shape[0], : image.shape[1]] = turned
    return out


@torch.no_grad()
def features_of(network: Classifier, images: Sequence[Image]) -> Tensor:
    """Features ``(N, F)`` of images of the input's size, on the CPU."""
    device = network.head.weight.device
    pixels = torch.from_numpy(np.stack(images)).to(device)
    normalised = Normalisation().to(device)(pixels).contiguous(memory_format=torch.channels_last)
    return network.features(normalised).cpu()


def put(network: Classifier, found: Regression) -> None:
    """Gives the network the regression as its head."""
    with torch.no_grad():
        network.centre.copy_(found.centre)
        network.scale.copy_(found.scale)
        network.head.weight.copy_(found.weight)
        network.head.bias.copy_(found.bias)


def fitted(known: Features, choice: Choice, *, count: int) -> Regression:
    """The regression on the views that the choice takes."""
    views = min(choice.views, len(known.views))
    taught = known.views[:views].flatten(0, 1)
    return fit(taught, known.labels.repeat(views), count=count, penalty=choice.penalty)


def chosen_for(known: Features, *, count: int) -> Choice:
    """Penalty and views by cross-validation; mirrored images teach only where that helps."""
    offers = [views for views in (1, 2, 4) if views <= len(known.views)]
    parts = folds_of(known.labels, known.groups)
    return choose(known.views, known.labels, parts, count=count, offers=offers)


@dataclass(frozen=True, slots=True)
class Told:
    """How a network does on validation images: how many it knows, and its mean cross-entropy."""

    right: int
    loss: float

    def beats(self, other: "Told") -> bool:
        """Whether it knows more of them and is surer of what is right: one alone may be luck."""
        return self.right > other.right and self.loss < other.loss


def judged(logits: Tensor, labels: Tensor) -> Told:
    """How logits ``(N, C)`` do on labels ``(N,)``, at least one."""
    right = int((logits.argmax(1) == labels).sum())
    return Told(right, float(functional.cross_entropy(logits, labels)))
