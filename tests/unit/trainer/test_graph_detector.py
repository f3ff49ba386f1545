"""A detector that goes on from an ONNX graph: the same answers, taught, exported, and chosen."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from services.trainer.domain.detector.graph import GraphDetector
from services.trainer.domain.detector.network import DetectorShape, ExportableDetector
from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.ports import FirstWeights
from services.trainer.process.artefacts import sha256_of
from services.trainer.process.failures import reason_of
from services.trainer.process.start_cards import better, start_cards
from services.trainer.process.weight_places import place_of, with_better_network
from services.trainer.process.work_order import ResultMessage
from shared.errors import Conflict, FieldError, InvalidInput
from shared.runtime.onnx_session import OnnxSession
from shared.texts.language import speaking, told
from tests.unit.trainer.graphs import detector_graph
from tests.unit.trainer.loops import detector_loop, exported, walk
from tests.unit.trainer.pictures import samples
from tests.unit.trainer.test_training_process import TINY, order
from tests.unit.trainer.whole import said_here

RECIPE = Recipe(task="detection", backbone="yolox_nano", epochs=3, batch_size=4)
SHAPE = DetectorShape(labels=2, input_size=(96, 64), backbone="yolox_nano", bins=1)
FILE = "yolox_nano.onnx"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site's folder of weights with the graph in it."""
    there = tmp_path / "weights"
    there.mkdir()
    onnx.save(detector_graph(), there / FILE)
    return there


def first() -> FirstWeights:
    return FirstWeights({}, whole=True, graphs=(detector_graph().SerializeToString(),))


def test_before_any_training_boxes_and_objects_are_those_of_the_graph() -> None:
    model, network = detector_graph(), GraphDetector(SHAPE, detector_graph())
    for layer in network.scores:
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3)).astype(np.uint8)
    given = pixels[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)
    answer = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"images": given})[0]
    with torch.no_grad():
        raw = network(Normalisation()(torch.from_numpy(pixels)))
        boxes = network.decode(raw.distance_logits)[0].numpy()
    # As YOLOX decodes: centres from the corner of the cell, logarithms of sides, times the stride.
    strides = network.strides.numpy()[:, None]
    corners = network.points.numpy() / strides - 0.5
    centres, sides = (answer[0, :, :2] + corners) * strides, np.exp(answer[0, :, 2:4]) * strides
    wanted = np.concatenate([centres - sides / 2, centres + sides / 2], 1)
    np.testing.assert_allclose(boxes, wanted, atol=1e-3)
    there = raw.score_logits[0].sigmoid().numpy()
    np.testing.assert_allclose(there, np.repeat(answer[0, :, 4:5], 2, 1), atol=1e-5)


def test_it_learns_keeps_its_first_stage_and_exports_what_it_learnt() -> None:
    training = detector_loop(RECIPE, samples(12, size=(96, 64)), SHAPE, first=first())
    before = {name: value.clone() for name, value in training.network.state_dict().items()}
    seen = walk(training)
    assert seen[-1].loss < seen[0].loss
    changed = {
        name
        for name, value in training.network.state_dict().items()
        if not torch.equal(value, before[name])
    }
    convolutions = [name for name in before if name.endswith(("/weight", ".weight"))]
    # The first two convolutions give maps of strides 2 and 4: the first stage.
    assert [name for name in convolutions if name not in changed] == convolutions[:2]
    network = training.result().eval()
    session = OnnxSession(exported(network))
    images = np.random.default_rng(1).integers(0, 256, (2, 64, 96, 3)).astype(np.uint8)
    with torch.inference_mode():
        boxes, scores = ExportableDetector(network).eval()(torch.from_numpy(images))
    found = session.run(images)
    np.testing.assert_allclose(found["boxes"], boxes.numpy(), atol=0.1)
    np.testing.assert_allclose(found["scores"], scores.numpy(), atol=1e-4)


def test_a_version_goes_on_from_one_before_with_another_label() -> None:
    before = detector_loop(RECIPE, samples(4), SHAPE, first=first()).network.state_dict()
    more = DetectorShape(labels=3, input_size=(96, 64), backbone="yolox_nano", bins=1)
    training = detector_loop(RECIPE, samples(4), more, first=first())
    assert training.start_from(before, rows=[(2, 0)])
    own = training.network.state_dict()
    assert torch.equal(own["scores.1.weight"][2], before["scores.1.weight"][0])


def test_a_training_process_takes_the_graph_from_the_folder_and_says_so(
    tmp_path: Path, folder: Path
) -> None:
    recipe = TINY.model_copy(update={"backbone": "yolox_nano", "pretrained": True, "epochs": 1})
    wanted = order(tmp_path, "tte", recipe).model_copy(update={"weights_folder": folder})
    said = said_here(wanted)
    assert isinstance(said[-1], ResultMessage), said[-1]
    assert said[-1].backbone_weights.startswith(f"folder:{FILE}@")


