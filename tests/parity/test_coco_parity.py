"""AP and AR are those of pycocotools, box and mask, on real files and on 200 hard seeded cases."""

import copy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

sys.path.insert(0, str(Path(__file__).parent))
from coco_cases import hard_case

from services.evaluator.domain.objects.coco_summary import coco_summary
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.readers.coco_files import read_coco

KEYS = [
    *("map", "map_50", "map_75", "map_small", "map_medium", "map_large"),
    *("mar_1", "mar_10", "mar_100", "mar_small", "mar_medium", "mar_large"),
]
TOLERANCE = 1e-6


def reference(dataset: dict[str, Any], results: list[dict[str, Any]], kind: str) -> Any:
    truth = COCO()
    truth.dataset = copy.deepcopy(dataset) | {"info": {}}
    truth.createIndex()
    found = truth.loadRes(copy.deepcopy(results))
    evaluation = COCOeval(truth, found, "bbox" if kind == "box" else "segm")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


def ours(dataset: dict[str, Any], results: list[dict[str, Any]], kind: str) -> Any:
    samples = read_coco(orjson.dumps(dataset), orjson.dumps(results), kind=kind)  # type: ignore[arg-type]
    return evaluate(samples, kind=kind)  # type: ignore[arg-type]


def assert_same(evaluation: Any, expected: Any) -> None:
    summary = coco_summary(evaluation)
    for key, value in zip(KEYS, expected.stats, strict=True):
        known = -1.0 if np.isnan(summary[key]) else summary[key]
        assert known == pytest.approx(value, abs=TOLERANCE), key
    theirs = expected.eval["precision"][:, :, :, 0, 2]
    mine = np.moveaxis(evaluation.precisions.curve, 2, 1)
    assert np.allclose(np.where(np.isnan(mine), -1, mine), theirs, atol=TOLERANCE)


@pytest.mark.parametrize("kind", ["box", "mask"])
@pytest.mark.parametrize("first_seed", range(0, 200, 20))
def test_hard_cases_agree_with_pycocotools(kind: str, first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 20):
        dataset, results = hard_case(seed, kind=kind)
        assert_same(ours(dataset, results, kind), reference(dataset, results, kind))


@pytest.mark.parametrize("case", range(5))
def test_reference_files_agree_with_pycocotools(shared_data: Path, case: int) -> None:
    folder = shared_data / "coco_reference"
    expected = orjson.loads((folder / "expected.json").read_bytes())["cases"]
    this = expected[case]
    kind = "box" if this["iouType"] == "bbox" else "mask"
    truth, found = (folder / this["gt"]).read_bytes(), (folder / this["dt"]).read_bytes()
    evaluation = evaluate(read_coco(truth, found, kind=kind), kind=kind)
    summary = coco_summary(evaluation)
    for key, value in zip(KEYS, this["stats"].values(), strict=True):
        known = -1.0 if np.isnan(summary[key]) else summary[key]
        assert known == pytest.approx(value, abs=TOLERANCE), key
    per_label = evaluation.precisions.ap.mean(axis=0)
    for name, value in this["per_class_AP"].items():
        mine = per_label[evaluation.samples.labels.index(name)]
        assert (-1.0 if np.isnan(mine) else mine) == pytest.approx(value, abs=TOLERANCE), name
