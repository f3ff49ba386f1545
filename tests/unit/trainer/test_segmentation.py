"""Segmenters in training: truths, what is ignored, the floor, resumption, and the whole process."""

from pathlib import Path

import numpy as np
import pytest
import torch

from services.evaluator.domain.pixels.tally import SemanticTally
from services.evaluator.domain.readers.platform_files import read_version
from services.evaluator.domain.readers.versions import SegmentedVersion
from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.semantic_segmentation.builder import SegmentationBuilder
from services.trainer.domain.tasks.semantic_segmentation.judging import judged
from services.trainer.domain.tasks.semantic_segmentation.loss import (
    SegmentationLosses,
    segmentation_loss,
)
from services.trainer.domain.tasks.semantic_segmentation.network import Segmenter, SegmenterShape
from services.trainer.domain.tasks.semantic_segmentation.samples import (
    Sample,
    cut_samples,
    windows_of,
)
from services.trainer.domain.tasks.semantic_segmentation.training import (
    AUGMENTATION,
    SegmentationTraining,
)
from services.trainer.domain.tasks.semantic_segmentation.truths import IGNORED, truth_of
from services.trainer.domain.tasks.semantic_segmentation.views import shown, view
from services.trainer.domain.training.augmentation import NONE
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.domain.training.ports import NothingToTrain
from services.trainer.domain.training.views import FLIPS
from services.trainer.process.weights import find_weights
from shared.contracts.prediction_columns import PredictionColumns
from shared.contracts.shapes import IgnoreRegion, Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.onnx_session import OnnxSession
from shared.texts.language import speaking, told
from shared.vision.masks import from_polygons, to_dense
from shared.vision.tiles import TilePlan
from tests.unit.trainer.marks import LABELS, SIZE, marked, write_marked
from tests.unit.trainer.trained import Trainings
from tests.unit.trainer.whole import resumes_as_if_nothing_had_happened

TINY = Recipe(
    epochs=2, batch_size=4, input_width=128, input_height=96, budget_s=10, channels=16,
).of_task("semantic_segmentation")  # fmt: skip
SHAPE = SegmenterShape(labels=2, input_size=SIZE, backbone="efficientnet_lite0", channels=16)


def sample(seed: int, *, empty: bool = False, validates: bool = False) -> Sample:
    return Sample(*marked(seed, empty=empty), validates=validates)


def picture(shapes: tuple[Shape, ...] = (), regions: tuple[IgnoreRegion, ...] = ()):
    return SnapshotImage(
        image_id="I", name="a.png", blob_key="t/default/" + "0" * 64, width=60, height=40,
        split="train", group="a", shapes=shapes, ignore_regions=regions,
    )  # fmt: skip


def ring(x: float, y: float, side: float) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + side, y), (x + side, y + side), (x, y + side))


def test_truth_is_what_the_report_counts_the_later_shape_on_top_and_regions_over_all() -> None:
    shapes = (
        Shape(label="bright", kind="polygon", points=ring(5, 5, 20)),
        Shape(label="dark", kind="polygon", points=ring(15, 10, 20)),
        Shape(label="unknown", kind="polygon", points=ring(0, 0, 60)),
    )
    truth = truth_of(picture(shapes, (IgnoreRegion(points=ring(30, 0, 15)),)), LABELS)
    expected = np.zeros((40, 60), np.uint8)
    rings = [(1, ring(5, 5, 20)), (2, ring(15, 10, 20)), (IGNORED, ring(30, 0, 15))]
    for value, points in rings:
        flat = [number for point in points for number in point]
        expected[to_dense(from_polygons([flat], 40, 60), 40, 60)] = value
    whole = TilePlan().windows(60, 40)[0]
    np.testing.assert_array_equal(truth.within(whole), expected)
    for part in TilePlan(tile_size=(32, 24), overlap_px=8).windows(60, 40):
        x1, y1, x2, y2 = part.box_xyxy
        np.testing.assert_array_equal(truth.within(part), expected[y1:y2, x1:x2])
    assert len(truth.boxes_xyxy) == 2


def test_an_image_that_is_cut_is_also_seen_around_each_of_its_targets() -> None:
    shapes = (Shape(label="dark", kind="polygon", points=ring(26, 18, 8)),)
    truth = truth_of(picture(shapes), LABELS)
    plan = TilePlan(tile_size=(30, 20))
    grid = plan.windows(60, 40)
    found = windows_of(truth, (60, 40), grid)
    assert [one.box_xyxy for one in found[:-1]] == [one.box_xyxy for one in grid]
    assert found[-1].box_xyxy == (15, 12, 45, 32)
    (last,) = cut_samples(np.zeros((40, 60, 3), np.uint8), truth, found[-1:], (60, 40))
    y, x = np.argwhere(last.labels == 2).mean(0)
    assert (round(x), round(y)) == (30, 20)
    whole = TilePlan().windows(60, 40)
    assert windows_of(truth, (60, 40), whole) == whole


