"""The figure of held-out images while a detector learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from services.trainer.domain.detector.judging import targets_found
from services.trainer.domain.detector.truths import Truth, truth_of
from services.trainer.domain.training.validation import Validation
from services.trainer.process import live_judge
from services.trainer.process.dataset import UnreadableImage
from services.trainer.process.live_judge import LiveJudge
from shared.contracts.snapshot import Snapshot
from shared.runtime.manifest import ModelManifest
from shared.vision.boxes import as_boxes
from tests.unit.trainer.pictures import LABELS, write_snapshot
from tests.unit.trainer.trained import Trainings

MANIFEST = ModelManifest(task="detection", labels=LABELS, input_width=96, input_height=96)


class Clock:
    """Each look at it is a second later."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


class Knowing(nn.Module):
    """Says the squares of one picture, whatever it sees."""

    def __init__(self, truth: Truth) -> None:
        super().__init__()
        self.boxes = nn.Parameter(torch.from_numpy(truth.boxes_xyxy))
        self.scores = torch.nn.functional.one_hot(torch.from_numpy(truth.labels), 2) * 0.9

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        count = image.shape[0]
        return self.boxes.expand(count, -1, -1), self.scores.expand(count, -1, -1)


def judge_of(snapshot: Snapshot, files: dict[str, Path], clock: Clock) -> LiveJudge:
    return LiveJudge(MANIFEST, snapshot.images, files, truth_of=truth_of, clock=clock)


def test_the_targets_of_all_images_are_counted(tmp_path: Path) -> None:
    snapshot, files = write_snapshot(tmp_path, "ee")
    first, second = (truth_of(image, LABELS) for image in snapshot.images)
    told = judge_of(snapshot, files, Clock()).look(Knowing(first))
    right = 2 + brute_force(second, first.boxes_xyxy, first.labels)
    assert right < 4
    assert told == Validation.of_share(right, 4)


def test_it_looks_again_when_that_has_become_cheap(tmp_path: Path) -> None:
    snapshot, files = write_snapshot(tmp_path, "e")
    network, clock = Knowing(truth_of(snapshot.images[0], LABELS)), Clock()
    judge = judge_of(snapshot, files, clock)
    assert judge.look(network) == Validation.of_share(2, 2)  # took a second
    assert judge.look(network) is None
    clock.now += 1 / live_judge.SHARE
    assert judge.look(network) == Validation.of_share(2, 2)


def test_negatives_and_what_memory_does_not_hold_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, files = write_snapshot(tmp_path, "nee")
    monkeypatch.setattr(live_judge, "MOST_PIXELS", 96 * 96)
    told = judge_of(snapshot, files, Clock()).look(Knowing(truth_of(snapshot.images[1], LABELS)))
    assert told == Validation.of_share(2, 2)
    empty = snapshot.model_copy(update={"images": snapshot.images[:1]})
    nothing = Knowing(truth_of(snapshot.images[1], LABELS))
    assert judge_of(empty, files, Clock()).look(nothing) is None


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    snapshot, files = write_snapshot(tmp_path, "e")
    files[snapshot.images[0].image_id].write_bytes(b"no image")
    with pytest.raises(UnreadableImage, match=snapshot.images[0].name):
        judge_of(snapshot, files, Clock())


def brute_force(truth: Truth, boxes: np.ndarray, labels: np.ndarray) -> int:
    """Box by box, as written down in COCO's protocol, in plain Python."""
    taken: set[int] = set()
    for box, label in zip(boxes.tolist(), labels.tolist(), strict=True):
        best, at = 0.0, -1
        for row, (other, wanted) in enumerate(
            zip(truth.boxes_xyxy.tolist(), truth.labels.tolist(), strict=True)
        ):
            wide = max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
            tall = max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
            both = wide * tall
            sides = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
            overlap = both / (sum(sides) - both)
            if (
                row not in taken
                and label == wanted
                and overlap >= 0.5
                and (at < 0 or overlap > best)
            ):
                best, at = overlap, row
        if at >= 0:
            taken.add(at)
    return len(taken)


@pytest.mark.parametrize("seed", range(20))
def test_matches_are_those_of_a_slow_count(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def some(count: int) -> tuple[np.ndarray, np.ndarray]:
        corners = rng.integers(0, 20, (count, 2))
        boxes = np.hstack([corners, corners + rng.integers(5, 15, (count, 2))])
        return as_boxes(boxes), rng.integers(0, 2, count)

    boxes, labels = some(8)
    truth = Truth(boxes, labels)
    # Near doubles of some truths, and others.
    near = (boxes[rng.integers(0, 8, 10)] + rng.integers(-2, 3, (10, 4))).astype(np.float32)
    found = np.concatenate([near, some(5)[0]])
    own = rng.integers(0, 2, 15)
    assert targets_found(truth, found, own) == brute_force(truth, found, own)
    assert targets_found(Truth(boxes[:0], labels[:0]), found, own) == 0


@pytest.mark.parametrize("task", ["detection", "instance_segmentation"])
def test_a_training_says_how_many_targets_it_finds(trainings: Trainings, task: str) -> None:
    trained = trainings.of(task)
    told = [message for message in trained.progress if message.validation is not None]
    assert told
    assert {message.stage for message in told} == {"training"}
    assert all(m.validation_low <= m.validation <= m.validation_high for m in told)
