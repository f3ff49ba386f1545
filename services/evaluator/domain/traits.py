"""What errors have in common: where they gather by size, light, focus, place, device, neighbour.

Each trait splits the objects in two; Fisher's exact test says whether errors are more frequent on
one side than chance allows, and Holm's step-down keeps the whole search at one in twenty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import gammaln

from services.evaluator.domain.evaluation import Evaluation
from services.evaluator.domain.samples import Columns, Flags, Floats, Ints
from services.evaluator.domain.words import Words, percent, say, trait

LEAST_LIFT = 1.5  # a trait is worth telling when errors are half as frequent again
LEAST_ERRORS = 3
ALPHA = 0.05
NEAR_FACTOR = 2.0  # "near" is within twice the object's own size

TraitKind = Literal["trait_miss", "trait_false", "trait_class"]
Categories = NDArray[np.str_]


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
    device: Categories


def common_traits(
    wrong: Flags, features: Mapping[str, Floats | Categories], *, kind: TraitKind, limit: int = 5
) -> list[Trait]:
    """Find the traits under which objects go wrong more often.

    Args:
        wrong: Which objects are errors, ``(N,)``.
        features: Per object a number (its lower and upper third are tried) or a category.
        kind: Which sentence to use.
        limit: How many to tell, surest first.

    Fewer than three errors give no trait.
    """
    if wrong.sum() < LEAST_ERRORS:
        return []
    candidates = [
        (name, value, inside)
        for name, values in features.items()
        for value, inside in _splits(values).items()
    ]
    tested = [(c, *_test(wrong, c[2])) for c in candidates]
    tested.sort(key=lambda item: item[1])
    found = []
    for rank, ((name, value, inside), p_value, rates) in enumerate(tested):
        corrected = min(1.0, p_value * (len(tested) - rank))
        if corrected >= ALPHA:
            break
        if rates[0] >= LEAST_LIFT * rates[1] and (wrong & inside).sum() >= LEAST_ERRORS:
            words = say(
                kind,
                trait=_named(name, value),
                inside=percent(rates[0]),
                outside=percent(rates[1]),
            )
            count = int((wrong & inside).sum())
            found.append(Trait(name, value, *rates, count, corrected, words))
    return found[:limit]


def image_features(images: ImageTraits | None) -> dict[str, Floats | Categories]:
    """Features of whole images."""
    if images is None:
        return {}
    return {
        "brightness": images.brightness,
        "sharpness": images.sharpness,
        "device": images.device,
    }


def truth_features(
    evaluation: Evaluation, rows: Ints, images: ImageTraits | None
) -> dict[str, Floats | Categories]:
    """Features of the truths ``rows`` (in evaluation order), with which other label is near."""
    arranged = evaluation.arranged
    boxes, label = arranged.truth_boxes[rows], arranged.truth_label[rows]
    image = arranged.truth_image()[rows]
    return _features(evaluation, boxes, image, images) | {
        "label": np.array(evaluation.samples.labels, np.str_)[label],
        "near": _near(evaluation, boxes, label, image),
    }


def detection_features(
    evaluation: Evaluation, rows: Ints, images: ImageTraits | None
) -> dict[str, Floats | Categories]:
    """Features of the detections ``rows`` (in evaluation order), and which other label is near."""
    arranged = evaluation.arranged
    boxes, image = arranged.det_boxes[rows], arranged.det_image()[rows]
    return _features(evaluation, boxes, image, images) | {
        "near": _near(evaluation, boxes, arranged.det_label[rows], image)
    }


def _features(
    evaluation: Evaluation, boxes: Floats, image: Ints, images: ImageTraits | None
) -> dict[str, Floats | Categories]:
    sizes = evaluation.samples.images
    width, height = sizes.widths[image], sizes.heights[image]
    sides = boxes[:, 2:]
    centre = boxes[:, :2] + sides / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        border = np.minimum(centre, np.stack([width, height], axis=1) - centre)
        edge = np.where(
            width > 0, border.min(axis=1) / np.maximum(np.minimum(width, height), 1), np.nan
        )
        aspect = sides.max(axis=1) / np.maximum(sides.min(axis=1), 1e-9)
    crowding = np.diff(evaluation.arranged.truth_start)[image].astype(np.float64)
    out: dict[str, Floats | Categories] = {
        "size": np.sqrt(sides[:, 0] * sides[:, 1]),
        "edge": edge,
        "aspect": aspect,
        "crowding": crowding,
    }
    return out | {name: values[image] for name, values in image_features(images).items()}


def _near(evaluation: Evaluation, boxes: Floats, label: Ints, image: Ints) -> Categories:
    """Name of the nearest truth of another label within reach; empty if there is none."""
    arranged, names = evaluation.arranged, evaluation.samples.labels
    nearest: Ints = _nearest(
        (boxes, label, image),
        (arranged.truth_boxes, arranged.truth_label, arranged.truth_start),
        len(names),
    )
    known: Categories = np.array([*names, ""], np.str_)
    return known[nearest]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _nearest(dets: Columns, truths: Columns, nobody: int) -> Ints:
    boxes, labels, image = dets
    truth_boxes, truth_label, start = truths
    out = np.full(labels.size, nobody, np.int64)
    for row in range(labels.size):
        nearest = np.inf
        x, y = boxes[row, 0] + boxes[row, 2] / 2, boxes[row, 1] + boxes[row, 3] / 2
        own = max(boxes[row, 2], boxes[row, 3])
        for truth in range(start[image[row]], start[image[row] + 1]):
            if truth_label[truth] < 0 or truth_label[truth] == labels[row]:
                continue
            width, height = truth_boxes[truth, 2], truth_boxes[truth, 3]
            gap = np.hypot(
                truth_boxes[truth, 0] + width / 2 - x, truth_boxes[truth, 1] + height / 2 - y
            )
            if gap < nearest and gap <= NEAR_FACTOR * max(own, width, height):
                nearest, out[row] = gap, truth_label[truth]
    return out


def _splits(values: Floats | Categories) -> dict[str, Flags]:
    if values.dtype.kind == "U":
        return {str(name): values == name for name in np.unique(values) if name}
    numbers = values.astype(np.float64)
    known = ~np.isnan(numbers)
    if known.sum() < 3 or np.ptp(numbers[known]) == 0:
        return {}
    low, high = np.quantile(numbers[known], [1 / 3, 2 / 3])
    return {"low": known & (numbers <= low), "high": known & (numbers >= high)}


def _test(wrong: Flags, inside: Flags) -> tuple[float, tuple[float, float]]:
    """P-value that errors are no more frequent inside, and the two error rates."""
    both, within, errors = int((wrong & inside).sum()), int(inside.sum()), int(wrong.sum())
    rates = both / max(within, 1), (errors - both) / max(inside.size - within, 1)
    if within in (0, inside.size):
        return 1.0, rates
    return fisher_tail(both, within=within, errors=errors, total=inside.size), rates


def fisher_tail(both: int, *, within: int, errors: int, total: int) -> float:
    """Chance of ``both`` or more errors among ``within`` of ``total``: Fisher's exact test.

    >>> round(fisher_tail(3, within=4, errors=4, total=8), 4)
    0.2429
    """
    counts = np.arange(both, min(within, errors) + 1)
    inside, outside = _log_choose(errors, counts), _log_choose(total - errors, within - counts)
    whole = _log_choose(total, np.array([within]))
    return min(1.0, float(np.exp(inside + outside - whole).sum()))


def _log_choose(of: int, chosen: Ints) -> Floats:
    """Logarithm of binomial coefficients; minus infinity where they are 0."""
    with np.errstate(invalid="ignore"):
        out: Floats = gammaln(of + 1) - gammaln(chosen + 1) - gammaln(of - chosen + 1)
    return np.where((chosen >= 0) & (chosen <= of), out, -np.inf)


def _named(name: str, value: str) -> Words:
    return (
        trait(name, value=value)
        if name in ("device", "near", "label")
        else trait(f"{name}:{value}")
    )
