"""Stored predictions of classification, semantic segmentation and OCR become what is judged."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from services.evaluator.domain.classes.classification import Classified, check_classified
from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.samples import Detections, Regions, Samples, Truths, check
from services.evaluator.domain.pixels.parts import LabelMap
from services.evaluator.domain.pixels.tally import IGNORED, SemanticTally
from services.evaluator.domain.readers.dataset import TruthImage
from services.evaluator.domain.readers.pairs import Pairs
from services.evaluator.domain.readers.platform_shapes import mask_table, outline, polygon
from shared.vision.masks import MaskTable, areas, bounds_xywh, to_dense

TEXT = "text"
Layers = Iterable[tuple[int, Any]]


def classified(pairs: Pairs) -> Classified:
    """Read the one label of each image, and the scores of all.

    Raises:
        BadSamples: An image has no or several labels, an unknown one, or labels differ.
    """
    labels = pairs.dataset.labels
    if pairs.found.header.labels != labels:
        raise BadSamples("the labels of the predictions are not those of the snapshot")
    places = {label: place for place, label in enumerate(labels)}
    truth = [places.get(_only_label(image), -1) for image in pairs.read()]
    scores = pairs.found.columns["scores"].astype(np.float64)
    samples = Classified(np.array(truth, np.int64), scores.reshape(len(truth), len(labels)))
    check_classified(samples)
    return samples


def _only_label(image: TruthImage) -> str:
    found = {shape.label for shape in image.shapes if shape.kind == "image"}
    if len(found) != 1:
        raise BadSamples(f"image {image.image_id} has {len(found)} labels instead of one")
    return found.pop()


def segmented(pairs: Pairs) -> SemanticTally:
    """Count pixels image by image; pixels of no label are background, regions count for nothing.

    Where shapes or masks overlap the later one is on top.

    Raises:
        BadSamples: A label is unknown, or a mask is damaged or of another size.
    """
    places = {label: place for place, label in enumerate(pairs.dataset.labels, start=1)}
    tally = SemanticTally(labels=len(places) + 1)
    masks, labels = pairs.masks(), pairs.found_labels()
    if (labels < 0).any():
        raise BadSamples("a label of the predictions is unknown")
    spans = pairwise(pairs.found.starts.tolist())
    for image, (first, last) in zip(pairs.read(), spans, strict=True):
        truth = _label_map(image, _drawn(image, places))
        for region in image.ignore_regions:
            truth[_pixels(polygon(region.points, image), image)] = IGNORED
        found = ((int(labels[row]) + 1, masks.code(row)) for row in range(first, last))
        tally.add(truth, _label_map(image, found))
    return tally


def _drawn(image: TruthImage, places: dict[str, int]) -> Layers:
    for shape in image.shapes:
        if shape.kind != "image":
            if shape.label not in places:
                raise BadSamples(f"label {shape.label!r} is unknown")
            yield places[shape.label], outline(shape, image)


def _label_map(image: TruthImage, layers: Layers) -> LabelMap:
    out = np.zeros(image.size, np.uint8)
    for place, code in layers:
        out[_pixels(code, image)] = place
    return out


def _pixels(code: Any, image: TruthImage) -> np.ndarray:  # noqa: ANN401 - a run-length code
    mask_table([(image, code)])
    return to_dense(code, *image.size)


def read_lines(pairs: Pairs) -> tuple[Samples, tuple[str, ...], tuple[str, ...]]:
    """Read outlines of lines as masks under one label, and the texts of truths and predictions.

    The text of a true line that nobody can read is empty. White space around a text and doubled
    within it is left out: no training learns it, and none could say it.

    Raises:
        BadSamples: An outline or a score cannot be judged.
    """
    images = list(enumerate(pairs.read()))
    truths = [(k, i, shape) for k, i in images for shape in i.shapes if shape.kind != "image"]
    regions = [(k, i, region.points) for k, i in images for region in i.ignore_regions]
    row_image = pairs.found.row_image()
    lines = [(images[k][1], ring) for k, ring in zip(row_image, _rings(pairs), strict=True)]
    true_masks = mask_table((image, outline(shape, image)) for _, image, shape in truths)
    found_masks = mask_table((image, polygon(points, image)) for image, points in lines)
    region_masks = mask_table((image, polygon(points, image)) for _, image, points in regions)
    samples = Samples(
        labels=(TEXT,),
        images=pairs.images(),
        truths=Truths(
            **_columns([place for place, _, _ in truths], true_masks),
            crowd=np.zeros(len(truths), np.bool_),
            ids=tuple(shape.id for _, _, shape in truths),
        ),
        detections=Detections(
            **_columns(row_image.tolist(), found_masks),
            score=pairs.found.columns["score"].astype(np.float64),
        ),
        regions=Regions(
            np.array([place for place, _, _ in regions], np.int64),
            bounds_xywh(region_masks),
            region_masks,
        ),
    )
    check(samples)
    written = tuple(" ".join((shape.text or "").split()) for _, _, shape in truths)
    return samples, written, _texts(pairs)


def _rings(pairs: Pairs) -> list[Any]:
    points = pairs.found.columns["points"].astype(np.float64)
    starts = pairs.found.columns["points_starts"].tolist()
    return [points[first:last].tolist() for first, last in pairwise(starts)]


def _texts(pairs: Pairs) -> tuple[str, ...]:
    data = pairs.found.columns["text"].tobytes()
    starts = pairs.found.columns["text_starts"].tolist()
    try:
        return tuple(data[first:last].decode() for first, last in pairwise(starts))
    except UnicodeDecodeError as error:
        raise BadSamples(f"a predicted text is not UTF-8: {error}") from error


def _columns(image: list[int], masks: MaskTable) -> dict[str, Any]:
    return {
        "image": np.array(image, np.int64),
        "label": np.zeros(len(image), np.int64),
        "boxes_xywh": bounds_xywh(masks),
        "area": areas(masks),
        "masks": masks,
    }
