"""Images with what a version said about them, in one order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import BadSamples, Ints
from services.evaluator.domain.objects.samples import ImageList
from services.evaluator.domain.readers.dataset import Dataset, DatasetImage, TruthImage
from services.evaluator.domain.readers.predictions import of_images
from shared.contracts.prediction_columns import PredictionColumns
from shared.vision.masks import MaskTable, from_texts


@dataclass(frozen=True, slots=True)
class Pairs:
    """Some images of a data set and the predictions on them."""

    dataset: Dataset
    chosen: tuple[DatasetImage, ...]
    found: PredictionColumns

    def read(self) -> Iterator[TruthImage]:
        """The images with their shapes, one after the other."""
        return (self.dataset.read(image.image_id) for image in self.chosen)

    def images(self) -> ImageList:
        """Names and sizes."""
        return ImageList(
            ids=tuple(image.image_id for image in self.chosen),
            widths=np.array([image.width for image in self.chosen], np.int64),
            heights=np.array([image.height for image in self.chosen], np.int64),
        )

    def found_labels(self) -> Ints:
        """Label of each predicted row among those of the data set, -1 where it has none such."""
        places = {label: place for place, label in enumerate(self.dataset.labels)}
        known = [places.get(label, -1) for label in self.found.header.labels]
        labels: Ints = np.array(known, np.int64)[self.found.columns["label"]]
        return labels

    def masks(self) -> MaskTable:
        """Outline of each predicted row.

        Raises:
            BadSamples: One is no run-length code of its image's size.
        """
        images, image = self.images(), self.found.row_image()
        columns = self.found.columns
        try:
            return from_texts(
                columns["rle"], columns["rle_starts"], images.heights[image], images.widths[image]
            )
        except ValueError as error:
            raise BadSamples(f"the predictions: {error}") from error


def pairs_of(dataset: Dataset, found: PredictionColumns, places: Sequence[int]) -> Pairs:
    """The images at some places of the predictions, and what was predicted of them."""
    part = of_images(found, places)
    return Pairs(dataset, tuple(dataset.images[name] for name in part.header.image_ids), part)