def test_without_the_file_it_says_which_is_missing(tmp_path: Path) -> None:
    recipe = TINY.model_copy(update={"backbone": "yolox_nano", "pretrained": True})
    with pytest.raises(InvalidInput) as failed:
        said_here(order(tmp_path, "tte", recipe))
    reason = reason_of(failed.value)
    assert reason == "no yolox_nano*.onnx is in the folder LOUPE_WEIGHTS of the machine that trains"
    with speaking("zh-CN"):
        assert told(reason) == "训练机器的文件夹 LOUPE_WEIGHTS 中没有 yolox_nano*.onnx"


@pytest.mark.parametrize("data", [b"no graph", b""])
def test_a_file_that_is_no_graph_is_refused_by_name(
    tmp_path: Path, folder: Path, data: bytes
) -> None:
    (folder / FILE).write_bytes(data)
    recipe = TINY.model_copy(update={"backbone": "yolox_nano", "pretrained": True})
    wanted = order(tmp_path, "tte", recipe).model_copy(update={"weights_folder": folder})
    with pytest.raises(InvalidInput) as failed:
        said_here(wanted)
    reason = reason_of(failed.value)
    assert reason == f"{FILE} is no graph of YOLOX's with three levels"
    with speaking("zh-CN"):
        assert told(reason) == f"{FILE} 不是三个层级的 YOLOX 计算图"


@pytest.mark.parametrize(
    ("recipe", "task", "field"),
    [
        (Recipe(backbone="yolox_nano"), "instance_segmentation", "backbone"),
        (Recipe(backbone="yolox_nano"), "classification", "backbone"),
        (Recipe(backbone="yolox_nano", pretrained=False), "detection", "pretrained"),
        (Recipe(backbone="yolox_nano", fine_level=True), "detection", "fine_level"),
    ],
)
def test_what_the_graph_cannot_be_is_refused_at_its_field(
    recipe: Recipe, task: str, field: str
) -> None:
    with pytest.raises(Conflict) as refused:
        recipe.of_task(task)
    (wrong,) = refused.value.errors
    assert isinstance(wrong, FieldError)
    assert wrong.field == field
    with speaking("zh-CN"):
        assert told(wrong.message) != wrong.message


def card(figures: dict[str, float], **facts: object) -> str:
    known = {"task": "detection", "channels": 64, "licence": "Apache-2.0", "source": "here"}
    told_of = {name: {"val_map": [value, 0.1]} for name, value in figures.items()}
    return json.dumps({**known, **facts, "figures": {"how": "the same time", **told_of}})


def test_the_cards_that_come_along_tell_figures_of_a_common_set_and_ours_are_better() -> None:
    cards = {card.backbone: card for card in start_cards()}
    assert set(cards["mobilenet_v2"].figures) & set(cards["yolox_nano"].figures)
    assert better(list(cards.values())) == cards["mobilenet_v2"]


@pytest.mark.parametrize(
    ("of_graph", "chosen"),
    [
        ({"one": 0.6, "two": 0.5, "three": 0.9}, "yolox_nano"),
        ({"one": 0.6, "two": 0.3}, "mobilenet_v2"),
        ({"three": 0.1}, "mobilenet_v2"),
    ],
)
def test_where_no_network_is_named_the_better_start_by_the_cards_is_taken(
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    of_graph: dict[str, float],
    chosen: str,
) -> None:
    place = place_of(RECIPE, folder=folder, hub=True)
    assert (place.place, place.name, place.card) == ("folder", FILE, None)
    digest = sha256_of(folder / FILE)
    own = {"sha256": "0" * 64, "backbone": "mobilenet_v2"}
    (tmp_path / "detector-own.json").write_text(card({"one": 0.5, "two": 0.5}, **own))
    graph = {"sha256": digest, "backbone": "yolox_nano", "channels": None}
    (tmp_path / "detector-graph.json").write_text(card(of_graph, **graph))
    monkeypatch.setattr("services.trainer.process.start_cards.STARTS", tmp_path)
    assert with_better_network(Recipe(), "detection", folder=folder).backbone == chosen
    assert place_of(RECIPE, folder=folder, hub=True).licence == "Apache-2.0"
    for named in (
        Recipe(backbone="resnet18"),
        Recipe(pretrained=False),
        Recipe(start="backbone"),
        Recipe(channels=32),
    ):
        assert with_better_network(named, "detection", folder=folder) == named
    assert with_better_network(Recipe(), "detection", folder=None) == Recipe()
    assert with_better_network(Recipe(), "classification", folder=folder) == Recipe()


def test_a_graph_that_the_interface_cannot_read_keeps_nobody_from_training(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    assert with_better_network(Recipe(), "detection", folder=tmp_path) == Recipe()
