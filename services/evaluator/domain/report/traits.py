"""What errors have in common: where they gather by size, light, focus, place, device, neighbour.

Each trait splits the objects in two; Fisher's exact test says whether errors are more frequent on
one side than chance allows, and Holm's step-down keeps the whole search at one in twenty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import Flags, Floats, Ints
from services.evaluator.domain.numbers.fisher import fisher_tail
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.report.words import Words, percent, say, trait

LEAST_LIFT = 1.5  # a trait is worth telling when errors are half as frequent again
LEAST_ERRORS = 3
ALPHA = 0.05

TraitKind = Literal["trait_miss", "trait_false", "trait_class"]
Texts = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Categories:
    """A text for each object as its number in ``names``: ``codes`` ``(N,)``; "" is unknown."""

    codes: Ints
    names: tuple[str, ...]

    @classmethod
    def of(cls, texts: Texts) -> "Categories":
        """Number the texts.

        >>> Categories.of(np.array(["b", "a", "b"]))
        Categories(codes=array([1, 0, 1]), names=('a', 'b'))
        """
        names, codes = np.unique(texts, return_inverse=True)
        return cls(codes.astype(np.int64), tuple(names.tolist()))

    def __getitem__(self, rows: Ints) -> "Categories":
        """The categories of some objects."""
        return Categories(self.codes[rows], self.names)

    def texts(self) -> list[str]:
        """The text of each object."""
        return [self.names[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait: error rates with and without it, the corrected p-value, and the sentence."""

    name: str
    value: str
    inside: float
    outside: float
    count: int
    p_value: float
    words: Words


@dataclass(frozen=True, slots=True)
class ImageTraits:
    """What is known of each image, ``(M,)``; nan or empty text where unknown."""

    brightness: Floats
    sharpness: Floats
    device: Texts


def common_traits(
    wrong: Flags, features: Mapping[str, Floats | Categories], *, kind: TraitKind, limit: int = 5
) -> tuple[Trait, ...]:
    """Find the traits under which objects go wrong more often.

    Args:
        wrong: Which objects are errors, ``(N,)``.
        features: Per object a number (its lower and upper third are tried) or a category.
        kind: Which sentence to use.
        limit: How many to tell, surest first.

    Fewer than three errors give no trait.
    """
    if wrong.sum() < LEAST_ERRORS:
        return ()
    whole = _Part(int(wrong.sum()), wrong.size)
    tested = [
        (name, value, part, *_test(part, whole))
        for name, values in features.items()
        for value, part in _parts(values, wrong)
    ]
    tested.sort(key=lambda item: item[3])
    found = []
    for rank, (name, value, part, p_value, rates) in enumerate(tested):
        corrected = min(1.0, p_value * (len(tested) - rank))
        if corrected >= ALPHA:
            break
        if rates[0] >= LEAST_LIFT * rates[1] and part.errors >= LEAST_ERRORS:
            words = say(
                kind,
                trait=_named(name, value),
                inside=percent(rates[0]),
                outside=percent(rates[1]),
            )
            found.append(Trait(name, value, *rates, part.errors, corrected, words))
    return tuple(found[:limit])


def image_features(images: ImageTraits | None) -> dict[str, Floats | Categories]:
    """Features of whole images."""
    if images is None:
        return {}
    return {
        "brightness": images.brightness,
        "sharpness": images.sharpness,
        "device": Categories.of(images.device),
    }


def truth_features(
    evaluation: Evaluation, rows: Ints, images: ImageTraits | None
) -> dict[str, Floats | Categories]:
    """Features of the truths ``rows`` (in evaluation order), with which other label is near."""
    arranged = evaluation.arranged
    boxes, label = arranged.truth_boxes[rows], arranged.truth_label[rows]
    image, names = arranged.truth_image()[rows], evaluation.samples.labels
    return _features(evaluation, boxes, image, images) | {
        "label": Categories(label, names),
        "near": Categories(evaluation.neighbours[0][rows], (*names, "")),
    }


def detection_features(
    evaluation: Evaluation, rows: Ints, images: ImageTraits | None
) -> dict[str, Floats | Categories]:
    """Features of the detections ``rows`` (in evaluation order), and which other label is near."""
    arranged = evaluation.arranged
    boxes, image = arranged.det_boxes[rows], arranged.det_image()[rows]
    return _features(evaluation, boxes, image, images) | {
        "near": Categories(evaluation.neighbours[1][rows], (*evaluation.samples.labels, ""))
    }


def _features(
    evaluation: Evaluation, boxes: Floats, image: Ints, images: ImageTraits | None
) -> dict[str, Floats | Categories]:
    sizes = evaluation.samples.images
    width, height = sizes.widths[image], sizes.heights[image]
    left, top, wide, high = boxes.T
    x, y = left + wide / 2, top + high / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        border = np.minimum(np.minimum(x, width - x), np.minimum(y, height - y))
        edge = np.where(width > 0, border / np.maximum(np.minimum(width, height), 1), np.nan)
        aspect = np.maximum(wide, high) / np.maximum(np.minimum(wide, high), 1e-9)
    crowding = np.diff(evaluation.arranged.truth_start)[image].astype(np.float64)
    out: dict[str, Floats | Categories] = {
        "size": np.sqrt(wide * high),
        "edge": edge,
        "aspect": aspect,
        "crowding": crowding,
    }
    return out | {name: values[image] for name, values in image_features(images).items()}


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the objects: how many are errors, and how many there are."""

    errors: int
    objects: int


def _parts(values: Floats | Categories, wrong: Flags) -> list[tuple[str, _Part]]:
    """The objects of each category, or the lower and the upper third of a number."""
    if isinstance(values, Categories):
        objects = np.bincount(values.codes, minlength=len(values.names)).tolist()
        errors = np.bincount(values.codes[wrong], minlength=len(values.names)).tolist()
        rows = zip(values.names, errors, objects, strict=True)
        return [(name, _Part(bad, count)) for name, bad, count in rows if name and count]
    numbers = values.astype(np.float64)
    known = ~np.isnan(numbers)
    if known.sum() < 3 or np.ptp(numbers[known]) == 0:
        return []
    low, high = np.quantile(numbers[known], [1 / 3, 2 / 3])
    sides = {"low": known & (numbers <= low), "high": known & (numbers >= high)}
    return [(s, _Part(int((wrong & i).sum()), int(i.sum()))) for s, i in sides.items()]


def _test(part: _Part, whole: _Part) -> tuple[float, tuple[float, float]]:
    """P-value that errors are no more frequent in the part, and the rates inside and outside."""
    outside = whole.objects - part.objects
    rates = part.errors / max(part.objects, 1), (whole.errors - part.errors) / max(outside, 1)
    if part.objects == 0 or outside == 0:
        return 1.0, rates
    p_value = fisher_tail(
        part.errors, within=part.objects, errors=whole.errors, total=whole.objects
    )
    return p_value, rates


def _named(name: str, value: str) -> Words:
    return (
        trait(name, value=value)
        if name in ("device", "near", "label")
        else trait(f"{name}:{value}")
    )
