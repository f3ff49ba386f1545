import math

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


def test_distances_beyond_the_bins_are_cut_not_refused():
    loss = distribution_focal(torch.zeros(2, 4), torch.tensor([-3.0, 99.0]))
    assert torch.isfinite(loss).all()


@pytest.mark.parametrize("loss", [quality_focal, varifocal, focal])
def test_score_losses_of_nothing_are_nothing(loss):
    assert loss(torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0, 3)
