import json

import pytest

from shared.runtime.manifest import ManifestError, ModelManifest
from shared.vision.tiles import TilePlan

BASE = {"task": "detection", "labels": ["划痕", "pit"], "input_width": 416, "input_height": 320}


def test_a_manifest_survives_its_file():
    manifest = ModelManifest(
        task="detection",
        labels=("划痕", "pit"),
        input_width=416,
        input_height=320,
        tile_plan=TilePlan(tile_size=(640, 480), overlap_px=64),
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
    ],
)
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(ManifestError):
        ModelManifest.from_json(text)
