"""Publications are whole, immutable and verified."""

import hashlib
import json
from pathlib import Path

import pytest

from services.inference.adapters.triton.model_store import ModelStore, Serving
from services.inference.domain.model_config import ServedModel
from services.inference.errors import PublishConflict
from shared.runtime.tasks.table import spec_of

NAME = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
ONNX = b"not really a model"
MODEL = ServedModel(
    name=NAME,
    number=7,
    input_width=64,
    input_height=48,
    label_count=2,
    outputs=spec_of("detection").outputs,
)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", Serving())


def test_publication_holds_model_config_and_hashes(store, tmp_path):
    store.publish(MODEL, ONNX, sha256=sha256(ONNX))
    folder = tmp_path / "models" / NAME
    assert (folder / "7" / "model.onnx").read_bytes() == ONNX
    assert (folder / "7" / "model.py").exists()
    record = json.loads((folder / "published.json").read_text())
    assert set(record) == {"config.pbtxt", "7/model.onnx", "7/model.py"}
    assert store.is_intact(NAME)
    assert list((tmp_path / "models.staging").iterdir()) == []


def test_onnxruntime_backend_gets_no_code(tmp_path):
    store = ModelStore(tmp_path / "models", Serving(backend="onnxruntime"))
    store.publish(MODEL, ONNX, sha256=sha256(ONNX))
    assert not (tmp_path / "models" / NAME / "7" / "model.py").exists()


def test_model_with_another_hash_never_becomes_visible(store):
    with pytest.raises(PublishConflict, match="hash"):
        store.publish(MODEL, ONNX, sha256=sha256(b"other"))
    assert store.names() == frozenset()


def test_publishing_again_changes_nothing(store, tmp_path):
    store.publish(MODEL, ONNX, sha256=sha256(ONNX))
    before = (tmp_path / "models" / NAME).stat().st_ino
    store.publish(MODEL, ONNX, sha256=sha256(ONNX))
    assert (tmp_path / "models" / NAME).stat().st_ino == before


def test_other_content_under_a_published_name_is_refused(store, tmp_path):
    store.publish(MODEL, ONNX, sha256=sha256(ONNX))
    with pytest.raises(PublishConflict, match="another model"):
        store.publish(MODEL, b"other", sha256=sha256(b"other"))
    assert (tmp_path / "models" / NAME / "7" / "model.onnx").read_bytes() == ONNX


@pytest.mark.parametrize("damage", ["cut", "gone", "record"])
def test_damaged_publication_is_noticed_and_replaced(store, tmp_path, damage):
    store.publish(MODEL, ONNX, sha256=sha256(ONNX))
    folder = tmp_path / "models" / NAME
    if damage == "cut":
        (folder / "7" / "model.onnx").write_bytes(ONNX[:4])
    elif damage == "gone":
        (folder / "config.pbtxt").unlink()
    else:
        (folder / "published.json").write_text("{")
    assert not store.is_intact(NAME)
    store.publish(MODEL, ONNX, sha256=sha256(ONNX))
    assert store.is_intact(NAME)


def test_clearing_leaves_neither_models_nor_remains_of_a_killed_publisher(store, tmp_path):
    store.publish(MODEL, ONNX, sha256=sha256(ONNX))
    (tmp_path / "models.staging" / "half").mkdir(parents=True)
    store.clear()
    assert store.names() == frozenset()
    assert not (tmp_path / "models.staging").exists()


def test_folders_of_others_are_neither_listed_nor_cleared(store, tmp_path):
    (tmp_path / "models" / "resnet").mkdir(parents=True)
    store.clear()
    assert store.names() == frozenset()
    assert (tmp_path / "models" / "resnet").exists()


def test_removing_is_idempotent_and_keeps_others(store):
    other = ServedModel(
        name=NAME[:-1] + "W",
        number=1,
        input_width=8,
        input_height=8,
        label_count=1,
        outputs=spec_of("detection").outputs,
    )
    store.publish(MODEL, ONNX, sha256=sha256(ONNX))
    store.publish(other, ONNX, sha256=sha256(ONNX))
    store.remove(NAME)
    store.remove(NAME)
    assert store.names() == {other.name}


def test_names_from_outside_never_reach_a_path(store):
    with pytest.raises(ValueError, match="ULID"):
        store.remove("../escape")
