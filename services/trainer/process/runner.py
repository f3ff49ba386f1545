"""The training process: `python -m services.trainer.process.runner ORDER.json`.

Says how far it is in JSON lines on its standard output. Ends by itself when its standard input
closes, so that it never outlives the worker that started it.
"""

import contextlib
import os
import sys
import threading
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file, save

from services.trainer.domain.detector.builder import DetectorBuilder
from services.trainer.domain.detector.judging import held_back
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.checkpoint import Checkpoint, CheckpointError, pack, restore
from services.trainer.domain.training.export import to_onnx
from services.trainer.domain.training.loop import Progress, TrainingLoop
from services.trainer.domain.training.validation import Validation
from services.trainer.process.artefacts import sha256_of, write
from services.trainer.process.dataset import (
    LoadedDataset,
    Source,
    facts_of,
    load_dataset,
    stored_image,
    trainable,
)
from services.trainer.process.device import device_name, device_of, free_memory, prepare
from services.trainer.process.failures import is_device_lost, reason_of
from services.trainer.process.held_out_images import TRAINED_PERCENT, predict_held_out
from services.trainer.process.live_judge import LiveJudge, may_be_shown
from services.trainer.process.plugins import load_plugins
from services.trainer.process.reports import ProgressReports, say
from services.trainer.process.smaller_steps import recipe_of_attempt, smaller_after, told_of_steps
from services.trainer.process.tasks import builder_of
from services.trainer.process.weights import FoundWeights, find_weights, known_of
from services.trainer.process.work_order import (
    LOST_DEVICE_STATUS,
    CheckpointFiles,
    CheckpointMessage,
    FactsMessage,
    FailureMessage,
    NoteMessage,
    PreviewsMessage,
    ProgressMessage,
    ResultMessage,
    StartMessage,
    WorkOrder,
)
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.runtime.golden import Golden
from shared.runtime.manifest import SCORE_FLOOR, ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.pixels import crop
from shared.runtime.predictor import Predictor
from shared.runtime.preprocess import fill_input
from shared.runtime.tasks.table import spec_of
from shared.vision.tiles import TilePlan

BEGUN_PERCENT = 10.0  # of the whole, where a task learns something before the first step
NICENESS = 5  # the API and the model server on the same machine go first

Loop = TrainingLoop[Any, Any]
Data = LoadedDataset[Any, Any]


@dataclass(frozen=True, slots=True)
class Learnt:
    """A training after its last step.

    Attributes:
        training: With the network that is exported.
        found: What its backbone began as.
        started_from: The version that it went on from; empty without one.
        resumed: The epoch from which it went on, 0 where it began.
    """

    training: Loop
    found: FoundWeights
    started_from: str
    resumed: int


