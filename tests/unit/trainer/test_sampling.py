"""How often an epoch shows a window, counted over many epochs."""

import numpy as np
import pytest

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.classification import samples as classified
from services.trainer.domain.tasks.classification.network import ClassifierShape
from services.trainer.domain.tasks.classification.training import ClassificationTraining
from services.trainer.domain.tasks.semantic_segmentation import samples as segmented
from services.trainer.domain.tasks.semantic_segmentation.network import SegmenterShape
from services.trainer.domain.tasks.semantic_segmentation.training import SegmentationTraining
from services.trainer.domain.training.sampling import BalancedSampler, EpochSampler, RepeatSampler
from shared.errors import InvalidInput
from shared.texts.language import speaking, told
from tests.unit.trainer.loops import detector_loop, recipe
from tests.unit.trainer.pictures import samples

EPOCHS = 400
# Sixteen windows of label 0, four of 1, one of 2, one of both 0 and 2, ten of none.
WINDOWS = [{0}] * 16 + [{1}] * 4 + [{2}] + [{0, 2}] + [set()] * 10


def shown(sampler, windows: int) -> np.ndarray:
    """How often each window comes an epoch, on the average; every epoch has its count."""
    counts = np.zeros(windows)
    for epoch in range(EPOCHS):
        order = sampler.order(np.random.default_rng([3, epoch]))
        assert len(order) == sampler.count
        counts += np.bincount(order, minlength=windows)
    return counts / EPOCHS


@pytest.mark.parametrize(
    ("power", "of_labels", "why"),
    [
        (0.0, (1, 1, 1, 1), "each once"),
        (0.5, (1, 2.0616, 2.9155, 2.9155), "roots of 17/17, 17/4, 17/2"),
        (1.0, (1, 4, 4, 4), "17/4 and 17/2, four times at most"),
    ],
)
def test_windows_come_as_often_as_their_rarest_label_asks_for(power, of_labels, why):
    sampler = RepeatSampler(WINDOWS, power=power)
    found = shown(sampler, len(WINDOWS))
    wished = np.repeat(of_labels, (16, 4, 1, 1))
    np.testing.assert_allclose(found[:22], wished, atol=0.08, err_msg=why)
    negatives = 10 if power == 0 else 10 * min(1, 11 / 10)
    assert found[22:].sum() == pytest.approx(negatives)


def test_of_many_windows_without_a_target_few_are_shown_unless_all_are_asked_for():
    windows = [{0}] * 4 + [set()] * 40
    for power, negatives in ((0.0, 40), (0.5, 2), (1.0, 2)):
        found = shown(RepeatSampler(windows, power=power), 44)
        assert found[:4].tolist() == [1, 1, 1, 1]
        assert found[4:].sum() == pytest.approx(negatives)
        np.testing.assert_allclose(found[4:], negatives / 40, atol=0.08)


def test_sets_of_one_kind_are_drawn_and_none_is_refused():
    for power in (0.0, 0.5, 1.0):
        assert sorted(RepeatSampler([{0}] * 5, power=power).order(np.random.default_rng(0))) == [
            0, 1, 2, 3, 4
        ]  # fmt: skip
        assert RepeatSampler([set()] * 5, power=power).count == (5 if power == 0 else 1)
        with pytest.raises(ValueError, match="at least one window"):
            RepeatSampler([], power=power)


def of_detection(name: str):
    data = samples(6) + samples(4, squares=0)
    return detector_loop(recipe(sampler=name), data).task.sampler


def of_classification(name: str):
    image = np.zeros((64, 64, 3), np.uint8)
    parts = [classified.Sample(image, int(row > 7), str(row)) for row in range(10)]
    shape = ClassifierShape(labels=2, input_size=(64, 64), backbone="mobilenet_v2")
    chosen = Recipe(pretrained=False, sampler=name).of_task("classification")
    return ClassificationTraining(chosen, shape, parts).sampler


def of_segmentation(name: str):
    image = np.zeros((64, 64, 3), np.uint8)
    marks = [np.full((64, 64), value, np.uint8) for value in (0, 0, 0, 0, 1, 1, 1, 1, 2, 0)]
    windows = [segmented.Sample(image, labels) for labels in marks]
    shape = SegmenterShape(labels=2, input_size=(64, 64), backbone="mobilenet_v2", channels=16)
    chosen = Recipe(pretrained=False, sampler=name).of_task("semantic_segmentation")
    return SegmentationTraining(chosen, shape, windows).sampler


@pytest.mark.parametrize(
    ("sampler_of", "auto", "counts"),
    [
        (of_detection, EpochSampler, {"auto": 9, "uniform": 10}),
        (
            of_classification,
            BalancedSampler,
            {"auto": 16, "uniform": 10, "balanced_sqrt": 12, "balanced": 16},
        ),
        (
            of_segmentation,
            BalancedSampler,
            {"auto": 14, "uniform": 10, "balanced_sqrt": 8, "balanced": 10},
        ),
    ],
)
def test_each_task_draws_by_the_name_that_its_recipe_says(sampler_of, auto, counts):
    for name, count in counts.items():
        sampler = sampler_of(name)
        assert isinstance(sampler, auto if name == "auto" else RepeatSampler)
        assert sampler.count == count, name


@pytest.mark.parametrize(
    "asked",
    [
        {"precision": "bf16"},
        {"sampler": "balanced"},
        {"augmentation": {"preset": "auto", "rotation": 5}},
    ],
)
def test_a_task_that_cannot_do_it_says_so_at_the_field(asked):
    wish = Recipe.model_validate(asked)
    assert wish.of_task("detection").task == "detection"
    with pytest.raises(InvalidInput) as refused:
        wish.of_task("ocr")
    (error,) = refused.value.errors
    assert error.field == next(iter(asked))
    assert "ocr" in error.message
    with speaking("zh-CN"):
        assert told(error.message) == "ocr 任务的训练做不到：请保持默认值"
        assert told(str(refused.value)) != str(refused.value)