def test_labels_move_with_their_pixels_and_padding_teaches_nothing() -> None:
    one = sample(3)
    for flip in FLIPS:
        image, labels = shown(one, (160, 128), flip)
        far = np.abs(image[::2, ::2, 0].astype(int)[:48, :64] - np.median(one.image[..., 0])) > 45
        seen = labels[:48, :64] > 0
        assert (far & seen).sum() > 0.9 * (far | seen).sum()
        assert (labels[48:] == IGNORED).all()
        assert (labels[:, 64:] == IGNORED).all()
    image, labels = view(one, SIZE, NONE, np.random.default_rng(0))
    np.testing.assert_array_equal(image, one.image)
    np.testing.assert_array_equal(labels, shown(one, SIZE)[1])
    image, labels = view(one, SIZE, AUGMENTATION, np.random.default_rng(1))
    assert set(np.unique(labels)) <= {0, 1, 2, IGNORED}


@pytest.mark.parametrize("seed", range(3))
def test_what_is_ignored_costs_nothing_and_pulls_at_nothing(seed: int) -> None:
    torch.manual_seed(seed)
    targets = torch.randint(0, 3, (2, 24, 32)).to(torch.uint8)
    targets[:, :12] = IGNORED
    logits = torch.randn(2, 3, 24, 32, dtype=torch.float64, requires_grad=True)
    losses = SegmentationLosses.of(TINY)
    loss = segmentation_loss(logits, targets, losses)
    (slope,) = torch.autograd.grad(loss, logits)
    assert (slope[:, :, :12] == 0).all()
    assert (slope[:, :, 12:] != 0).any()
    other = logits.detach().clone()
    other[:, :, :12] = 50 * torch.randn(2, 3, 12, 32, dtype=torch.float64)
    assert segmentation_loss(other, targets, losses).item() == pytest.approx(loss.item(), abs=1e-12)
    nothing = torch.full_like(targets, IGNORED)
    alone = segmentation_loss(logits, nothing, losses)
    (slope,) = torch.autograd.grad(alone, logits)
    assert alone.item() == 0
    assert (slope == 0).all()


def test_the_loss_is_the_sum_of_its_parts_by_their_formulas() -> None:
    torch.manual_seed(0)
    targets = torch.zeros(1, 8, 8, dtype=torch.uint8)
    targets[0, 2:6, 3:7] = 2
    logits = torch.randn(1, 3, 8, 8, dtype=torch.float64)
    shares = torch.softmax(logits, 1)[0].numpy()
    truth = targets[0].numpy()
    picked = np.take_along_axis(shares, truth[None].astype(int), 0)
    mask = (truth == 2).astype(float)
    dice = 1 - (2 * (shares[2] * mask).sum() + 1) / ((shares[2] ** 2).sum() + mask.sum() + 1)
    inner = np.minimum.reduce([*np.mgrid[0:8, 0:8] - np.array([2, 3])[:, None, None],
                               *np.array([5, 6])[:, None, None] - np.mgrid[0:8, 0:8]])  # fmt: skip
    rows, columns = np.mgrid[0:8, 0:8]
    out_y = np.maximum(np.maximum(2 - rows, rows - 5), 0)
    out_x = np.maximum(np.maximum(3 - columns, columns - 6), 0)
    away = np.where(mask > 0, -np.maximum(inner, 0), np.hypot(out_x, out_y))
    expected = -np.log(picked).mean() + dice + 0.01 * (shares[2] * away).mean()
    found = segmentation_loss(logits, targets, SegmentationLosses.of(TINY)).item()
    assert found == pytest.approx(expected, abs=1e-4)


def test_the_input_has_the_middle_shape_of_all_images_and_not_that_of_few() -> None:
    shapes = (Shape(label="dark", kind="polygon", points=ring(5, 5, 60)),)
    sizes = [(600, 200), (600, 200), (330, 300), (340, 310), (350, 320), (360, 330), (370, 340)]
    images = [
        picture(shapes).model_copy(update={"width": width, "height": height})
        for width, height in sizes
    ]
    free = Recipe().of_task("semantic_segmentation")
    prepared = SegmentationBuilder().prepare(free, images, LABELS, lambda _: marked(0)[0])
    assert prepared.plan.input_size == (416, 352)
    fixed = SegmentationBuilder().prepare(TINY, images, LABELS, lambda _: marked(0)[0])
    assert fixed.plan.input_size == (128, 96)


def test_nothing_to_learn_is_said(tmp_path: Path) -> None:
    snapshot, _ = write_marked(tmp_path, "TT")
    with pytest.raises(NothingToTrain, match="target"):
        SegmentationBuilder().prepare(TINY, snapshot.images, LABELS, lambda _: marked(0)[0])


