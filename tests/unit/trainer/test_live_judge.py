"""The figure of held-out images while a detector learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from services.trainer.domain.detector.judging import targets_found
from services.trainer.domain.detector.truths import Truth, truth_of
from services.trainer.domain.training.validation import Validation
from services.trainer.process import live_judge, previews
from services.trainer.process.dataset import UnreadableImage
from services.trainer.process.live_judge import LiveJudge
from services.trainer.process.previews import preview_of
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.runtime.detections import Detections
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


def figure(judge: LiveJudge, network: nn.Module) -> Validation | None:
    look = judge.look(network)
    assert look is not None
    return look.validation


def test_the_targets_of_all_images_are_counted(tmp_path: Path) -> None:
    snapshot, files = write_snapshot(tmp_path, "ee")
    first, second = (truth_of(image, LABELS) for image in snapshot.images)
    told = figure(judge_of(snapshot, files, Clock()), Knowing(first))
    right = 2 + brute_force(second, first.boxes_xyxy, first.labels)
    assert right < 4
    assert told == Validation.of_share(right, 4)


def test_it_looks_again_when_that_has_become_cheap(tmp_path: Path) -> None:
    snapshot, files = write_snapshot(tmp_path, "e")
    network, clock = Knowing(truth_of(snapshot.images[0], LABELS)), Clock()
    judge = judge_of(snapshot, files, clock)
    assert figure(judge, network) == Validation.of_share(2, 2)  # took a second
    assert judge.look(network) is None
    clock.now += 1 / live_judge.SHARE
    assert figure(judge, network) == Validation.of_share(2, 2)


def test_who_counts_at_every_epoch_shows_no_more_often(tmp_path: Path) -> None:
    snapshot, files = write_snapshot(tmp_path, "e")
    network, clock = Knowing(truth_of(snapshot.images[0], LABELS)), Clock()
    judge = LiveJudge(MANIFEST, snapshot.images, files, truth_of=truth_of, always=True, clock=clock)
    looks = [judge.look(network) for _ in range(3)]
    clock.now += 1 / live_judge.SHARE
    looks.append(judge.look(network))
    found = [(look.validation, len(look.previews)) for look in looks if look is not None]
    counted = Validation.of_share(2, 2)
    assert found == [(counted, 1), (counted, 0), (counted, 0), (counted, 1)]


def test_negatives_and_what_memory_does_not_hold_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, files = write_snapshot(tmp_path, "nee")
    monkeypatch.setattr(live_judge, "MOST_PIXELS", 96 * 96)
    knowing = Knowing(truth_of(snapshot.images[1], LABELS))
    told = figure(judge_of(snapshot, files, Clock()), knowing)
    assert told == Validation.of_share(2, 2)
    empty = snapshot.model_copy(update={"images": snapshot.images[:1]})
    nothing = Knowing(truth_of(snapshot.images[1], LABELS))
    assert judge_of(empty, files, Clock()).look(nothing) is None


def test_of_many_images_the_first_six_are_shown_with_what_is_found(tmp_path: Path) -> None:
    snapshot, files = write_snapshot(tmp_path, "n" + "e" * 8)
    first = truth_of(snapshot.images[1], LABELS)
    look = judge_of(snapshot, files, Clock()).look(Knowing(first))
    assert look is not None
    assert [p.image_id for p in look.previews] == [f"I{number:03d}" for number in range(1, 7)]
    for preview, image in zip(look.previews, snapshot.images[1:7], strict=True):
        assert sum(preview.annotated.values()) == len(image.shapes) == 2
        assert (preview.width, preview.height, preview.left_out) == (96, 96, 0)
        found = sorted(shape.bounds() for shape in preview.shapes)
        np.testing.assert_allclose(found, sorted(first.boxes_xyxy.tolist()), atol=1e-3)


def test_without_a_truth_of_boxes_six_images_are_shown_and_nothing_is_counted(
    tmp_path: Path,
) -> None:
    snapshot, files = write_snapshot(tmp_path, "e" * 8)
    knowing = Knowing(truth_of(snapshot.images[0], LABELS))
    look = LiveJudge(MANIFEST, snapshot.images, files, clock=Clock()).look(knowing)
    assert look is not None
    assert (look.validation, len(look.previews)) == (None, live_judge.PREVIEWS)


def test_what_a_preview_has_no_room_for_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    image = SnapshotImage(
        image_id="I1", name="1.png", blob_key="k", width=96, height=96, split="test", group="1"
    )
    boxes = np.tile(np.array([[1, 2, 30, 40]], np.float32), (80, 1))
    scores = np.linspace(0.9, 0.5, 80, dtype=np.float32)
    found = Detections(boxes, scores, np.zeros(80, np.int64))
    preview = preview_of(image, found, MANIFEST)
    assert (len(preview.shapes), preview.left_out) == (previews.MOST_SHAPES, 20)
    assert preview.shapes[0].score == pytest.approx(0.9)
    monkeypatch.setattr(previews, "MOST_BYTES", 1000)
    small = preview_of(image, found, MANIFEST)
    assert small.left_out + len(small.shapes) == 80
    assert 0 < sum(len(shape.model_dump_json()) for shape in small.shapes) <= 1000


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
