import json

import pytest

from shared.runtime.manifest import ManifestError, ModelManifest
from shared.vision.merging import MergeMethod, MergeRule, Overlap
from shared.vision.tiles import TilePlan

BASE = {"task": "detection", "labels": ["划痕", "pit"], "input_width": 416, "input_height": 320}


def test_a_manifest_survives_its_file():
    manifest = ModelManifest(
        task="detection",
        labels=("划痕", "pit"),
        input_width=416,
        input_height=320,
        tile_plan=TilePlan(tile_size=(640, 480), overlap_px=64),
        input_plan=TilePlan(grid=(2, 3), overlap_px=20),
        merge=MergeRule(MergeMethod.NMM, Overlap.IOS, 0.4, per_label=False),
        dataset_hash="ab" * 32,
    )
    assert ModelManifest.from_json(manifest.to_json()) == manifest
    assert "划痕" in manifest.to_json()


def test_keys_of_newer_writers_are_ignored():
    assert ModelManifest.from_json(json.dumps(BASE | {"colour": "red"})).labels == ("划痕", "pit")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        json.dumps(BASE | {"format": 99}),
        json.dumps(BASE | {"input_width": 0}),
        json.dumps(BASE | {"threshold": 1.5}),
        json.dumps(BASE | {"threshold": 0.001}),
        json.dumps(BASE | {"tile_plan": {"grid": [0, 1]}}),
        json.dumps(BASE | {"input_plan": {"grid": [2, 2]}, "input_plan_hash": "0" * 64}),
        json.dumps(BASE | {"tile_plan_hash": TilePlan(grid=(2, 2)).hash}),
        json.dumps(BASE | {"merge": {"method": "vote"}}),
        json.dumps(BASE | {"merge": {"method": "nms"}}),
    ],
)
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(ManifestError):
        ModelManifest.from_json(text)


def test_the_hash_of_each_plan_stands_beside_it():
    plan = TilePlan(grid=(2, 2), overlap_px=12)
    manifest = ModelManifest(
        task="detection", labels=("a",), input_width=8, input_height=8, input_plan=plan
    )
    written = json.loads(manifest.to_json())
    assert written["input_plan_hash"] == plan.hash == manifest.learnt_plan.hash
    assert written["tile_plan_hash"] is None


def test_without_a_merge_rule_boxes_are_suppressed_as_ever():
    manifest = ModelManifest.from_json(json.dumps(BASE | {"nms_iou_threshold": 0.7}))
    assert manifest.merge_rule == MergeRule(MergeMethod.NMS, Overlap.IOU, 0.7)
