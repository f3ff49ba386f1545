"""The error split is that of tidecv: the same AP and the same gain for each kind of error."""

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pycocotools.mask as coco_mask
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from coco_cases import SIZE, hard_case

from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.tide import error_split
from services.evaluator.domain.readers.coco_files import read_coco
from services.evaluator.domain.readers.coco_records import Kind

OURS = {"Cls": "cls", "Loc": "loc", "Both": "both", "Dupe": "dupe", "Bkg": "bkg", "Miss": "miss"}


@pytest.fixture(scope="module")
def tidecv() -> Any:
    for name, kind in (("float", float), ("int", int), ("bool", bool)):
        if not hasattr(np, name):
            setattr(np, name, kind)  # tidecv 1.0.1 uses aliases that numpy 1.24 removed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting imports warn
        import tidecv as module
    return module


def reference(
    tidecv: Any, dataset: dict[str, Any], results: list[dict[str, Any]], *, kind: str = "box"
) -> Any:
    truth, found = tidecv.Data("truth", 10**6), tidecv.Data("found", 10**6)
    for image in dataset["images"]:
        truth.add_image(image["id"], str(image["id"]))
    for record in dataset["annotations"]:
        if record["iscrowd"]:
            truth.add_ignore_region(
                record["image_id"], record["category_id"], *_place(record, kind)
            )
        else:
            truth.add_ground_truth(record["image_id"], record["category_id"], *_place(record, kind))
    for record in results:
        image, label, score = record["image_id"], record["category_id"], record["score"]
        found.add_detection(image, label, score, *_place(record, kind))
    tide = tidecv.TIDE()
    mode = tidecv.TIDE.BOX if kind == "box" else tidecv.TIDE.MASK
    return tide.evaluate(truth, found, mode=mode)


def _place(record: dict[str, Any], kind: str) -> tuple[Any, Any]:
    """Box and mask as tidecv takes them."""
    if kind == "box":
        return record["bbox"], None
    code = record["segmentation"]
    if isinstance(code, list):
        code = coco_mask.merge(coco_mask.frPyObjects(code, SIZE, SIZE))
    return None, code


@pytest.mark.parametrize("kind", ["box", "mask"])
@pytest.mark.parametrize("first_seed", range(0, 200, 50))
def test_hard_cases_agree_with_tidecv(tidecv: Any, first_seed: int, kind: Kind) -> None:
    for seed in range(first_seed, first_seed + 50):
        dataset, results = hard_case(seed, kind=kind)
        truths = [a for a in dataset["annotations"] if not a["iscrowd"]]
        if not truths:
            continue
        expected = reference(tidecv, dataset, results, kind=kind)
        samples = read_coco(orjson.dumps(dataset), orjson.dumps(results), kind=kind)
        evaluation = evaluate(samples, kind=kind, max_detections=10**6)
        split = error_split(evaluation.arranged, evaluation.overlaps)
        assert split.ap == pytest.approx(expected.ap / 100, abs=1e-6), seed
        try:
            gains = expected.fix_main_errors()
        except ZeroDivisionError:  # tidecv's own, when mending leaves neither truth nor detection
            assert not any(np.isnan(list(split.gain.values())))
            continue
        for error, gain in gains.items():
            mine = split.gain[OURS[error.short_name]]
            assert mine == pytest.approx(gain / 100, abs=1e-6), (seed, error.short_name)


def test_reference_file_agrees_with_tidecv(tidecv: Any, shared_data: Path) -> None:
    folder = shared_data / "coco_reference"
    truth = (folder / "instances_val2014_100.json").read_bytes()
    found = (folder / "instances_val2014_fakebbox100_results.json").read_bytes()
    expected = reference(tidecv, orjson.loads(truth), orjson.loads(found))
    evaluation = evaluate(read_coco(truth, found, kind="box"), max_detections=10**6)
    split = error_split(evaluation.arranged, evaluation.overlaps)
    assert split.ap == pytest.approx(expected.ap / 100, abs=1e-6)
    for error, gain in expected.fix_main_errors().items():
        assert split.gain[OURS[error.short_name]] == pytest.approx(gain / 100, abs=1e-6)
        found_errors = expected.error_dict[error]
        swallowed = [e for e in found_errors if hasattr(e, "pred") and e.pred["used"] is None]
        assert split.count[OURS[error.short_name]] == len(found_errors) - len(swallowed)
