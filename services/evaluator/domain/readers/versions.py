"""What a version is judged on, task by task."""

from dataclasses import dataclass

from services.evaluator.domain.classes.classification import Classified
from services.evaluator.domain.objects.borrowed_engines import RotatedObjects
from services.evaluator.domain.objects.samples import Samples
from services.evaluator.domain.pixels.tally import SemanticTally
from services.evaluator.domain.readers.coco_records import Kind
from services.evaluator.domain.readers.dataset import Dataset


@dataclass(frozen=True)
class TaskVersion:
    """What every task knows; ``image_ids`` are the held-out images that judge."""

    version: str
    dataset: Dataset
    image_ids: tuple[str, ...]
    elapsed_ms: tuple[float, ...]


@dataclass(frozen=True)
class JudgedVersion(TaskVersion):
    """Detection and instance segmentation.

    ``corrected`` holds the samples of corrected images that were predicted but teach: regression
    tests, not part of any figure. ``rotated`` are truths and detections with their angles, where a
    truth has one.
    """

    samples: Samples
    corrected: Samples | None
    kind: Kind
    rotated: tuple[RotatedObjects, RotatedObjects] | None


@dataclass(frozen=True)
class ClassifiedVersion(TaskVersion):
    """Classification: a true label and scores for each image."""

    classified: Classified


@dataclass(frozen=True)
class SegmentedVersion(TaskVersion):
    """Semantic segmentation: pixels, counted; label 0 is the background."""

    tally: SemanticTally


@dataclass(frozen=True)
class ReadVersion(TaskVersion):
    """OCR: outlines of lines under one label, and their texts in the same order."""

    samples: Samples
    truth_texts: tuple[str, ...]
    found_texts: tuple[str, ...]
