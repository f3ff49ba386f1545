"""Classifiers in training: the regression, what is kept for validation, and the whole process."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional

from services.evaluator.domain.readers.platform_files import read_version
from services.evaluator.domain.readers.versions import ClassifiedVersion
from services.trainer.domain.losses.table import LossTerm, check_terms
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.classification.builder import ClassificationBuilder
from services.trainer.domain.tasks.classification.floor import Told, shown
from services.trainer.domain.tasks.classification.network import Classifier, ClassifierShape
from services.trainer.domain.tasks.classification.regression import (
    choose,
    fit,
    folds_of,
    regularised,
)
from services.trainer.domain.tasks.classification.samples import (
    Sample,
    SeveralLabels,
    label_of,
    shrunk,
)
from services.trainer.domain.tasks.classification.training import (
    ClassificationTraining,
    _of_outcome,
)
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.domain.training.ports import NothingToTrain
from services.trainer.domain.training.sampling import BalancedSampler
from services.trainer.domain.training.validation_split import validating
from shared.contracts.prediction_columns import PredictionColumns
from shared.contracts.shapes import IgnoreRegion, Shape
from shared.contracts.snapshot import SnapshotImage
from shared.errors import InvalidInput
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.texts.language import speaking, told
from tests.unit.trainer.parts import LABELS, part, write_parts
from tests.unit.trainer.trained import Trainings
from tests.unit.trainer.whole import resumes_as_if_nothing_had_happened

TINY = Recipe(
    epochs=2, batch_size=8, input_width=64, input_height=64, backbone="mobilenet_v2"
).of_task("classification")
SHAPE = ClassifierShape(labels=2, input_size=(64, 64), backbone="mobilenet_v2")


def blobs(count: int = 60, labels: int = 3, width: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(4)
    known = rng.integers(0, labels, count)
    middles = rng.normal(size=(labels, width))
    values = middles[known] + rng.normal(size=(count, width))
    return torch.from_numpy(values).float(), torch.from_numpy(known)


@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_the_regression_is_that_of_scikit_learn(penalty: float) -> None:
    values, known = blobs()
    ours = fit(values, known, count=3, penalty=penalty)
    scaled = ((values - ours.centre) * ours.scale).double().numpy()
    # scikit-learn's C weighs the sum of losses against half the squares; ours is their mean, and
    # the penalty is shared by the features.
    theirs = LogisticRegression(C=5 / (penalty * len(known)), tol=1e-8, max_iter=1000)
    expected = theirs.fit(scaled, known.numpy()).predict_proba(scaled)
    found = torch.softmax(ours.logits(values), 1).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_the_gradient_of_the_regression_is_that_of_its_formula() -> None:
    values, known = blobs(12)
    values, weight = values.double(), torch.randn(3, 5, dtype=torch.float64, requires_grad=True)

    def loss(weight: torch.Tensor) -> torch.Tensor:
        return regularised(values @ weight.T, known, weight, penalty=0.3)

    assert torch.autograd.gradcheck(loss, weight)


def test_mirrored_images_teach_only_where_they_help() -> None:
    values, known = blobs(80, labels=2)
    noise = torch.from_numpy(np.random.default_rng(1).normal(size=values.shape)).float() * 3
    parts = folds_of(known, torch.arange(80))
    # A mirrored image that shows the same part otherwise is as good as one image more.
    few, label = blobs(40, labels=2)
    part_of, light = folds_of(label, torch.arange(40)), noise[:40] / 3
    assert (
        choose(torch.stack([few, few + light]), label, part_of, count=2, offers=(1, 2)).views == 2
    )
    hurt = choose(torch.stack([values, -values + noise]), known, parts, count=2, offers=(1, 2))
    assert hurt.views == 1


def test_images_of_a_group_are_left_out_together() -> None:
    groups = torch.arange(20) // 2
    parts = folds_of(torch.arange(20) % 3, groups)
    assert torch.equal(parts[::2], parts[1::2])
    assert sorted(set(parts.tolist())) == [0, 1, 2, 3]


def test_an_image_without_label_is_unlabelled_and_one_with_two_is_refused(tmp_path: Path) -> None:
    snapshot, _ = write_parts(tmp_path, "tt")
    image = snapshot.images[0]
    assert label_of(image, LABELS) == 0
    bare = image.model_copy(update={"shapes": ()})
    assert label_of(bare, LABELS) is None
    both = tuple(Shape(label=name, kind="image") for name in LABELS)
    with pytest.raises(SeveralLabels, match=r"0\.png has 2 labels"):
        label_of(image.model_copy(update={"shapes": both}), LABELS)
    with pytest.raises(NothingToTrain, match="label"):
        ClassificationBuilder().prepare(TINY, [bare], LABELS, lambda _: part(0, 0))


def test_images_that_validate_keep_their_side_and_leave_every_label_a_teacher(
    tmp_path: Path,
) -> None:
    snapshot, _ = write_parts(tmp_path, "t" * 60)
    labels = [number % 2 for number in range(60)]
    known = [{label} for label in labels]
    many = validating(snapshot.images, known)
    assert 4 <= sum(many) <= 22
    assert validating(snapshot.images[:30], known[:30]) == many[:30]
    alone = [snapshot.images[row] for row in range(60) if many[row]][:1]
    assert validating(alone, [{0}]) == [False]
    listed = [
        image.model_copy(update={"split": "val" if row == 3 else "train"})
        for row, image in enumerate(snapshot.images)
    ]
    assert validating(listed, known).index(True) == 3


def test_images_that_are_shrunk_far_are_told_with_what_may_be_lost(tmp_path: Path) -> None:
    snapshot, _ = write_parts(tmp_path, "tt")
    large = snapshot.images[0].model_copy(update={"width": 4000, "height": 3000})
    builder = ClassificationBuilder()

    def remarks(image: SnapshotImage, recipe: Recipe) -> tuple[str, ...]:
        images = [image, snapshot.images[1]]
        return builder.prepare(recipe, images, LABELS, lambda _: part(0, 0)).plan.remarks

    (told_so,) = remarks(large, Recipe(task="classification"))
    assert "4000 x 3000 px are looked at in 224 x 224" in told_so
    assert "smaller than about 71 px" in told_so
    wide = Recipe(task="classification", input_width=2048, input_height=1536)
    assert remarks(large, wide) == ()
    assert remarks(snapshot.images[0], Recipe(task="classification")) == ()
    prepared = builder.prepare(TINY, [large], LABELS, lambda _: part(0, 0))
    samples = [Sample(shrunk_part(0), 0)]
    task = builder.build(TINY, prepared.plan, samples, labels=2, first=None)
    assert task.choices == prepared.plan.remarks
    with speaking("zh-CN"):
        assert told(told_so) != told_so


def test_what_lies_in_an_ignore_region_changes_nothing(tmp_path: Path) -> None:
    snapshot, _ = write_parts(tmp_path, "t")
    region = IgnoreRegion(points=((10, 10), (50, 10), (50, 60), (10, 60)))
    image = snapshot.images[0].model_copy(update={"ignore_regions": (region,)})
    pixels = part(0, 0)
    other = pixels.copy()
    other[12:58, 12:48] = 255
    size = (64, 64)
    same = [shrunk(one, image, size) for one in (pixels, other)]
    np.testing.assert_array_equal(*same)
    assert not np.array_equal(shrunk(pixels, snapshot.images[0], size), same[0])


def test_an_epoch_shows_rare_labels_more_often_and_leaves_none_out() -> None:
    sampler = BalancedSampler([0] * 12 + [1] * 2 + [2] * 6)
    order = sampler.order(np.random.default_rng(0))
    assert len(order) == sampler.count
    times = np.bincount(order, minlength=20)
    assert times.min() >= 1
    assert [int(times[a:b].sum()) for a, b in ((0, 12), (12, 14), (14, 20))] == [12, 8, 12]
    with pytest.raises(ValueError, match="at least one window"):
        BalancedSampler([])


def test_what_follows_must_know_more_and_be_surer() -> None:
    floor = Told(right=8, loss=0.4)
    assert Told(9, 0.3).beats(floor)
    assert not Told(9, 0.5).beats(floor)
    assert not Told(8, 0.1).beats(floor)


def loop(**changes: object) -> TrainingLoop:
    samples = [
        Sample(shrunk_part(number), number % 2, validates=number >= 12) for number in range(18)
    ]
    # Two of them have the wrong label, so that there is something to gain.
    samples[-1] = Sample(samples[-1].image, 1 - samples[-1].label, validates=True)
    chosen = TINY.model_copy(update={"pretrained": False, **changes})
    training = TrainingLoop(ClassificationTraining(chosen, SHAPE, samples), chosen)
    training.begin()
    training.plan_epochs(budget_s=1)
    return training


def test_a_record_says_what_was_chosen_and_why_in_both_languages() -> None:
    samples = [Sample(shrunk_part(number), int(number > 7)) for number in range(10)]
    samples += [Sample(shrunk_part(30), 0, validates=True)]
    task = ClassificationTraining(TINY, SHAPE, samples)
    training = TrainingLoop(task, TINY)
    training.begin()
    training.result()
    shown, learnt, outcome = task.choices
    assert shown.startswith("an epoch shows 16 views of 10 images: ")
    assert learnt.startswith("the regression learnt with penalty ")
    assert outcome.startswith("the regression is the version")
    other = [_of_outcome(Told(2, 0.5), now, 4) for now in (None, Told(3, 0.4), Told(3, 0.6))]
    assert "no image was left" in other[0]
    assert "the whole network is the version: of 4 validation images it knows 3" in other[1]
    assert "must know more and be surer" in other[2]
    with speaking("zh-CN"):
        for text in (*task.choices, *other):
            assert told(text) != text


def shrunk_part(number: int) -> np.ndarray:
    return part(number, number % 2)[:64, :64]


def test_a_killed_training_resumes_as_if_nothing_had_happened() -> None:
    resumes_as_if_nothing_had_happened(lambda: loop(epochs=3))


def test_trainer_and_exported_model_give_the_same_scores() -> None:
    torch.manual_seed(0)
    classifier = Classifier(SHAPE, None).eval()
    task = ClassificationTraining(TINY, SHAPE, [Sample(shrunk_part(0), 0)])
    model = task.exportable(classifier).eval()
    session = OnnxSession(to_onnx(model, SHAPE.input_size, ("scores",)), threads=1)
    manifest = ModelManifest(
        task="classification", labels=LABELS, input_width=64, input_height=64, threshold=0.3
    )
    for number in range(3):
        pixels = part(number, number % 2)
        placed = shown(cv_resized(pixels), SHAPE.input_size)
        with torch.no_grad():
            expected = model(torch.from_numpy(placed)[None])[0].numpy()
        found = Predictor(manifest, session).predict(pixels)
        np.testing.assert_allclose(found.columns()["scores"][0], expected, atol=1e-4)
        (drawn,) = found.drawn()
        assert (drawn.kind, drawn.label_index) == ("image", int(expected.argmax()))


def test_a_recipe_weighs_the_losses_of_the_label() -> None:
    both = (
        LossTerm(part="label", loss="cross_entropy", weight=0.5),
        LossTerm(part="label", loss="label_smoothing", weight=2.0),
    )
    check_terms("classification", both, {})
    samples = [Sample(shrunk_part(number), number % 2) for number in range(4)]

    def loss_of(*terms: LossTerm) -> tuple[torch.Tensor, torch.Tensor]:
        recipe = TINY.model_copy(update={"losses": terms})
        task = ClassificationTraining(recipe, SHAPE, samples)
        batch = task.batch(range(4), [np.random.default_rng(row) for row in range(4)])
        images = torch.zeros(4, 3, 64, 64)
        with torch.no_grad():
            return task.loss(task.network.eval(), images, batch), task.network(images)

    labels = torch.tensor([0, 1, 0, 1])
    plain, logits = loss_of()
    torch.testing.assert_close(plain, functional.cross_entropy(logits, labels))
    summed, _ = loss_of(*both)
    smooth = functional.cross_entropy(logits, labels, label_smoothing=0.1)
    torch.testing.assert_close(summed, 0.5 * plain + 2 * smooth)
    with pytest.raises(InvalidInput, match="cannot be used"):
        check_terms("classification", [LossTerm(part="label", loss="giou")], {})


def cv_resized(pixels: np.ndarray) -> np.ndarray:
    from shared.runtime.preprocess import resize_image

    return resize_image(pixels, 64, 48)


def test_a_training_delivers_a_classifier_that_knows_unseen_parts(trainings: Trainings) -> None:
    trained = trainings.of("classification")
    result = trained.result
    stored = result.predictions.read_bytes()
    columns = PredictionColumns.from_bytes(stored)
    assert columns.columns["scores"].shape == (12, 2)
    version = read_version(trained.manifest.read_bytes(), stored)
    assert isinstance(version, ClassifiedVersion)
    right = version.classified.scores.argmax(1) == version.classified.truth
    assert right.mean() >= 0.9
    manifest = ModelManifest.from_json(result.model_manifest.read_text())
    assert manifest.threshold == 0
    unsure = Predictor(manifest, OnnxSession(result.model)).predict(np.zeros((72, 96, 3), np.uint8))
    assert len(unsure) == 1
    with np.load(result.golden, allow_pickle=False) as golden:
        answer = OnnxSession(result.model).run(golden["image"])
        np.testing.assert_allclose(answer["scores"], golden["scores"], atol=1e-4)
