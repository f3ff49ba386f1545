import math
from typing import get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import (
    complete_box_iou_loss,
    generalized_box_iou_loss,
    sigmoid_focal_loss,
)

from services.trainer.domain.losses.ciou import ciou
from services.trainer.domain.losses.distribution_focal import distribution_focal
from services.trainer.domain.losses.focal import focal
from services.trainer.domain.losses.giou import giou
from services.trainer.domain.losses.quality_focal import quality_focal
from services.trainer.domain.losses.table import (
    BoxLoss,
    LossTerm,
    ScoreLoss,
    parts_of,
    weighted_sum,
)
from services.trainer.domain.losses.varifocal import varifocal


def boxes(count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=generator) * 50
    return torch.cat([corner, corner + 1 + torch.rand(count, 2, generator=generator) * 40], 1)


@pytest.mark.parametrize(
    ("ours", "oracle"), [(giou, generalized_box_iou_loss), (ciou, complete_box_iou_loss)]
)
def test_box_losses_and_their_gradients_equal_torchvision(ours, oracle):
    target = boxes(64, 1)
    mine, theirs = boxes(64, 2).requires_grad_(), boxes(64, 2).requires_grad_()
    loss, expected = ours(mine, target), oracle(theirs, target)
    torch.testing.assert_close(loss, expected, atol=1e-5, rtol=1e-5)
    loss.sum().backward()
    expected.sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("loss", [giou, ciou])
def test_a_perfect_box_costs_nothing_and_no_boxes_give_no_loss(loss):
    same = boxes(8, 3)
    torch.testing.assert_close(loss(same, same.clone()), torch.zeros(8), atol=1e-6, rtol=0)
    assert loss(torch.zeros(0, 4), torch.zeros(0, 4)).shape == (0,)


def test_focal_equals_torchvision():
    logits = torch.randn(50, generator=torch.Generator().manual_seed(4))
    targets = (torch.arange(50) % 3 == 0).float()
    torch.testing.assert_close(focal(logits, targets), sigmoid_focal_loss(logits, targets))


def test_quality_focal_with_beta_zero_is_binary_cross_entropy():
    logits, targets = torch.linspace(-4, 4, 9), torch.linspace(0, 1, 9)
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    torch.testing.assert_close(quality_focal(logits, targets, beta=0.0), entropy)


def test_quality_focal_by_hand():
    # sigma(0) = 1/2, y = 0.8: |0.3|^2 * ln 2 (BCE at 1/2 is ln 2 whatever y)
    loss = quality_focal(torch.zeros(1), torch.tensor([0.8]))
    assert loss.item() == pytest.approx(0.09 * math.log(2), rel=1e-5)


def test_varifocal_by_hand():
    logits, targets = torch.zeros(2), torch.tensor([0.8, 0.0])
    expected = [0.8 * math.log(2), 0.75 * 0.25 * math.log(2)]
    assert varifocal(logits, targets).tolist() == pytest.approx(expected, rel=1e-5)


def test_distribution_focal_is_least_where_the_mean_is_right():
    sure = torch.tensor([[0.0, 20.0, 0.0, 0.0]])
    assert distribution_focal(sure, torch.tensor([1.0])).item() == pytest.approx(0, abs=1e-4)
    assert distribution_focal(sure, torch.tensor([2.0])).item() > 10


def reference_distribution_focal(logits: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Equation 6 of the paper in numpy, distance by distance."""
    told = []
    for row, distance in zip(logits, distances, strict=True):
        logs = row - np.log(np.exp(row).sum())
        cut = min(max(distance, 0.0), len(row) - 1 - 0.01)
        left = math.floor(cut)
        told.append(-((left + 1 - cut) * logs[left] + (cut - left) * logs[left + 1]))
    return np.array(told)


def test_distribution_focal_is_the_papers_and_distances_beyond_the_bins_are_cut():
    logits = torch.randn(9, 5, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    distances = torch.tensor([0.0, 0.4, 1.0, 1.5, 2.75, 3.9, 4.0, -3.0, 99.0], dtype=torch.float64)
    expected = reference_distribution_focal(logits.numpy(), distances.numpy())
    loss = distribution_focal(logits, distances)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-9)
    first_bin = -torch.log_softmax(logits[7], 0)[0]
    assert loss[7].item() == pytest.approx(first_bin.item()), "below the first bin: that bin"


def reference_scores(name: str, logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Both papers' formulas in numpy, without the tricks that keep large logits finite."""
    p = 1 / (1 + np.exp(-logits))
    entropy = -(targets * np.log(p) + (1 - targets) * np.log(1 - p))
    if name == "quality_focal":
        return np.abs(targets - p) ** 2 * entropy
    return np.where(targets > 0, targets, 0.75 * p**2) * entropy


@pytest.mark.parametrize("loss", [quality_focal, varifocal])
def test_soft_score_losses_are_the_papers(loss):
    generator = torch.Generator().manual_seed(6)
    logits = torch.randn(40, 3, generator=generator, dtype=torch.float64) * 3
    targets = torch.rand(40, 3, generator=generator, dtype=torch.float64)
    targets[::2] = 0
    expected = reference_scores(loss.__name__, logits.numpy(), targets.numpy())
    np.testing.assert_allclose(loss(logits, targets).numpy(), expected, rtol=1e-9)


@pytest.mark.parametrize("name", get_args(ScoreLoss))
def test_the_gradient_of_a_score_loss_is_its_slope(name):
    generator = torch.Generator().manual_seed(7)
    logits = torch.randn(12, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.rand(12, generator=generator, dtype=torch.float64)
    targets[::3] = 0
    loss = weighted_sum("detection", "score", (LossTerm(part="score", loss=name),))
    assert torch.autograd.gradcheck(lambda x: loss(x, targets), (logits,))


def test_the_gradient_of_giou_and_of_distribution_focal_is_their_slope():
    """CIoU holds one factor constant on purpose; its gradient is held to torchvision's above."""
    target, predicted = boxes(16, 8).double(), boxes(16, 9).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: giou(x, target), (predicted,))
    logits = torch.randn(6, 5, dtype=torch.float64, requires_grad=True)
    distances = torch.tensor([0.2, 1.5, 2.25, 3.5, -1.0, 9.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: distribution_focal(x, distances), (logits,))


def test_the_table_names_every_loss_by_its_file_and_the_recipe_offers_the_same():
    parts = {part.name: part for part in parts_of("detection")}
    for name, part in parts.items():
        for loss in part.losses:
            (term,) = weighted_sum("detection", name, (LossTerm(part=name, loss=loss),)).terms
            assert term[0].__name__ == loss
    assert parts["score"].losses == get_args(ScoreLoss)
    assert parts["box"].losses == get_args(BoxLoss)


@pytest.mark.parametrize("loss", [quality_focal, varifocal, focal])
def test_score_losses_of_nothing_are_nothing(loss):
    assert loss(torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0, 3)
