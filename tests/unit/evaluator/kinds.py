"""A small report of each kind, told everything that a report can be told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scenes import random_samples, samples, with_masks

from services.evaluator.domain.classes.classification import Classified
from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.pixels.tally import SemanticTally
from services.evaluator.domain.readers.coco_records import Kind
from services.evaluator.domain.report.classification import classification_report
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.opening import TaskOptions
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.segmentation import semantic_report
from services.evaluator.domain.report.text import text_report
from services.evaluator.domain.report.traits import Categories, ImageTraits
from services.evaluator.domain.report.tree.identity import Identity
from services.evaluator.domain.report.tree.reports import (
    AnyReport,
    ClassificationReport,
    DetectionReport,
    SemanticReport,
    TextReport,
)
from services.evaluator.domain.text.recognition import Lines
from shared.vision.tiles import TilePlan

IMAGES = 12


def identity(task: str, images: int) -> Identity:
    """Whose report it is."""
    return Identity(
        version="V2",
        project_id="p1",
        training_id="t-V2",
        dataset_hash="abc123",
        task=task,
        revision=1,
        image_names=tuple(f"part-{k}.jpg" for k in range(images)),
    )


def renamed(evaluation: Evaluation, letter: str) -> Evaluation:
    """The same evaluation, its images called by another letter."""
    images = evaluation.samples.images
    names = tuple(f"{letter}{k}" for k in range(len(images.ids)))
    return replace(
        evaluation, samples=replace(evaluation.samples, images=replace(images, ids=names))
    )


def rich_options(evaluation: Evaluation, **changes: Any) -> ReportOptions:
    """Everything a report on three labels can be told."""
    images = evaluation.samples.images.ids
    r = np.random.default_rng(1)
    return replace(
        ReportOptions(
            dataset_images=200,
            annotation_counts=[400, 50, 12],
            history={"label 0": [(100, 0.3), (200, 0.5)]},
            tile_plan=TilePlan(grid=(2, 2)),
            elapsed_ms=r.uniform(10, 30, len(images)).tolist(),
            image_traits=ImageTraits(
                np.where(np.arange(len(images)) % 7 == 0, np.nan, r.random(len(images))),
                r.random(len(images)),
                np.array(["cam" if k % 2 else "" for k in range(len(images))]),
            ),
            corrected=frozenset(["i1", "i2", "w1", "w2", "gone"]),
            passed_before={"i1": True, "w2": True},
            watched=renamed(evaluate(random_samples(seed=8, images=3)), "w"),
            replicates=30,
        ),
        **changes,
    )


def detection(kind: Kind) -> DetectionReport:
    """A detector's report on boxes or masks."""
    given = random_samples(seed=2, images=IMAGES)
    evaluation = evaluate(with_masks(given) if kind == "mask" else given, kind=kind)
    task = "detection" if kind == "box" else "instance_segmentation"
    return detection_report(evaluation, rich_options(evaluation, identity=identity(task, IMAGES)))


def _told(task: str, labels: tuple[str, ...], images: int, **more: Any) -> TaskOptions:
    return TaskOptions(
        labels=labels,
        image_ids=tuple(f"i{k}" for k in range(images)),
        identity=identity(task, images),
        dataset_images=150,
        history={label: [(20, 0.4)] for label in labels[:1]},
        elapsed_ms=np.linspace(10, 30, images).tolist(),
        replicates=30,
        **more,
    )


def classification() -> ClassificationReport:
    """A classifier that is often wrong about what one camera takes."""
    r = np.random.default_rng(0)
    truth = r.integers(0, 3, 60)
    device = Categories.of(np.where(np.arange(60) < 15, "cam 1", "cam 2"))
    sure = np.where(device.codes == 0, 0.0, 0.9)
    scores = r.random((60, 3)) + np.eye(3)[truth] * sure[:, None]
    told = _told("classification", ("apple", "cherry", "tomato"), 60, features={"device": device})
    return classification_report(
        Classified(truth, np.round(scores / scores.sum(axis=1, keepdims=True), 4)), told
    )


def semantic() -> SemanticReport:
    """A square that is found a little beside its place, and a label that is nowhere."""
    truth = np.zeros((40, 40), np.uint8)
    truth[4:12, 4:12] = 1
    tally = SemanticTally(labels=3)
    for step in (1, 2, 20):
        tally.add(truth, np.roll(truth, step))
    return semantic_report(tally, _told("semantic_segmentation", ("crack", "hole"), 3))


def text() -> TextReport:
    """Two lines, one of them read with a mistake."""
    boxes = [(10.0, 20.0 * k, 80.0, 9.0) for k in range(3)]
    given = evaluate(
        samples(
            [(0, 0, box) for box in boxes],
            [(0, 0, box, 0.9 - k / 10) for k, box in enumerate(boxes[:2])],
            labels=("text",),
        )
    )
    lines = Lines(given, ("TOTAL", "10.00", "CASH"), ("TOTAL", "1O.00"))
    return text_report(lines, _told("ocr", ("text",), 1))


REPORTS: dict[str, Callable[[], AnyReport]] = {
    "box": lambda: detection("box"),
    "mask": lambda: detection("mask"),
    "classification": classification,
    "semantic_segmentation": semantic,
    "ocr": text,
}
