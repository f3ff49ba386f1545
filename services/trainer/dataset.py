"""Reads a snapshot's images and truth into training samples; runs in the training process."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg

from services.trainer.domain.planning import Plan, plan
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.samples import Sample, Truth, cut_samples
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.errors import InvalidInput
from shared.runtime.preprocess import Image
from shared.vision.boxes import as_boxes
from shared.vision.tiles import TilePlan

TRAINED = ("train", "val")  # nothing is chosen on val, so its images may teach; test never does


class UnreadableImage(InvalidInput):
    """An image of the snapshot cannot be decoded."""

    code = "unreadable-image"
    title = "An image cannot be read"


class NothingToTrain(InvalidInput):
    """The snapshot has no image for training, or no label."""

    code = "nothing-to-train"
    title = "There is nothing to train on"


class MixedPlans(InvalidInput):
    """The snapshot's images were not all cut by its plan."""

    code = "mixed-plans"
    title = "The images were not cut alike"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A snapshot ready for training.

    Attributes:
        plan: Input size, pyramid levels and tiles.
        samples: Windows of the images that train.
        judged: Images that only judge.
        input_plan: How all these images were cut out of larger ones; None for whole images.
    """

    plan: Plan
    samples: Sequence[Sample]
    judged: tuple[SnapshotImage, ...]
    input_plan: TilePlan | None = None


def read_image(path: Path, name: str) -> Image:
    """The pixels of an upright image file, ``(H, W, 3)`` uint8 RGB.

    Raises:
        UnreadableImage: Not an image, or damaged; the detail names it.
    """
    data = path.read_bytes()
    try:
        if simplejpeg.is_jpeg(data):
            return np.asarray(simplejpeg.decode_jpeg(data, colorspace="RGB"), np.uint8)
    except ValueError as error:
        raise UnreadableImage(f"{name}: {error}") from error
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    if pixels is None:
        raise UnreadableImage(f"{name} is no image, or damaged")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def truth_of(image: SnapshotImage, labels: Sequence[str]) -> Truth:
    """The image's truth; shapes without a place (whole-image labels) and unknown labels fall out.

    Rotated boxes, polygons and masks teach a detector by the upright box around them.
    """
    known = {label: index for index, label in enumerate(labels)}
    usable = [shape for shape in image.shapes if shape.points and shape.label in known]
    return Truth(
        as_boxes([_bounds(shape) for shape in usable]),
        np.array([known[shape.label] for shape in usable], np.int64),
        tuple(np.array(region.points, np.float32) for region in image.ignore_regions),
    )


def _bounds(shape: Shape) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = shape.bounds()
    if shape.kind != "rotated_box" or not shape.angle:
        return x1, y1, x2, y2
    cosine = abs(np.cos(np.radians(shape.angle)))
    sine = abs(np.sin(np.radians(shape.angle)))
    half_x = ((x2 - x1) * cosine + (y2 - y1) * sine) / 2
    half_y = ((x2 - x1) * sine + (y2 - y1) * cosine) / 2
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    return middle_x - half_x, middle_y - half_y, middle_x + half_x, middle_y + half_y


def load_dataset(
    snapshot: Snapshot, files: Mapping[str, Path], recipe: Recipe, *, cache_bytes: int, spill: Path
) -> Dataset:
    """Plans the training and reads every training image once.

    Args:
        snapshot: The frozen dataset.
        files: File of each image, by image id.
        recipe: What the user asked for.
        cache_bytes: Memory for the windows' pixels; what is more goes into the file ``spill``.
        spill: A file that may be written; the operating system pages it in as needed.

    Raises:
        NothingToTrain: No image trains, or the snapshot has no labels.
        MixedPlans: An image is no tile of the snapshot's plan.
        UnreadableImage: An image cannot be decoded.
    """
    input_plan = input_plan_of(snapshot)
    trained = [image for image in snapshot.images if image.split in TRAINED]
    if not trained:
        raise NothingToTrain("no annotated image is left for training")
    if not snapshot.labels:
        raise NothingToTrain("the project has no label")
    truths = [truth_of(image, snapshot.labels) for image in trained]
    if not any(len(truth.labels) for truth in truths):
        raise NothingToTrain("no training image has an annotated target")
    planned = plan(
        recipe,
        [(image.width, image.height) for image in trained],
        [truth.boxes_xyxy for truth in truths],
    )
    samples = Spill(_samples(trained, truths, files, planned), cache_bytes, spill).samples
    judged = tuple(image for image in snapshot.images if image.split == "test")
    return Dataset(planned, samples, judged, input_plan)


def input_plan_of(snapshot: Snapshot) -> TilePlan | None:
    """How the snapshot's images were cut out of larger ones; None for whole images.

    Raises:
        MixedPlans: An image is no tile of the snapshot's plan, or the plan's hash is another's.
    """
    spec = snapshot.tile_plan
    plan = None if spec is None else TilePlan.from_json(spec.model_dump())
    wanted = None if plan is None else plan.hash
    if snapshot.tile_plan_hash not in (None, wanted):
        raise MixedPlans("the dataset's tile plan does not have the hash that it names")
    for image in snapshot.images:
        if image.plan_hash != wanted:
            raise MixedPlans(f"{image.name} was cut by another tile plan than the dataset's")
    return plan


def _samples(
    images: Sequence[SnapshotImage],
    truths: Sequence[Truth],
    files: Mapping[str, Path],
    planned: Plan,
) -> Iterator[Sample]:
    for image, truth in zip(images, truths, strict=True):
        pixels = read_image(files[image.image_id], image.name)
        height, width = pixels.shape[:2]
        windows = planned.tile_plan.windows(width, height)
        yield from cut_samples(pixels, truth, windows, planned.input_size)


class Spill:
    """Samples in memory as long as they fit, the rest in one file."""

    def __init__(self, samples: Iterator[Sample], limit_bytes: int, path: Path) -> None:
        """Takes every sample; ``path`` is only made when it is needed."""
        self.samples: list[Sample] = []
        self._path = path
        held = 0
        for sample in samples:
            held += sample.size_bytes
            self.samples.append(sample if held <= limit_bytes else self._spilt(sample))

    def _spilt(self, sample: Sample) -> Sample:
        with self._path.open("ab") as file:
            offset = file.tell()
            file.write(np.ascontiguousarray(sample.image).tobytes())
        pixels = np.memmap(self._path, np.uint8, "r", offset, sample.image.shape)
        return Sample(pixels, sample.boxes_xyxy, sample.labels, sample.ignored)