def test_what_is_found_is_judged_like_the_report_judges_it() -> None:
    torch.manual_seed(5)
    network = Segmenter(SHAPE, None)
    samples = [sample(number) for number in range(5)]
    told = judged(network, samples).validation()
    assert network.training
    network.eval()
    tally = SemanticTally(3)
    for one in samples:
        pixels = torch.from_numpy(shown(one, SIZE)[0])[None]
        with torch.no_grad():
            scores = torch.softmax(network(Normalisation()(pixels)), dim=1)
        grown = torch.nn.functional.interpolate(scores, scale_factor=4, mode="bilinear")
        tally.add(one.labels, grown[0].argmax(dim=0).numpy().astype(np.uint8))
    assert told.value == pytest.approx(tally.figures().mean_iou, abs=1e-3)
    assert 0.01 < told.low <= told.value <= told.high < 0.9, "it has learnt nothing, and it counts"


def loop(**changes: object) -> TrainingLoop:
    samples = [sample(number, empty=number % 4 == 3) for number in range(10)]
    samples += [sample(20 + number, validates=True) for number in range(3)]
    recipe = TINY.model_copy(update=changes)
    weights = find_weights(recipe, folder=None).tensors
    task = SegmentationTraining(recipe, SHAPE, samples, backbone_weights=weights)
    training = TrainingLoop(task, recipe)
    training.begin()
    training.plan_epochs(budget_s=1)
    return training


def test_a_killed_training_resumes_as_if_nothing_had_happened() -> None:
    resumes_as_if_nothing_had_happened(lambda: loop(epochs=3))


def test_the_floor_alone_finds_marks_and_stays_where_nothing_beats_it() -> None:
    training = loop(epochs=1, budget_s=40)
    before = training.task.validate(training.network)
    assert before.value > 0.6
    broken = Segmenter(SHAPE, None)
    chosen = training.task.chosen(broken)
    assert judged(chosen, [sample(30)]).mean_iou > 0.6
    first, last = training.task.choices
    assert first.startswith("the decoder learnt alone first: 80 steps")
    assert last.startswith("the decoder alone is the version")
    with speaking("zh-CN"):
        assert all(told(choice) != choice for choice in (first, last))


def test_a_segmenter_goes_on_from_an_earlier_version_whose_labels_stood_otherwise() -> None:
    torch.manual_seed(7)
    earlier = {name: torch.rand_like(value.float()).to(value.dtype) for name, value
               in Segmenter(SHAPE, None).state_dict().items()}  # fmt: skip
    training = TrainingLoop(SegmentationTraining(TINY, SHAPE, [sample(0)]), TINY)
    assert training.start_from(earlier, rows=[(0, 1), (1, 0)])
    for network in (training.network, training.average.model):
        for name, value in network.state_dict().items():
            expected = earlier[name].flip(0) if name.startswith("head.") else earlier[name]
            torch.testing.assert_close(value, expected, atol=0, rtol=0, msg=name)
    wider = SegmenterShape(labels=2, input_size=SIZE, backbone=SHAPE.backbone, channels=24)
    assert not training.start_from(Segmenter(wider, None).state_dict(), rows=[(0, 0)])


def test_without_a_list_some_images_validate_unless_there_are_few(tmp_path: Path) -> None:
    snapshot, _ = write_marked(tmp_path, "t" * 40 + "T" * 20)
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)

    def held(images: tuple[SnapshotImage, ...]) -> list[bool]:
        prepared = SegmentationBuilder().prepare(TINY, images, LABELS, lambda _: pixels)
        return [one.validates for one in prepared.windows]

    many = held(snapshot.images)
    assert 4 <= sum(many) <= 22
    assert any(many[:40])
    assert held(snapshot.images[:30]) == many[:30]  # who comes later moves nobody
    assert held(snapshot.images[:19] + snapshot.images[40:]) == [False] * 39
    listed = tuple(
        image.model_copy(update={"split": "val"}) if row == 3 else image
        for row, image in enumerate(snapshot.images[:5])
    )
    assert held(listed) == [False, False, False, True, False]


def test_images_without_a_target_judge_no_segmenter() -> None:
    samples = [sample(0), sample(1, empty=True, validates=True)]
    training = SegmentationTraining(TINY, SHAPE, samples)
    assert training.validate(training.network) is None


def test_a_training_delivers_a_segmenter_that_finds_unseen_marks(trainings: Trainings) -> None:
    trained = trainings.of("semantic_segmentation")
    result = trained.result
    assert any(m.validation is not None for m in trained.progress)
    stored = result.predictions.read_bytes()
    columns = PredictionColumns.from_bytes(stored)
    assert columns.header.threshold == TINY.threshold
    version = read_version(trained.manifest.read_bytes(), stored)
    assert isinstance(version, SegmentedVersion)
    figures = version.tally.figures()
    assert figures.mean_iou > 0.7
    assert figures.objects.found.sum() >= 6
    with np.load(result.golden, allow_pickle=False) as golden:
        answer = OnnxSession(result.model).run(golden["image"])
        np.testing.assert_allclose(answer["scores"], golden["scores"], atol=1e-4)
