"""Logistic regression with an L2 penalty, and how strong it should be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

PENALTIES = (1.0, 0.1, 0.01, 0.001)
FOLDS = 4
STEPS = 60
FLATTEST = 1e-4  # least deviation of a feature that is stretched to 1


@dataclass(frozen=True, slots=True)
class Regression:
    """A fitted regression: ``((features - centre) * scale) @ weight.T + bias`` are its logits."""

    centre: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    def logits(self, features: Tensor) -> Tensor:
        """Logits ``(N, C)`` of features ``(N, F)``."""
        return ((features - self.centre) * self.scale) @ self.weight.T + self.bias


def fit(features: Tensor, labels: Tensor, *, count: int, penalty: float) -> Regression:
    """The minimum of the mean cross-entropy plus ``penalty / F`` times half the weights' squares.

    The biases are free. Features are brought to mean 0 and deviation 1 first. Found by L-BFGS
    (Liu and Nocedal, 1989) in float64.

    Args:
        features: ``(N, F)``.
        labels: ``(N,)`` in [0, count).
        count: Number of labels; those without an example get low scores.
        penalty: Above 0.
    """
    known = features.to(torch.float64)
    centre = known.mean(0)
    scale = 1 / known.std(0, correction=0).clamp(min=FLATTEST)
    known = (known - centre) * scale
    weight = torch.zeros(count, known.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(count, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=STEPS, tolerance_grad=1e-5, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        solver.zero_grad()
        value = regularised(known @ weight.T + bias, labels, weight, penalty=penalty)
        torch.autograd.backward(value)
        return value

    step: Callable[[Callable[[], Tensor]], object] = solver.step
    step(loss)
    found = (centre, scale, weight.detach(), bias.detach())
    return Regression(*(one.to(torch.float32) for one in found))


def regularised(logits: Tensor, labels: Tensor, weight: Tensor, *, penalty: float) -> Tensor:
    """What `fit` makes smallest."""
    squares = weight.square().sum() / weight.shape[1]
    return functional.cross_entropy(logits, labels) + 0.5 * penalty * squares


@dataclass(frozen=True, slots=True)
class Choice:
    """The penalty and the views with which images that were left out are told best."""

    penalty: float
    views: int


def choose(
    views: Tensor, labels: Tensor, parts: Tensor, *, count: int, offers: Sequence[int]
) -> Choice:
    """By cross-validation: every image is left out once and judged as it is, not mirrored.

    Args:
        views: ``(V, N, F)``: features of the images, first as they are, then mirrored.
        labels: ``(N,)``.
        parts: ``(N,)``: number of the part with which an image is left out, see `folds_of`.
        count: Number of labels.
        offers: Numbers of views that may teach, from the first on; of equal ones the first wins.
    """
    best: tuple[float, Choice] | None = None
    for offer in offers:
        for penalty in PENALTIES:
            wrong = 0.0
            for part in sorted(set(parts.tolist())):
                out = parts == part
                if bool(out.all()):
                    continue
                taught = views[:offer, ~out].reshape(-1, views.shape[2])
                fitted = fit(taught, labels[~out].repeat(offer), count=count, penalty=penalty)
                judged = fitted.logits(views[0, out])
                wrong += float(functional.cross_entropy(judged, labels[out], reduction="sum"))
            if best is None or wrong < best[0]:
                best = (wrong, Choice(penalty, offer))
    assert best is not None  # noqa: S101  there is at least one offer
    return best[1]


def folds_of(labels: Tensor, groups: Tensor) -> Tensor:
    """Number of each image's part, below `FOLDS`: groups of a label go around, and never part.

    >>> folds_of(torch.tensor([0, 0, 0, 1]), torch.tensor([5, 5, 6, 7])).tolist()
    [0, 0, 1, 2]
    """
    part_of: dict[int, int] = {}
    for _, group in sorted(set(zip(labels.tolist(), groups.tolist(), strict=True))):
        part_of.setdefault(group, len(part_of) % FOLDS)
    return torch.tensor([part_of[group] for group in groups.tolist()], dtype=torch.int64)
