"""Every loss against an independent reading of its formula, its gradient, and its empty case."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt
from torch.autograd import gradcheck
from torchvision.ops import box_iou, distance_box_iou_loss

from services.trainer.domain.losses.binary_cross_entropy import binary_cross_entropy
from services.trainer.domain.losses.boundary import boundary, signed_distance
from services.trainer.domain.losses.confidence_penalty import confidence_penalty
from services.trainer.domain.losses.cross_entropy import IGNORED, cross_entropy
from services.trainer.domain.losses.ctc import ctc
from services.trainer.domain.losses.dice import dice, plain_dice
from services.trainer.domain.losses.differentiable_binarization import (
    TextMaps,
    differentiable_binarization,
)
from services.trainer.domain.losses.diou import diou
from services.trainer.domain.losses.hinge import hinge
from services.trainer.domain.losses.iou import iou
from services.trainer.domain.losses.label_smoothing import label_smoothing
from services.trainer.domain.losses.mae import mae
from services.trainer.domain.losses.mse import mse
from services.trainer.domain.losses.smooth_l1 import smooth_l1
from services.trainer.domain.losses.smooth_l1_box import smooth_l1_box
from tests.unit.trainer.test_losses import boxes


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def shares(logits: torch.Tensor) -> np.ndarray:
    powers = np.exp(logits.numpy())
    return powers / powers.sum(1, keepdims=True)


LABELS = torch.tensor([0, 3, 2, 1, 3])


def test_cross_entropy_is_minus_the_log_of_the_right_labels_share():
    logits = drawn(5, 4)
    expected = -np.log(shares(logits)[np.arange(5), LABELS.numpy()])
    np.testing.assert_allclose(cross_entropy(logits, LABELS).numpy(), expected, rtol=1e-12)


def test_cross_entropy_falls_all_the_way_to_the_right_label():
    rising = torch.stack([torch.linspace(-5, 5, 50), torch.zeros(50)], dim=1)
    loss = cross_entropy(rising, torch.zeros(50, dtype=torch.long))
    assert (loss.diff() < 0).all()


def test_label_smoothing_is_cross_entropy_with_the_soft_truth():
    logits, epsilon = drawn(5, 4, seed=1), 0.2
    truth = np.full((5, 4), epsilon / 4)
    truth[np.arange(5), LABELS.numpy()] += 1 - epsilon
    expected = -(truth * np.log(shares(logits))).sum(1)
    loss = label_smoothing(logits, LABELS, epsilon=epsilon)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)


def test_the_confidence_penalty_is_the_entropy_of_the_answer():
    logits = drawn(5, 4, seed=2)
    p = shares(logits)
    expected = -np.log(p[np.arange(5), LABELS.numpy()]) + 0.3 * (p * np.log(p)).sum(1)
    loss = confidence_penalty(logits, LABELS, beta=0.3)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("loss", [cross_entropy, label_smoothing, confidence_penalty])
def test_class_losses_have_their_slope_and_ignore_what_is_ignored(loss):
    logits = drawn(2, 3, 4, 4, seed=3).requires_grad_()
    labels = torch.randint(0, 3, (2, 4, 4), generator=torch.Generator().manual_seed(4))
    labels[0, :2] = IGNORED
    assert gradcheck(lambda x: loss(x, labels), (logits,))
    loss(logits, labels).sum().backward()
    assert logits.grad is not None
    assert (logits.grad[0, :, :2] == 0).all()
    assert (logits.grad[0, :, 2:] != 0).all()
    nothing = loss(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long))
    assert nothing.shape == (0,)


@pytest.mark.parametrize(
    ("loss", "oracle"),
    [
        (
            binary_cross_entropy,
            lambda x, y: F.binary_cross_entropy(x.sigmoid(), y, reduction="none"),
        ),
        (mse, lambda x, y: F.mse_loss(x, y, reduction="none")),
        (mae, lambda x, y: F.l1_loss(x, y, reduction="none")),
        (smooth_l1, lambda x, y: F.smooth_l1_loss(x, y, reduction="none")),
        (
            hinge,
            lambda x, y: torch.stack([F.relu(1 - s * f) for f, s in zip(x, y, strict=True)]),
        ),
    ],
)
def test_elementwise_losses_equal_torch_and_have_their_slope(loss, oracle):
    answer = drawn(60, seed=5).requires_grad_()
    truth = (torch.arange(60) % 2).double()
    truth = truth * 2 - 1 if loss is hinge else truth
    torch.testing.assert_close(loss(answer, truth), oracle(answer, truth))
    assert gradcheck(lambda x: loss(x, truth), (answer,))
    assert loss(torch.zeros(0, 2), torch.zeros(0, 2)).shape == (0, 2)


def test_smooth_l1_bends_at_beta():
    answer, beta = drawn(40, seed=6), 0.4
    expected = F.smooth_l1_loss(answer, torch.zeros(40).double(), reduction="none", beta=beta)
    torch.testing.assert_close(smooth_l1(answer, torch.zeros(40).double(), beta=beta), expected)


def test_large_errors_count_more_by_their_squares_than_by_their_sizes():
    near, far = torch.tensor([1.0]), torch.tensor([4.0])
    truth = torch.zeros(1)
    assert (mae(far, truth) / mae(near, truth)).item() == 4
    assert (mse(far, truth) / mse(near, truth)).item() == 16


def test_iou_and_distance_iou_equal_torchvision_with_their_gradients():
    target, predicted = boxes(40, 1).double(), boxes(40, 2).double().requires_grad_()
    expected = 1 - box_iou(predicted.detach(), target).diagonal()
    torch.testing.assert_close(iou(predicted, target).detach(), expected, atol=1e-6, rtol=1e-6)
    other = predicted.detach().clone().requires_grad_()
    diou(predicted, target).sum().backward()
    distance_box_iou_loss(other, target, reduction="sum").backward()
    torch.testing.assert_close(predicted.grad, other.grad, atol=1e-6, rtol=1e-5)


def test_smooth_l1_of_boxes_counts_in_sides_of_the_target():
    target, predicted = boxes(20, 3).double(), boxes(20, 4).double()
    sides = (target[:, 2:] - target[:, :2]).numpy()
    away = np.abs((predicted - target).numpy() / np.tile(sides, (1, 2)))
    expected = np.where(away < 1 / 9, away**2 * 4.5, away - 1 / 18).mean(1)
    np.testing.assert_allclose(smooth_l1_box(predicted, target).numpy(), expected, rtol=1e-9)
    torch.testing.assert_close(
        smooth_l1_box(predicted * 7, target * 7), smooth_l1_box(predicted, target)
    )


@pytest.mark.parametrize("loss", [iou, diou, smooth_l1_box])
def test_box_losses_have_their_slope_cost_nothing_when_right_and_bear_no_boxes(loss):
    target, predicted = boxes(12, 5).double(), boxes(12, 6).double().requires_grad_()
    assert gradcheck(lambda x: loss(x, target), (predicted,))
    torch.testing.assert_close(loss(target, target), torch.zeros(12).double(), atol=1e-6, rtol=0)
    assert loss(torch.zeros(0, 4), torch.zeros(0, 4)).shape == (0,)
    assert torch.isfinite(loss(torch.zeros(1, 4), torch.zeros(1, 4))).all()


@pytest.mark.parametrize("denominator", ["squares", "plain"])
def test_dice_is_one_less_the_score_of_either_denominator(denominator):
    p, g = drawn(3, 5, 6, seed=7).sigmoid(), (drawn(3, 5, 6, seed=8) > 0).double()
    mine, truth = p.numpy().reshape(3, -1), g.numpy().reshape(3, -1)
    power = 2 if denominator == "squares" else 1
    below = (mine**power).sum(1) + (truth**power).sum(1)
    expected = 1 - 2 * (mine * truth).sum(1) / below
    loss = dice(p, g, denominator=denominator, smooth=0.0)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)
    answer = drawn(3, 5, 6, seed=9).requires_grad_()
    assert gradcheck(lambda x: dice(x.sigmoid(), g, denominator=denominator), (answer,))


def test_both_dices_agree_on_hard_masks_and_leave_out_what_does_not_count():
    p, g = (drawn(4, 30, seed=10) > 0).double(), (drawn(4, 30, seed=11) > 0).double()
    torch.testing.assert_close(dice(p, g, smooth=0.0), dice(p, g, denominator="plain", smooth=0.0))
    torch.testing.assert_close(plain_dice(p, g), dice(p, g, denominator="plain"))
    answer = drawn(4, 30, seed=12).requires_grad_()
    counted = torch.arange(30).expand(4, 30) >= 10
    dice(answer.sigmoid(), g, counted=counted).sum().backward()
    assert answer.grad is not None
    assert (answer.grad[:, :10] == 0).all()
    assert (answer.grad[:, 10:] != 0).any()
    assert dice(torch.zeros(0, 2, 2), torch.zeros(0, 2, 2)).shape == (0,)


def test_signed_distances_are_those_of_the_exact_transform():
    masks = (drawn(4, 20, 23, seed=13) > 0.8).double()
    masks[0], masks[1] = 0, 1
    for found, mask in zip(signed_distance(masks).numpy(), masks.numpy() > 0.5, strict=True):
        expected = np.zeros(mask.shape)
        if mask.any() and not mask.all():
            inside = distance_transform_edt(mask)
            expected = distance_transform_edt(~mask) - np.maximum(inside - 1, 0)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_signed_distances_are_the_same_to_the_bit_wherever_their_memory_lies():
    mask = torch.zeros(1, 48, 64)
    mask[0, 13:27, 9:31] = 1
    first, kept = signed_distance(mask), []
    for size in range(1, 4000, 61):
        kept.append(torch.empty(size))
        assert torch.equal(signed_distance(mask), first)


def test_boundary_has_its_slope_and_costs_more_the_farther_off():
    truth = torch.zeros(1, 8, 40, dtype=torch.float64)
    truth[:, 2:6, 2:8] = 1
    near, far = torch.zeros_like(truth), torch.zeros_like(truth)
    near[:, 2:6, 9:12], far[:, 2:6, 30:33] = 1, 1
    assert boundary(truth, truth) < boundary(near, truth) < boundary(far, truth)
    answer = drawn(1, 8, 40, seed=14).requires_grad_()
    assert gradcheck(lambda x: boundary(x.sigmoid(), truth), (answer,))
    assert boundary(torch.zeros(0, 3, 3), torch.zeros(0, 3, 3)).shape == (0,)


def alignments(places: int, letters: int, text: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All paths that read as the text, by trying every one."""

    def read(path: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(letter for letter, _ in itertools.groupby(path) if letter)

    return [path for path in itertools.product(range(letters), repeat=places) if read(path) == text]


def test_ctc_is_the_sum_over_all_alignments():
    logits = drawn(3, 4, 3, seed=15)
    texts = [(1, 2), (1, 1), ()]
    letters = torch.tensor([[1, 2], [1, 1], [0, 0]])
    loss = ctc(logits, letters, torch.tensor([2, 2, 0]))
    for place, text in enumerate(texts):
        p = shares(logits[place])
        total = sum(
            math.prod(p[step, letter] for step, letter in enumerate(path))
            for path in alignments(4, 3, text)
        )
        assert loss[place].item() == pytest.approx(-math.log(total), rel=1e-9)


def test_ctc_has_its_slope_and_a_text_that_does_not_fit_spoils_nothing():
    logits = drawn(2, 3, 4, seed=16).requires_grad_()
    letters, lengths = torch.tensor([[1, 2, 0, 0], [1, 1, 2, 3]]), torch.tensor([2, 4])
    assert gradcheck(lambda x: ctc(x[:1], letters[:1, :2], lengths[:1]), (logits,))
    loss = ctc(logits, letters, lengths)
    loss.sum().backward()
    assert loss[1].item() == 0
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    empty = ctc(torch.zeros(0, 3, 4), torch.zeros(0, 2).long(), torch.zeros(0).long())
    assert empty.shape == (0,)


def text_maps(seed: int = 17) -> TextMaps:
    area = torch.zeros(2, 6, 8, dtype=torch.float64)
    area[0, 2:4, 2:5] = 1
    near = torch.zeros_like(area, dtype=torch.bool)
    near[0, 1:5, 1:6] = True
    counted = torch.ones_like(near)
    counted[:, :, 7] = False
    return TextMaps(area, counted, drawn(2, 6, 8, seed=seed).sigmoid(), near)


def reference_binarization(area: np.ndarray, limit: np.ndarray, truth: TextMaps, k: int) -> float:
    """Equations 2 and 6 to 8 in numpy, for image ``k``."""
    g, counted = truth.area[k].numpy(), truth.counted[k].numpy()
    p, t = 1 / (1 + np.exp(-area[k])), 1 / (1 + np.exp(-limit[k]))
    entropy = -(g * np.log(p) + (1 - g) * np.log(1 - p))
    text = entropy[(g > 0.5) & counted]
    others = np.sort(entropy[(g < 0.5) & counted])[::-1][: max(3 * text.size, 3)]
    balanced = (text.sum() + others.sum()) / (text.size + others.size)
    steep = (1 / (1 + np.exp(-50 * (p - t)))) * counted
    overlap = 1 - (2 * (steep * g).sum() + 1) / (steep.sum() + (g * counted).sum() + 1)
    near = truth.near[k].numpy() & counted
    away = np.abs(t - truth.thresholds[k].numpy())[near].sum() / max(near.sum(), 1)
    return float(balanced + overlap + 10 * away)


def test_differentiable_binarization_is_the_papers_and_has_its_slope():
    truth, area, limit = text_maps(), drawn(2, 6, 8, seed=18), drawn(2, 6, 8, seed=19)
    loss = differentiable_binarization(area, limit, truth)
    expected = [reference_binarization(area.numpy(), limit.numpy(), truth, k) for k in (0, 1)]
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-9)
    assert gradcheck(
        lambda a, t: differentiable_binarization(a, t, truth),
        (area.requires_grad_(), limit.requires_grad_()),
    )
    differentiable_binarization(area, limit, truth).sum().backward()
    for part in (area, limit):
        assert part.grad is not None
        assert (part.grad[:, :, 7] == 0).all()
    none = torch.zeros(0, 2, 2)
    nothing = TextMaps(none, none > 0, none, none > 0)
    assert differentiable_binarization(none, none, nothing).shape == (0,)
