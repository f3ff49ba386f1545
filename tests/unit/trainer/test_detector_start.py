"""The start of a whole detector: shipped, whole, taken where it fits, and worth taking."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from services.trainer.domain.detector.network import (
    Detector,
    DetectorShape,
    ExportableDetector,
)
from services.trainer.domain.detector.start import begin_from
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.ports import FirstWeights
from services.trainer.process.start_cards import STARTS
from services.trainer.process.weight_places import place_of
from services.trainer.process.weights import find_weights
from shared.runtime.manifest import ModelManifest
from shared.runtime.predictor import Predictor
from shared.vision.boxes import iou_matrix
from tests.unit.trainer.loops import detector_loop
from tests.unit.trainer.pictures import picture, samples
from tools.pretrain.judge import TorchSession

ROOT = Path(__file__).parents[3]
FILE = STARTS / "detector-mobilenet_v2.safetensors"
CARD = json.loads(FILE.with_suffix(".json").read_text())
DETECTION = Recipe(task="detection")


def begun(*, labels: int, strides: tuple[int, ...] = (8, 16, 32)) -> Detector:
    detector = Detector(DetectorShape(labels=labels, input_size=(96, 96), strides=strides))
    begin_from(detector, load_file(FILE))
    return detector.eval()


def test_the_shipped_file_is_the_one_of_its_card_small_and_in_the_notice() -> None:
    data = FILE.read_bytes()
    assert hashlib.sha256(data).hexdigest() == CARD["sha256"]
    assert len(data) <= 10_000_000
    notice = (ROOT / "NOTICE").read_text()
    assert CARD["sha256"] in notice
    assert f"docs/models/{FILE.stem}.md" in notice
    assert CARD["sha256"][:8] in (ROOT / "docs" / "models" / f"{FILE.stem}.md").read_text()


def test_the_card_shows_three_points_of_map_on_most_sets() -> None:
    sets = [figures for name, figures in CARD["figures"].items() if name != "how"]
    gains = [figures["test_map"][0] - figures["test_map"][1] for figures in sets]
    assert sum(gain >= 0.03 for gain in gains) > len(gains) / 2
    assert min(gains) > 0


def test_a_detection_begins_with_the_start_and_says_so() -> None:
    found = find_weights(DETECTION, folder=None)
    assert found.origin == f"start:detector-mobilenet_v2@{CARD['sha256']}"
    assert found.whole
    assert found.licence == CARD["licence"]


@pytest.mark.parametrize(
    ("recipe", "place"),
    [
        (DETECTION, "start"),
        (Recipe(task="detection", start="backbone"), "package"),
        (Recipe(task="detection", channels=32), "package"),
        (Recipe(task="detection", backbone="resnet18"), "none"),
        (Recipe(task="classification"), "package"),
        (Recipe(), "package"),
    ],
)
def test_a_start_is_taken_where_it_fits_and_is_wanted(recipe: Recipe, place: str) -> None:
    assert place_of(recipe, folder=None, hub=False).place == place


def test_a_damaged_start_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FILE.name).write_bytes(FILE.read_bytes()[:-1])
    (tmp_path / f"{FILE.stem}.json").write_text(json.dumps(CARD))
    monkeypatch.setattr("services.trainer.process.start_cards.STARTS", tmp_path)
    with pytest.raises(ValueError, match="is not the file that was checked"):
        find_weights(DETECTION, folder=None)


@pytest.mark.parametrize("strides", [(8, 16, 32), (4, 8, 16, 32)])
def test_every_label_begins_as_the_one_object_on_every_level(strides: tuple[int, ...]) -> None:
    one, three = begun(labels=1, strides=strides), begun(labels=3, strides=strides)
    images = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        single, several = one(images), three(images)
    torch.testing.assert_close(several.distance_logits, single.distance_logits)
    shared = single.score_logits - torch.log(torch.tensor(3.0))
    torch.testing.assert_close(several.score_logits, shared.expand(-1, -1, 3), atol=1e-4, rtol=0)


def test_a_start_of_other_channels_is_refused() -> None:
    detector = Detector(DetectorShape(labels=1, input_size=(96, 96), channels=32))
    with pytest.raises(ValueError, match="the start does not fit the detector, first at"):
        begin_from(detector, load_file(FILE))


def test_before_any_training_it_finds_what_differs_from_its_surroundings() -> None:
    manifest = ModelManifest(task="detection", labels=("object",), input_width=96, input_height=96)
    predictor = Predictor(manifest, TorchSession(ExportableDetector(begun(labels=1)), "cpu"))
    hits = truths = found = 0
    for seed in range(12):
        image, truth = picture(seed)
        boxes = predictor.predict(image, threshold=0.3).boxes_xyxy
        near = iou_matrix(truth.boxes_xyxy, boxes) >= 0.5
        hits, truths, found = hits + near.any(1).sum(), truths + near.shape[0], found + len(boxes)
    assert hits / truths >= 0.9
    assert hits / found >= 0.8


def test_a_training_from_the_start_keeps_its_first_stage() -> None:
    recipe = Recipe(epochs=1, batch_size=4)
    shape = DetectorShape(labels=2, input_size=(96, 96))
    training = detector_loop(
        recipe, samples(4), shape, first=FirstWeights(load_file(FILE), whole=True)
    )
    first = {name: value.clone() for name, value in training.network.state_dict().items()}
    for _ in training.steps():
        pass
    changed = [
        name
        for name, value in training.network.state_dict().items()
        if name.endswith("weight") and not torch.equal(value, first[name])
    ]
    assert changed
    assert not [name for name in changed if name.startswith("backbone.stages.0.")]
