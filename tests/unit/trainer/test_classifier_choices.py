"""What a classifier's training was asked for and what it chose: recipe, epochs, time, regions."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from services.trainer.api.schemas import TrainingRequest
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.classification import floor
from services.trainer.domain.tasks.classification.network import Classifier
from services.trainer.domain.tasks.classification.samples import Sample
from services.trainer.domain.tasks.classification.training import ClassificationTraining
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.domain.training.validation import Validation
from services.trainer.process.held_out_images import predict_held_out
from services.trainer.process.reports import ProgressReports
from services.trainer.process.weights import find_weights
from shared.contracts.prediction_columns import PredictionColumns
from shared.contracts.shapes import IgnoreRegion
from shared.contracts.snapshot import SnapshotImage
from shared.errors import InvalidInput
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.texts.language import speaking, told
from tests.unit.trainer.parts import LABELS, part, write_parts
from tests.unit.trainer.test_classification import SHAPE, TINY, shrunk_part


@pytest.mark.parametrize("names", [{"task": "classification"}, {}])
def test_the_defaults_of_its_task_hold_whether_or_not_a_request_names_it(
    names: dict[str, str],
) -> None:
    def asked(**says: object) -> Recipe:
        request = TrainingRequest.model_validate({"recipe": {**names, **says}})
        assert request.recipe is not None
        return Recipe.model_validate_json(
            request.recipe.of_task("classification").model_dump_json()
        ).of_task("classification")

    made = asked()
    assert (made.backbone, made.learning_rate, made.batch_size) == ("efficientnet_lite0", 5e-4, 16)
    assert (made.backbone_rate, made.threshold) == (0.2, 0.0)
    other = asked(backbone="resnet18", threshold=0.6, learning_rate=2e-3)
    assert (other.backbone, other.threshold, other.learning_rate) == ("resnet18", 0.6, 2e-3)
    assert other.batch_size == 16


def test_a_detector_that_would_show_everything_is_refused() -> None:
    assert Recipe().of_task("detection").threshold == 0.3
    with pytest.raises(InvalidInput, match="threshold") as refused:
        Recipe(threshold=0.0).of_task("detection")
    assert refused.value.errors[0].field == "threshold"


def pretrained() -> Mapping[str, torch.Tensor]:
    found = find_weights(TINY, folder=None, hub=False).first
    assert found is not None
    return found.tensors


def test_named_epochs_are_run_and_kept_where_nothing_can_tell() -> None:
    """All parts of one label are equal, so that the regression knows every validation image."""
    samples = [Sample(shrunk_part(n % 2), n % 2, validates=n >= 8) for n in range(12)]
    ends = []
    for those in (samples, samples[:8]):
        task = ClassificationTraining(TINY, SHAPE, those, backbone_weights=pretrained())
        training = TrainingLoop(task, TINY)
        training.begin()
        training.plan_epochs(budget_s=1)
        assert sum(step.epoch_ended for step in training.steps()) == 2
        training.result()
        ends.append(task.choices[-1])
    assert "it knew all 4 validation images already" in ends[0]
    assert "because the recipe names its epochs" in ends[1]
    with speaking("zh-CN"):
        assert all(told(text) != text for text in ends)


def test_a_large_project_costs_the_regression_no_more_than_its_share() -> None:
    samples = [Sample(shrunk_part(0), int(n % 50 == 0), validates=n % 5 == 1) for n in range(400)]
    recipe = TINY.model_copy(update={"budget_s": 1.0})
    task = ClassificationTraining(recipe, SHAPE, samples)
    looks = []
    task.network.backbone.register_forward_hook(lambda _m, seen, _o: looks.append(len(seen[0])))
    task.begin(task.network, lambda _: None)
    assert sum(looks) <= floor.LEAST_PASSES
    (said,) = [text for text in task.choices if "the budget is short" in text]
    assert said.startswith("the regression learnt of 50 of 320 images")
    with speaking("zh-CN"):
        assert told(said) != said


def test_validation_counts_in_the_time_of_an_epoch() -> None:
    now = 0.0

    class Slow(ClassificationTraining):
        def batch(self, *args: object) -> object:
            nonlocal now
            now += 1.0
            return super().batch(*args)

        def validate(self, network: Classifier) -> Validation | None:
            nonlocal now
            now += 10.0
            return super().validate(network)

    samples = [Sample(shrunk_part(n), n % 2, validates=n > 11) for n in range(16)]
    samples[-1] = Sample(samples[-1].image, 1 - samples[-1].label, validates=True)
    recipe = TINY.model_copy(update={"epochs": None})
    training = TrainingLoop(
        Slow(recipe, SHAPE, samples), recipe, clock=lambda: now, processor_clock=lambda: now
    )
    training.begin()
    training.plan_epochs(budget_s=500)
    steps_s = 1.05 * training.steps_per_epoch
    alone = torch.get_num_threads() == 1
    assert training.epochs == int(500 / ((steps_s + 10) / (1 if alone else 2)))


async def test_what_lies_in_an_ignore_region_changes_no_answer_either(tmp_path: Path) -> None:
    snapshot, files = write_parts(tmp_path, "ee")
    region = IgnoreRegion(points=((10, 10), (50, 10), (50, 60), (10, 60)))
    marked = [one.model_copy(update={"ignore_regions": (region,)}) for one in snapshot.images]
    torch.manual_seed(0)
    task = ClassificationTraining(TINY, SHAPE, [Sample(shrunk_part(0), 0)])
    model = task.exportable(Classifier(SHAPE, pretrained()).eval()).eval()
    session = OnnxSession(to_onnx(model, SHAPE.input_size, ("scores",)), threads=1)
    manifest = ModelManifest(
        task="classification", labels=LABELS, input_width=64, input_height=64, version="V1"
    )

    def answers(images: list[SnapshotImage]) -> np.ndarray:
        predictor, reports = Predictor(manifest, session), ProgressReports()
        said = predict_held_out(predictor, "classification", images, files, reports)
        return PredictionColumns.from_bytes(said).columns["scores"]

    hidden, seen = answers(marked), answers(list(snapshot.images))
    assert not np.array_equal(hidden, seen)
    others = []
    for number, (image, path) in enumerate(zip(marked, files.values(), strict=True)):
        pixels = part(number, number % 2)
        pixels[12:58, 12:48] = 255
        assert cv2.imwrite(str(path), pixels)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        others.append(image.model_copy(update={"blob_key": f"t/default/{digest}"}))
    np.testing.assert_array_equal(answers(others), hidden)
