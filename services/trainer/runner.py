"""The training process: `python -m services.trainer.runner TASK.json`.

Says how far it is in JSON lines on its standard output. Ends by itself when its standard input
closes, so that it never outlives the worker that started it.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel
from safetensors.torch import load_file, save

from services.trainer.artefacts import golden_bytes, sha256_of
from services.trainer.dataset import Dataset, load_dataset, read_image
from services.trainer.domain.checkpoint import Checkpoint, CheckpointError, pack, restore
from services.trainer.domain.detector import DetectorShape
from services.trainer.domain.export import to_onnx
from services.trainer.domain.training import DetectorTraining, DivergedError, Progress
from services.trainer.task import (
    CheckpointFiles,
    CheckpointMessage,
    Device,
    FailureMessage,
    ProgressMessage,
    ResultMessage,
    Task,
)
from services.trainer.weights import FoundWeights, find_weights
from shared.contracts.predictions import Detection, ImagePredictions, StoredPredictions
from shared.contracts.snapshot import Snapshot, SnapshotImage, TilePlanSpec
from shared.errors import InvalidInput
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor, crop
from shared.runtime.preprocess import fill_input
from shared.runtime.tasks.spec import Results
from shared.vision.tiles import TilePlan

PROGRESS_EVERY_S = 0.5
NICENESS = 5  # the API and the model server on the same machine go first
TRAINED_PERCENT = 92.0  # of the whole; export and the held-out images take the rest


def say(message: BaseModel) -> None:
    """Writes one message line."""
    sys.stdout.write(message.model_dump_json() + "\n")
    sys.stdout.flush()


def write(path: Path, data: bytes) -> Path:
    """Writes a file that is either absent or whole."""
    partial = path.with_suffix(path.suffix + ".part")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return path


def device_of(wanted: Device) -> str:
    """The device that trains.

    Raises:
        NoDevice: A GPU is asked for, and there is none.
    """
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise NoDevice("LOUPE_TRAINER_DEVICE is cuda, but this worker sees no CUDA device")
    return "cuda" if wanted != "cpu" and there else "cpu"


class NoDevice(InvalidInput):
    """The device that the deployment names is not there."""

    code = "no-device"
    title = "The training device is missing"


class Run:
    """One training from its task to its result."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.snapshot = Snapshot.model_validate_json(task.snapshot.read_bytes())
        self.threads = task.threads or len(os.sched_getaffinity(0))
        self.device = device_of(task.device)
        self._checkpoint_at = time.monotonic()
        self._progress_at = 0.0

    def run(self) -> None:
        """Trains, exports, predicts the held-out images and says where the results lie."""
        task, began = self.task, time.monotonic()
        torch.set_num_threads(self.threads)
        if self.device == "cuda":
            torch.set_float32_matmul_precision("high")  # TF32: products of float32 at tensor speed
            torch.backends.cudnn.allow_tf32 = True
        say(ProgressMessage(stage="reading"))
        data = load_dataset(
            self.snapshot,
            task.images,
            task.recipe,
            cache_bytes=task.cache_mib << 20,
            spill=task.folder / "windows.bin",
        )
        found = find_weights(task.recipe, folder=task.weights_folder, hub=task.use_hub)
        training, started_from = self._prepare(data, found)
        resumed = self._resume(training)
        if not resumed:
            spent_s = time.monotonic() - began
            training.plan_epochs(budget_s=max(task.recipe.budget_s - spent_s, 1.0))
        for progress in training.steps():
            self._after_step(training, progress)
        self._finish(training, data, found, started_from=started_from, resumed=resumed)

    def _prepare(self, data: Dataset, found: FoundWeights) -> tuple[DetectorTraining, str]:
        recipe = self.task.recipe
        shape = DetectorShape(
            labels=len(self.snapshot.labels),
            input_size=data.plan.input_size,
            backbone=recipe.backbone,
            strides=data.plan.strides,
            channels=recipe.channels,
        )
        training = DetectorTraining(
            recipe, shape, data.samples, backbone_weights=found.tensors, device=self.device
        )
        before = self.task.start
        if before is None or not recipe.warm_start:
            return training, ""
        rows = [
            (now, before.labels.index(label))
            for now, label in enumerate(self.snapshot.labels)
            if label in before.labels
        ]
        taken = training.start_from(load_file(before.weights), rows=rows)
        return training, before.version if taken else ""

    def _resume(self, training: DetectorTraining) -> int:
        """Epoch from which an earlier attempt's checkpoint goes on; 0 without a usable one."""
        files = self.task.resume_from
        if files is None:
            return 0
        checkpoint = Checkpoint(files.tensors.read_bytes(), files.document.read_text())
        try:
            restore(training, checkpoint)
        except CheckpointError as error:
            sys.stderr.write(f"starting over: {error}\n")
            return 0
        return training.epoch

    def _after_step(self, training: DetectorTraining, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._progress_at >= PROGRESS_EVERY_S or progress.epoch_ended:
            self._progress_at = now
            say(
                ProgressMessage(
                    stage="training",
                    percent=progress.percent * TRAINED_PERCENT / 100,
                    epoch=progress.epoch,
                    epochs=progress.epochs,
                    loss=progress.loss,
                    seconds_left=progress.seconds_left,
                )
            )
        due = now - self._checkpoint_at >= self.task.checkpoint_every_s
        if progress.epoch_ended and (due or progress.epoch == progress.epochs):
            self._checkpoint_at = now
            self._write_checkpoint(training)

    def _write_checkpoint(self, training: DetectorTraining) -> None:
        packed, stem = pack(training), f"checkpoint-{training.epoch:05d}"
        files = CheckpointFiles(
            tensors=write(self.task.folder / f"{stem}.safetensors", packed.tensors),
            document=write(self.task.folder / f"{stem}.json", packed.document.encode()),
        )
        say(CheckpointMessage(epoch=training.epoch, files=files))

    def _finish(
        self,
        training: DetectorTraining,
        data: Dataset,
        found: FoundWeights,
        *,
        started_from: str,
        resumed: int,
    ) -> None:
        folder = self.task.folder
        say(ProgressMessage(stage="exporting", percent=TRAINED_PERCENT))
        detector = training.result()
        model = write(folder / "model.onnx", to_onnx(detector))
        weights = {name: value.contiguous() for name, value in detector.state_dict().items()}
        manifest = self._manifest(data, found, model)
        session = OnnxSession(model, threads=self.threads)
        predictor = Predictor(manifest, session)
        # Corrected images never judge; how a version does on them is its regression test.
        corrected = tuple(i for i in self.snapshot.images if i.corrected and i.split != "test")
        predictions = self._predict(predictor, (*data.judged, *corrected))
        say(
            ResultMessage(
                model=model,
                weights=write(folder / "weights.safetensors", save(weights)),
                predictions=write(folder / "predictions.json", predictions),
                golden=write(folder / "golden.npz", self._golden(data, manifest, session)),
                model_manifest=write(folder / "model.json", manifest.to_json().encode()),
                backbone_weights=found.origin,
                started_from=started_from,
                epochs=training.epochs,
                input_size=data.plan.input_size,
                input_plan_hash=data.input_plan.hash if data.input_plan else None,
                resumed_at_epoch=resumed,
            )
        )

    def _manifest(self, data: Dataset, found: FoundWeights, model: Path) -> ModelManifest:
        recipe, tiles = self.task.recipe, data.plan.tile_plan
        return ModelManifest(
            task=self.snapshot.task,
            labels=self.snapshot.labels,
            input_width=data.plan.input_size[0],
            input_height=data.plan.input_size[1],
            tile_plan=None if tiles.is_whole else tiles,
            input_plan=data.input_plan,
            merge=None if recipe.merge is None else recipe.merge.as_rule(),
            threshold=recipe.threshold,
            dataset_hash=self.snapshot.dataset_hash,
            backbone=recipe.backbone,
            backbone_weights=found.origin,
            version=self.task.version,
            model_sha256=sha256_of(model),
        )

    def _predict(self, predictor: Predictor, images: tuple[SnapshotImage, ...]) -> bytes:
        """The held-out images through the exported model, as the served version would."""
        labels, found = predictor.manifest.labels, []
        for done, image in enumerate(images):
            pixels = read_image(self.task.images[image.image_id], image.name)
            began = time.perf_counter()
            result = predictor.predict(
                pixels,
                threshold=predictor.manifest.score_floor,
                tile_plan_hash=image.plan_hash,
            )
            elapsed_ms = (time.perf_counter() - began) * 1000
            detections = tuple(
                Detection(label=labels[label], score=score, box=tuple(box))
                for label, score, box in _rows(result)
            )
            found.append(
                ImagePredictions(
                    image_id=image.image_id, detections=detections, elapsed_ms=elapsed_ms
                )
            )
            share = (done + 1) / len(images)
            if time.monotonic() - self._progress_at >= PROGRESS_EVERY_S:
                self._progress_at = time.monotonic()
                percent = TRAINED_PERCENT + (99 - TRAINED_PERCENT) * share
                say(ProgressMessage(stage="testing", percent=percent))
        plan = predictor.manifest.tile_plan
        stored = StoredPredictions(
            version=self.task.version,
            labels=labels,
            threshold=predictor.manifest.score_floor,
            tile_plan=None if plan is None else TilePlanSpec.model_validate(plan.to_json()),
            images=tuple(found),
        )
        return stored.model_dump_json().encode()

    def _golden(self, data: Dataset, manifest: ModelManifest, session: OnnxSession) -> bytes:
        """One input and its answer, against which the served model is checked."""
        image = (*data.judged, *self.snapshot.images)[0]
        pixels = read_image(self.task.images[image.image_id], image.name)
        window = (manifest.tile_plan or TilePlan()).windows(pixels.shape[1], pixels.shape[0])[0]
        batch = np.empty((1, manifest.input_height, manifest.input_width, 3), np.uint8)
        fill_input(crop(pixels, window), batch[0], manifest.resize, manifest.pad_value)
        return golden_bytes(batch, session.run(batch))


def _rows(results: Results) -> Iterator[tuple[int, float, list[float]]]:
    columns = results.columns()
    return zip(*(columns[name].tolist() for name in ("label", "score", "box")), strict=True)


def main() -> None:
    """Runs the task named on the command line; exit status 0 also for a failure that was said."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(NICENESS)
    task = Task.model_validate_json(Path(sys.argv[1]).read_bytes())
    try:
        Run(task).run()
    except (InvalidInput, DivergedError, ValueError) as error:
        traceback.print_exc()
        say(FailureMessage(reason=str(error)))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(3)


if __name__ == "__main__":
    main()
