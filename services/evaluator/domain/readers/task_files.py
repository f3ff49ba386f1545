"""Stored predictions of classification, semantic segmentation and OCR become what is judged."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from services.evaluator.domain.classes.classification import Classified, check_classified
from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.samples import (
    Detections,
    ImageList,
    Regions,
    Samples,
    Truths,
    check,
)
from services.evaluator.domain.pixels.tally import IGNORED, LabelMap, SemanticTally
from services.evaluator.domain.readers.platform_shapes import decoded, mask_table, outline, polygon
from shared.contracts.predictions import ImagePredictions
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.vision.masks import MaskTable, areas, bounds_xywh, to_dense

Pair = tuple[SnapshotImage, ImagePredictions]
TEXT = "text"


def classified(labels: tuple[str, ...], pairs: Sequence[Pair]) -> Classified:
    """Read the one label of each image, and the scores of all.

    Raises:
        BadSamples: An image has no or several labels, an unknown one, or another number of scores.
    """
    places = {label: place for place, label in enumerate(labels)}
    truth = [places.get(_only_label(image), -1) for image, _ in pairs]
    for image, predicted in pairs:
        if len(predicted.scores) != len(labels):
            raise BadSamples(
                f"image {image.image_id}: {len(predicted.scores)} scores, {len(labels)} labels"
            )
    scores = np.array([predicted.scores for _, predicted in pairs], np.float64)
    samples = Classified(np.array(truth, np.int64), scores.reshape(len(pairs), len(labels)))
    check_classified(samples)
    return samples


def _only_label(image: SnapshotImage) -> str:
    found = {shape.label for shape in image.shapes if shape.kind == "image"}
    if len(found) != 1:
        raise BadSamples(f"image {image.image_id} has {len(found)} labels instead of one")
    return found.pop()


def segmented(labels: tuple[str, ...], pairs: Sequence[Pair]) -> SemanticTally:
    """Count pixels image by image; pixels of no label are background, regions count for nothing.

    Where shapes or masks overlap the later one is on top.

    Raises:
        BadSamples: A label is unknown, or a mask is damaged or of another size.
    """
    places = {label: place for place, label in enumerate(labels, start=1)}
    tally = SemanticTally(labels=len(labels) + 1)
    for image, predicted in pairs:
        truth = _label_map(image, _drawn(image, places))
        for region in image.ignore_regions:
            truth[_pixels(polygon(region.points, image), image)] = IGNORED
        found = (
            (_place(places, mask.label), decoded(mask.rle, image)) for mask in predicted.label_masks
        )
        tally.add(truth, _label_map(image, found))
    return tally


def _drawn(image: SnapshotImage, places: dict[str, int]) -> Iterable[tuple[int, Any]]:
    for shape in image.shapes:
        if shape.kind != "image":
            yield _place(places, shape.label), outline(shape, image)


def _place(places: dict[str, int], label: str) -> int:
    if label not in places:
        raise BadSamples(f"label {label!r} is unknown")
    return places[label]


def _label_map(image: SnapshotImage, layers: Iterable[tuple[int, Any]]) -> LabelMap:
    out = np.zeros((image.height, image.width), np.uint8)
    for place, code in layers:
        out[_pixels(code, image)] = place
    return out


def _pixels(code: Any, image: SnapshotImage) -> np.ndarray:  # noqa: ANN401 - a run-length code
    mask_table([(image, code)])
    return to_dense(code, image.height, image.width)


def read_lines(
    pairs: Sequence[Pair],
) -> tuple[Samples, tuple[str, ...], tuple[str, ...]]:
    """Read outlines of lines as masks under one label, and the texts of truths and predictions.

    A true line without text reads as empty.

    Raises:
        BadSamples: An outline or a score cannot be judged.
    """
    truths = [
        (place, image, shape)
        for place, (image, _) in enumerate(pairs)
        for shape in image.shapes
        if shape.kind != "image"
    ]
    found = [
        (place, image, line)
        for place, (image, predicted) in enumerate(pairs)
        for line in predicted.lines
    ]
    regions = [
        (place, image, region.points)
        for place, (image, _) in enumerate(pairs)
        for region in image.ignore_regions
    ]
    true_masks = mask_table((image, outline(shape, image)) for _, image, shape in truths)
    found_masks = mask_table((image, polygon(line.points, image)) for _, image, line in found)
    region_masks = mask_table((image, polygon(points, image)) for _, image, points in regions)
    samples = Samples(
        labels=(TEXT,),
        images=_images(pairs),
        truths=Truths(
            **_columns([place for place, _, _ in truths], true_masks),
            crowd=np.zeros(len(truths), np.bool_),
            ids=tuple(shape.id for _, _, shape in truths),
        ),
        detections=Detections(
            **_columns([place for place, _, _ in found], found_masks),
            score=np.array([line.score for _, _, line in found], np.float64),
        ),
        regions=Regions(
            np.array([place for place, _, _ in regions], np.int64),
            bounds_xywh(region_masks),
            region_masks,
        ),
    )
    check(samples)
    return samples, tuple(_said(s) for _, _, s in truths), tuple(line.text for _, _, line in found)


def _said(shape: Shape) -> str:
    return shape.text or ""


def _columns(image: list[int], masks: MaskTable) -> dict[str, Any]:
    return {
        "image": np.array(image, np.int64),
        "label": np.zeros(len(image), np.int64),
        "boxes_xywh": bounds_xywh(masks),
        "area": areas(masks),
        "masks": masks,
    }


def _images(pairs: Sequence[Pair]) -> ImageList:
    return ImageList(
        ids=tuple(image.image_id for image, _ in pairs),
        widths=np.array([image.width for image, _ in pairs], np.int64),
        heights=np.array([image.height for image, _ in pairs], np.int64),
    )
