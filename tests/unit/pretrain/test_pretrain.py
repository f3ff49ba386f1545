"""The script that trains a detector's start: scenes follow from a seed, a run can be resumed."""

from dataclasses import fields
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from services.trainer.domain.detector.network import Detector, DetectorShape
from services.trainer.domain.detector.start import begin_from
from tools.pretrain.dice import Dice
from tools.pretrain.pool import ScenePool
from tools.pretrain.scenes import CELL, KINDS, Scenes, draw_scenes
from tools.pretrain.train import Options, StartTraining

SIDE = 96
TINY = Options(
    seconds=1e9, steps=4, neck_share=0.5, side=64, batch=2, fresh=2, pool=8, channels=16,
    device="cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return draw_scenes(Dice(1, "cpu"), 8, SIDE)


def test_the_same_seed_draws_the_same_scenes(scenes: Scenes) -> None:
    again = draw_scenes(Dice(1, "cpu"), 8, SIDE)
    for field in fields(Scenes):
        assert torch.equal(getattr(scenes, field.name), getattr(again, field.name)), field.name
    assert not torch.equal(draw_scenes(Dice(2, "cpu"), 8, SIDE).images, scenes.images)


def test_scenes_hold_objects_with_boxes_inside_the_picture(scenes: Scenes) -> None:
    boxes = scenes.boxes_xyxy[scenes.present]
    assert len(boxes) >= 8
    assert boxes.min() >= 0
    assert boxes.max() <= SIDE
    assert ((boxes[:, 2:] - boxes[:, :2]) >= 3).all()
    assert scenes.kinds[scenes.present].max() < KINDS
    assert scenes.images.dtype == torch.uint8
    assert scenes.images.shape == (8, 3, SIDE, SIDE)
    assert scenes.ignored.shape == (8, SIDE // CELL, SIDE // CELL)


def test_a_shown_scene_is_mirrored_together_with_its_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bright patch stays under its box whichever way the scene is turned."""
    images = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    images[:, :, 8:20, 40:60] = 200
    ignored = torch.zeros(1, 64 // CELL, 64 // CELL, dtype=torch.bool)
    ignored[:, 2:5, 10:15] = True
    box = torch.tensor([[[40.0, 8.0, 60.0, 20.0]]])
    drawn = Scenes(images, box, torch.zeros(1, 1).long(), torch.ones(1, 1).bool(), ignored)
    monkeypatch.setattr("tools.pretrain.pool.draw_scenes", lambda *_: drawn)
    pool = ScenePool(Dice(0, "cpu"), side=64, most=1, chunk=1)
    pool.renew()
    shown, seen = pool.batch(32), set()
    for number in range(32):
        x1, y1, x2, y2 = (int(value) for value in shown.boxes_xyxy[number, 0])
        bright = (shown.images[number] > 50).all(0)
        assert bright[y1:y2, x1:x2].all()
        assert bright.sum() == 240
        assert shown.ignored[number, y1 // CELL : y2 // CELL, x1 // CELL : x2 // CELL].all()
        seen.add((x1, y1, x2, y2))
    assert len(seen) == 8


def test_a_stopped_training_goes_on_and_writes_a_start_that_fits(tmp_path: Path) -> None:
    first = StartTraining(TINY, tmp_path, None)
    first.run(until_s=0.01)
    assert first.step == 1
    again = StartTraining(TINY, tmp_path, None)
    assert again.resume()
    assert again.step == 1
    for name, value in first.detectors.fine.state_dict().items():
        torch.testing.assert_close(again.detectors.fine.state_dict()[name], value, rtol=0, atol=0)
    again.run()
    assert again.step == TINY.steps
    assert (tmp_path / "neck.safetensors").exists()
    shape = DetectorShape(labels=3, input_size=(64, 64), strides=(8, 16, 32), channels=16)
    begin_from(Detector(shape), load_file(tmp_path / "start.safetensors"))
