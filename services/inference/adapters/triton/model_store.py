"""The folder of models that Triton reads: each one immutable, complete or absent.

Layout of one model (its name is a ULID, its only version the project's version number)::

    <name>/config.pbtxt
    <name>/published.json      SHA-256 of every file
    <name>/<number>/model.onnx
    <name>/<number>/model.py   python backend only

Under one name only one content is ever published: names and numbers are never used again.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.inference.domain.model_config import (
    Backend,
    Device,
    ServedModel,
    check_model_name,
    is_model_name,
    render_config,
)
from services.inference.errors import PublishConflict
from shared.ids import new_id

_RECORD = "published.json"
_MODEL_SOURCE = Path(__file__).with_name("python_model.py")


@dataclass(frozen=True, slots=True)
class Serving:
    """How every model of this installation is run.

    Attributes:
        backend: ``python`` in the embedded size, ``onnxruntime`` on the Triton image.
        device: Where instances run.
        instances: Instances of each model.
        threads: Threads within one operator.
    """

    backend: Backend = "python"
    device: Device = "cpu"
    instances: int = 1
    threads: int = 0


class ModelStore:
    """Publishes models into the repository folder and removes them."""

    def __init__(self, folder: Path, serving: Serving) -> None:
        """Use ``folder``; a sibling ``<folder>.staging`` holds what is not complete yet."""
        self._folder = folder
        self._staging = folder.with_name(f"{folder.name}.staging")
        self._serving = serving

    def publish(self, model: ServedModel, onnx: bytes, *, sha256: str) -> None:
        """Make ``model`` visible to Triton, whole: staged, synced, verified, renamed.

        Publishing the same content again does nothing; a damaged publication is replaced.

        Args:
            model: Name, number and sides of the model.
            onnx: The exported model.
            sha256: Hash of ``onnx`` as the trainer recorded it.

        Raises:
            PublishConflict: ``onnx`` has another hash, or other content lies under the name.
        """
        if hashlib.sha256(onnx).hexdigest() != sha256:
            raise PublishConflict(f"the model file of {model.name} does not have its recorded hash")
        files = self._files(model, onnx)
        record = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
        target = self._folder / model.name
        if target.exists():
            if self.is_intact(model.name) and self._hash_of_model(target) == sha256:
                return
            if self.is_intact(model.name):
                raise PublishConflict(f"another model is published under {model.name}")
            self._discard(target)
        self._folder.mkdir(parents=True, exist_ok=True)
        staged = self._staging / f"{model.name}-{new_id()}"
        for path, data in {**files, _RECORD: json.dumps(record, sort_keys=True).encode()}.items():
            _write_synced(staged / path, data)
        for folder in (*(path for path in staged.rglob("*") if path.is_dir()), staged):
            folder.chmod(0o2750)  # the server's group may read, nobody else
            _sync_folder(folder)
        _verify(staged, record)
        staged.rename(target)
        _sync_folder(self._folder)

    def is_intact(self, name: str) -> bool:
        """Whether ``name`` is published and every file still has its recorded hash."""
        target = self._folder / check_model_name(name)
        try:
            record = json.loads((target / _RECORD).read_bytes())
            _verify(target, record)
        except (OSError, ValueError):
            return False
        return True

    def names(self) -> frozenset[str]:
        """Names of everything that is published; what is not ours is passed over."""
        if not self._folder.is_dir():
            return frozenset()
        return frozenset(path.name for path in self._folder.iterdir() if is_model_name(path.name))

    def remove(self, name: str) -> None:
        """Take ``name`` away (Triton must have unloaded it); one that is absent is fine."""
        target = self._folder / check_model_name(name)
        if target.exists():
            self._discard(target)

    def clear(self) -> None:
        """Remove everything, half-made things too; for a folder that one server alone reads.

        Called before that server starts, so that what it serves is made by this release and these
        settings; the blobs remain the source of every model.
        """
        for name in self.names():
            self.remove(name)
        shutil.rmtree(self._staging, ignore_errors=True)

    def _files(self, model: ServedModel, onnx: bytes) -> dict[str, bytes]:
        serving = self._serving
        config = render_config(
            model,
            backend=serving.backend,
            device=serving.device,
            instances=serving.instances,
            threads=serving.threads,
        )
        files = {"config.pbtxt": config.encode(), f"{model.number}/model.onnx": onnx}
        if serving.backend == "python":
            files[f"{model.number}/model.py"] = _MODEL_SOURCE.read_bytes()
        return files

    def _hash_of_model(self, target: Path) -> str | None:
        record: dict[str, str] = json.loads((target / _RECORD).read_bytes())
        found = (value for path, value in record.items() if path.endswith("/model.onnx"))
        return next(found, None)

    def _discard(self, target: Path) -> None:
        """Rename first, so that nobody ever sees a model folder with some of its files."""
        self._staging.mkdir(parents=True, exist_ok=True)
        aside = self._staging / f"removed-{new_id()}"
        target.rename(aside)
        _sync_folder(self._folder)
        shutil.rmtree(aside)


def _verify(folder: Path, record: Mapping[str, str]) -> None:
    """Raise ValueError unless the files of ``folder`` have the recorded hashes."""
    for path, expected in record.items():
        if hashlib.sha256((folder / path).read_bytes()).hexdigest() != expected:
            raise ValueError(f"{path} does not have its recorded hash")


def _write_synced(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), 0o640)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