class Run:
    """One training from its order to its result."""

    def __init__(self, order: WorkOrder) -> None:
        self.order = order
        self.snapshot = Snapshot.model_validate_json(order.snapshot.read_bytes())
        self.builder = builder_of(self.snapshot.task)
        self.threads = order.threads or len(os.sched_getaffinity(0))
        self.device = device_of(order.device)
        self._checkpoint_at = time.monotonic()
        self._reports = ProgressReports()
        self._first_percent = 0.0
        self._validation: Validation | None = None
        self._judge: LiveJudge | None = None
        self._held_back: list[SnapshotImage] = []
        self._choices: tuple[str, ...] = ()

    def run(self) -> None:
        """Trains, exports, predicts the held-out images and says where the results lie."""
        order, began = self.order, time.monotonic()
        prepare(self.device, self.threads)
        self._held_back = self._images_that_judge()
        device = device_name(self.device, self.threads)
        say(FactsMessage(facts=facts_of(self.snapshot, device, without=self._held_back)))
        say(ProgressMessage(stage="reading"))
        load_plugins(self.snapshot.task, order.recipe.losses, order.plugins_folder)
        source = Source(
            snapshot=self.snapshot,
            files=order.images,
            cache_bytes=order.cache_mib << 20,
            spill=order.folder / "windows.bin",
        )
        found = find_weights(order.recipe, folder=order.weights_folder, hub=order.use_hub)
        data = load_dataset(source, order.recipe, self.builder, without=self._held_back)
        self._finish(self._learn(data, found, began), data)

    def _images_that_judge(self) -> list[SnapshotImage]:
        """Images that end a detector's training early, if it is to; other tasks have theirs."""
        if self.order.recipe.early_stop is None or not isinstance(self.builder, DetectorBuilder):
            return []
        images = trainable(self.snapshot)
        truths = [self.builder.truth_of(image, self.snapshot.labels) for image in images]
        held = held_back(images, truths)
        return held if any(image.shapes and may_be_shown(image) for image in held) else []

    def _learn(self, data: Data, found: FoundWeights, began: float) -> "Learnt":
        """The trained network, by half the images a step for as long as memory runs out."""
        recipe = recipe_of_attempt(self.order)
        while True:
            try:
                return self._attempt(recipe, data, found, began)
            except Exception as error:  # kept by no name: its frames hold all that the attempt held
                smaller = smaller_after(error, recipe)
                if smaller is None:
                    raise
                traceback.print_exc()
            recipe = smaller
            free_memory()

    def _attempt(self, recipe: Recipe, data: Data, found: FoundWeights, began: float) -> "Learnt":
        """Trains from the first step, or from a checkpoint, to the last."""
        order = self.order
        self._choices = told_of_steps(order.recipe, recipe)
        for told in self._choices:
            say(NoteMessage(text=told))
        training, started_from = self._prepare(recipe, data, found)
        found = known_of(order.start) if order.start and started_from else found
        say(StartMessage(backbone_weights=found.origin))
        training.begin(self._told_of_begin)
        self._judge = LiveJudge(
            self._manifest(training, data, found),
            self._held_back or data.judged,
            order.images,
            truth_of=self.builder.truth_of if isinstance(self.builder, DetectorBuilder) else None,
            threads=self.threads,
            always=bool(self._held_back),
        )
        self._tell_of_floor(training)
        resumed = self._resume(training)
        if not resumed:
            spent_s = time.monotonic() - began
            look = (lambda: self._look(training)) if self._held_back else None
            training.plan_epochs(budget_s=max(recipe.budget_s - spent_s, 1.0), look=look)
        with contextlib.closing(training.steps()) as steps:
            for progress in steps if not training.patience.is_over else ():
                self._after_step(training, progress)
                if training.patience.is_over or (progress.epoch and order.finish.exists()):
                    break
        return Learnt(training, found, started_from, resumed)

    def _prepare(self, recipe: Recipe, data: Data, found: FoundWeights) -> tuple[Loop, str]:
        """The training before its first step, and the version that it goes on from."""
        task = self.builder.build(
            recipe,
            data.plan,
            data.windows,
            labels=len(self.snapshot.labels),
            first=found.first,
        )
        training = TrainingLoop(task, recipe, device=self.device)
        before = self.order.start
        if before is None or not recipe.warm_start:
            return training, ""
        rows = [
            (now, before.labels.index(label))
            for now, label in enumerate(self.snapshot.labels)
            if label in before.labels
        ]
        taken = training.start_from(load_file(before.weights), rows=rows)
        return training, before.version if taken else ""

    def _resume(self, training: Loop) -> int:
        """Epoch from which an earlier attempt's checkpoint goes on; 0 without a usable one."""
        files = self.order.resume_from
        if files is None:
            return 0
        checkpoint = Checkpoint(files.tensors.read_bytes(), files.document.read_text())
        try:
            restore(training, checkpoint)
        except CheckpointError as error:
            sys.stderr.write(f"starting over: {error}\n")
            say(NoteMessage(text=f"it starts over: {error}"))
            return 0
        say(NoteMessage(text=f"it goes on from the checkpoint of epoch {training.epoch}"))
        return training.epoch

    def _told_of_begin(self, share: float) -> None:
        self._first_percent = BEGUN_PERCENT
        self._reports.say(ProgressMessage(stage="features", percent=share * BEGUN_PERCENT))

    def _tell_of_floor(self, training: Loop) -> None:
        """How good that already is which the loop has to beat."""
        self._validation = training.task.validate(training.average.model)
        if self._validation is not None:
            floor = ProgressMessage(
                stage="features", percent=self._first_percent, **_figures(self._validation)
            )
            self._reports.say(floor, always=True)
            if self.order.resume_from is None:  # the checkpoint knows more
                self._look(training)

    def _after_step(self, training: Loop, progress: Progress) -> None:
        judged = self._look(training) if progress.epoch_ended else None
        decides = progress.validation or (judged if self._held_back else None)
        if decides is not None:
            training.hear(decides.value)
        self._validation = progress.validation or judged or self._validation
        message = ProgressMessage(
            stage="training",
            percent=self._first_percent
            + progress.percent * (TRAINED_PERCENT - self._first_percent) / 100,
            epoch=progress.epoch,
            epochs=progress.epochs,
            loss=progress.loss,
            seconds_left=progress.seconds_left,
            data_wait=progress.data_wait,
            **_figures(self._validation),
        )
        self._reports.say(message, always=progress.epoch_ended)
        now = time.monotonic()
        due = now - self._checkpoint_at >= self.order.checkpoint_every_s
        ends = progress.epoch == progress.epochs or training.patience.is_over
        if progress.epoch_ended and (due or ends):
            self._checkpoint_at = now
            self._write_checkpoint(training)

    def _look(self, training: Loop) -> Validation | None:
        """Shows what is found on a few held-out images, where it is time to; its figure, if any."""
        network = training.task.exportable(training.average.model)
        look = self._judge.look(network) if self._judge else None
        if look is None:
            return None
        if look.previews:
            say(PreviewsMessage(epoch=training.epoch, previews=look.previews))
        return look.validation

    def _write_checkpoint(self, training: Loop) -> None:
        packed, stem = pack(training), f"checkpoint-{training.epoch:05d}"
        files = CheckpointFiles(
            tensors=write(self.order.folder / f"{stem}.safetensors", packed.tensors),
            document=write(self.order.folder / f"{stem}.json", packed.document.encode()),
        )
        say(CheckpointMessage(epoch=training.epoch, files=files))

    def _finish(self, learnt: "Learnt", data: Data) -> None:
        training, found = learnt.training, learnt.found
        folder = self.order.folder
        say(ProgressMessage(stage="exporting", percent=TRAINED_PERCENT))
        network, input_size = training.result(), data.plan.input_size
        outputs = spec_of(self.snapshot.task).output_names
        exported = to_onnx(training.task.exportable(network), input_size, outputs)
        model = write(folder / "model.onnx", exported)
        weights = {name: value.contiguous() for name, value in network.state_dict().items()}
        manifest = replace(
            self._manifest(training, data, found),
            model_sha256=sha256_of(model),
        )
        session = OnnxSession(model, threads=self.threads)
        # Corrected images never judge; how a version does on them is its regression test.
        corrected = tuple(i for i in self.snapshot.images if i.corrected and i.split != "test")
        predictor = Predictor(manifest, session)
        if self._judge is not None:
            previews = self._judge.last_look(predictor)
            say(PreviewsMessage(epoch=training.epoch, previews=previews))
        predictions = predict_held_out(
            predictor,
            self.snapshot.task,
            (*data.judged, *corrected),
            self.order.images,
            self._reports,
        )
        say(
            ResultMessage(
                model=model,
                weights=write(folder / "weights.safetensors", save(weights)),
                predictions=write(folder / "predictions.npz", predictions),
                golden=write(folder / "golden.npz", self._golden(data, manifest, session)),
                model_manifest=write(folder / "model.json", manifest.to_json().encode()),
                backbone_weights=found.origin,
                backbone_licence=found.licence,
                backbone_source=found.source,
                started_from=learnt.started_from,
                epochs=training.epoch,
                input_size=input_size,
                input_plan_hash=data.input_plan.hash if data.input_plan else None,
                resumed_at_epoch=learnt.resumed,
                choices=(*self._choices, *training.task.choices, *_told_of_end(training)),
            )
        )

    def _manifest(self, training: Loop, data: Data, found: FoundWeights) -> ModelManifest:
        recipe, tiles = self.order.recipe, data.plan.tile_plan
        return ModelManifest(
            task=self.snapshot.task,
            labels=self.snapshot.labels,
            input_width=data.plan.input_size[0],
            input_height=data.plan.input_size[1],
            tile_plan=None if tiles.is_whole else tiles,
            input_plan=data.input_plan,
            merge=None if recipe.merge is None else recipe.merge.as_rule(),
            threshold=recipe.threshold,
            score_floor=min(SCORE_FLOOR, recipe.threshold),
            dataset_hash=self.snapshot.dataset_hash,
            backbone=recipe.backbone,
            backbone_weights=found.origin,
            backbone_licence=found.licence,
            backbone_source=found.source,
            version=self.order.version,
            alphabet=tuple(training.task.description.get("alphabet", ())),
        )

    def _golden(self, data: Data, manifest: ModelManifest, session: OnnxSession) -> bytes:
        """One input and its answer, or several, against which the served model is checked."""
        image = (*data.judged, *self.snapshot.images)[0]
        pixels = stored_image(self.order.images[image.image_id], image)
        window = (manifest.tile_plan or TilePlan()).windows(pixels.shape[1], pixels.shape[0])[0]
        batch = np.empty((1, manifest.input_height, manifest.input_width, 3), np.uint8)
        fill_input(crop(pixels, window), batch[0], manifest.resize, manifest.pad_value)
        questions = spec_of(self.snapshot.task).questions(batch)
        return Golden.asked(questions, session).to_bytes()


def _figures(validation: Validation | None) -> dict[str, float]:
    if validation is None:
        return {}
    return {
        "validation": validation.value,
        "validation_low": validation.low,
        "validation_high": validation.high,
    }


def _told_of_end(training: Loop) -> tuple[str, ...]:
    """That it ended early, if it did, and why."""
    told = training.patience.told(training.epoch, training.epochs)
    if training.epoch == training.epochs or training.patience.is_over:
        return told
    asked = f"finished early, as was asked for: {training.epoch} of {training.epochs} epochs"
    return (*told, asked)


def main() -> None:
    """Runs the order named on the command line; exit status 0 also for a failure that was said."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(NICENESS)
    order = WorkOrder.model_validate_json(Path(sys.argv[1]).read_bytes())
    try:
        Run(order).run()
    except Exception as error:
        if is_device_lost(error):
            traceback.print_exc()
            os._exit(LOST_DEVICE_STATUS)  # what holds the device may not end any more
        reason = reason_of(error)
        if reason is None:
            raise
        traceback.print_exc()
        say(FailureMessage(reason=reason))


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not through the buffer, whose lock outlives main
        pass
    os._exit(3)


if __name__ == "__main__":
    main()
