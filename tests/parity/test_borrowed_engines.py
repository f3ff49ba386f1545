"""hotcoco and vernier agree with our matching where all can be asked the same question."""

import sys
from pathlib import Path

import hotcoco
import numpy as np
import orjson
import pytest
from vernier import instance

sys.path.insert(0, str(Path(__file__).parent))
from coco_cases import hard_case

from services.evaluator.domain.objects import borrowed_engines as engine
from services.evaluator.domain.objects.borrowed_engines import (
    RotatedObjects,
    boundary_precision,
    rotated_precision,
)
from services.evaluator.domain.objects.coco_summary import coco_summary
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.readers.coco_files import read_coco


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_hotcoco_finds_the_same_ap(seed: int) -> None:
    dataset, results = hard_case(seed, kind="box")
    samples = read_coco(orjson.dumps(dataset), orjson.dumps(results), kind="box")
    truth = hotcoco.COCO(dataset)
    evaluation = hotcoco.COCOeval(truth, truth.load_res(results), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    precision = np.asarray(evaluation.eval["precision"])[..., 0, -1]
    known = precision[precision > -1]
    ours = coco_summary(evaluate(samples))["map"]
    assert ours == pytest.approx(known.mean() if known.size else np.nan, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_vernier_finds_the_same_mask_ap_from_our_export(seed: int) -> None:
    dataset, results = hard_case(seed, kind="mask")
    samples = read_coco(orjson.dumps(dataset), orjson.dumps(results), kind="mask")
    if not len(samples.truths):
        assert np.isnan(boundary_precision(samples)[0])
        return
    summary = instance.Evaluator(iou=instance.Segm()).evaluate(
        engine.mask_dataset(samples), engine.mask_results(samples)
    )
    ours = coco_summary(evaluate(samples, kind="mask"))["map"]
    theirs = np.nan if summary.stats[0] < 0 else summary.stats[0]
    assert ours == pytest.approx(theirs, abs=1e-9, nan_ok=True)


def test_rotated_boxes_that_match_exactly_are_found() -> None:
    boxes = np.array([[50.0, 50, 30, 10, 0.3], [20, 20, 12, 8, 0.0]])
    zeros = np.zeros(2, np.int64)
    truth = RotatedObjects(zeros, zeros, boxes)
    found = RotatedObjects(zeros, zeros, boxes, np.array([0.9, 0.8]))
    assert rotated_precision(truth, found, images=1, labels=1) == (1.0, 1.0)
    turned = boxes + np.array([0, 0, 0, 0, np.pi / 2])
    missed = RotatedObjects(zeros, zeros, turned, np.array([0.9, 0.8]))
    assert rotated_precision(truth, missed, images=1, labels=1)[1] < 1.0


def test_rotated_boxes_without_turn_score_as_upright_ones() -> None:
    r = np.random.default_rng(3)
    xywh = np.concatenate([r.uniform(0, 100, (30, 2)), r.uniform(10, 30, (30, 2))], axis=1)
    moved = xywh + r.normal(0, 2, xywh.shape)
    image, label = np.repeat(np.arange(6), 5), r.integers(0, 2, 30)
    score = np.round(r.random(30), 3)
    from services.evaluator.domain.objects.samples import (
        ImageList,
        Samples,
        detections_from,
        truths_from,
    )

    names = tuple(map(str, range(6)))
    samples = Samples(
        ("a", "b"),
        ImageList(names, np.zeros(6, np.int64), np.zeros(6, np.int64)),
        truths_from(image, label, xywh),
        detections_from(image, label, moved, score=score),
    )

    def rotated(boxes: np.ndarray) -> np.ndarray:
        centre = boxes[:, :2] + boxes[:, 2:] / 2
        return np.concatenate([centre, boxes[:, 2:], np.zeros((30, 1))], axis=1)

    ours = coco_summary(evaluate(samples))
    theirs = rotated_precision(
        RotatedObjects(image, label, rotated(xywh)),
        RotatedObjects(image, label, rotated(moved), score),
        images=6,
        labels=2,
    )
    assert theirs == pytest.approx((ours["map"], ours["map_50"]), abs=1e-6)
