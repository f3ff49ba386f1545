"""Classification: accuracy, top-k, precision, recall, F1, ROC, AUC, AP and calibration.

Undefined values follow scikit-learn where it has a rule (a label that is never predicted has
precision 0 in the macro mean); AUC and AP of a label without positives, or AUC without negatives,
are nan.
"""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import BadSamples, Columns, Flags, Floats, Ints
from services.evaluator.domain.numbers.counts import Counts, ratio
from services.evaluator.domain.numbers.draws import Draws
from services.evaluator.domain.numbers.threads import side_by_side
from shared.vision.compilation import compiled

TOP = 5
CALIBRATION_BINS = 15
SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Classified:
    """``N`` images: true label ``(N,)`` and scores ``(N, K)``, best label first among equals."""

    truth: Ints
    scores: Floats


@dataclass(frozen=True, slots=True)
class ClassificationFigures:
    """Figures over all images; arrays are per label ``(K,)``, ``matrix`` is truth × found."""

    accuracy: float
    top: list[float]
    precision: Floats
    recall: Floats
    f1: Floats
    macro_precision: float
    macro_recall: float
    macro_f1: float
    matrix: Ints
    auc: Floats
    ap: Floats
    calibration_error: float


def check_classified(samples: Classified) -> None:
    """Refuse what cannot be judged.

    Raises:
        BadSamples: Shapes do not fit, a label is unknown or a score is not finite.
    """
    truth, scores = samples.truth, samples.scores
    if scores.ndim != 2 or truth.shape != (scores.shape[0],):
        raise BadSamples("there must be one row of scores for each image")
    if ((truth < 0) | (truth >= scores.shape[1])).any():
        raise BadSamples("a true label is unknown")
    if not np.isfinite(scores).all():
        raise BadSamples("a score is not finite")


def classification_figures(samples: Classified) -> ClassificationFigures:
    """Compute all figures; no images give nan throughout.

    Raises:
        BadSamples: See :func:`check_classified`.
    """
    check_classified(samples)
    labels = samples.scores.shape[1]
    predicted = samples.scores.argmax(axis=1) if labels else samples.truth
    cells = samples.truth * labels + predicted
    matrix = np.bincount(cells, minlength=labels**2).reshape(labels, labels)
    counts = counts_of(matrix)
    seen = (matrix.sum(axis=0) + matrix.sum(axis=1)) > 0
    precision, recall, f1 = counts.precision(), counts.recall(), counts.f_score()
    auc, ap = _ranked(samples)
    top = top_k_accuracy(samples)
    return ClassificationFigures(
        accuracy=top[0] if top else float("nan"),
        top=top,
        precision=precision,
        recall=recall,
        f1=f1,
        macro_precision=_macro(precision, seen),
        macro_recall=_macro(recall, seen),
        macro_f1=_macro(f1, seen),
        matrix=matrix,
        auc=auc,
        ap=ap,
        calibration_error=expected_calibration_error(samples, predicted),
    )


def counts_of(matrix: Ints) -> Counts:
    """Found, wrong and missed of each label of a ``(K, K)`` matrix."""
    found = np.diag(matrix).astype(np.int64)
    return Counts(found, matrix.sum(axis=0) - found, matrix.sum(axis=1) - found)


def top_k_accuracy(samples: Classified, *, most: int = TOP) -> list[float]:
    """Share of images whose true label is among the best k, k = 1 … 5 (or the label count)."""
    scores, truth = samples.scores, samples.truth
    if not truth.size:
        return [float("nan")] * min(most, scores.shape[1])
    rank = _true_rank(np.ascontiguousarray(scores), truth)
    hits = np.bincount(rank, minlength=scores.shape[1])[: min(most, scores.shape[1])]
    return [float(value) for value in np.cumsum(hits) / truth.size]


def roc_curve(samples: Classified, label: int) -> tuple[Floats, Floats, Floats]:
    """False and true positive rates at each distinct score, falling; the label against the rest."""
    score, positive = samples.scores[:, label], samples.truth == label
    order = np.argsort(-score, kind="stable")
    found, wrong = np.cumsum(positive[order]), np.cumsum(~positive[order])
    last = np.append(np.flatnonzero(np.diff(score[order])), order.size - 1) if order.size else order
    positives, negatives = max(int(positive.sum()), 1), max(int((~positive).sum()), 1)
    return wrong[last] / negatives, found[last] / positives, score[order][last]


def expected_calibration_error(
    samples: Classified, predicted: Ints, *, bins: int = CALIBRATION_BINS
) -> float:
    """Mean gap of confidence and accuracy over equal bins (Guo et al. 2017, L1); nan if empty.

    Scores are taken as probabilities; if they are outside [0, 1] the error is nan.
    """
    if not predicted.size:
        return float("nan")
    gaps = _calibration_gaps(samples, predicted, bins=bins)
    return float(np.abs(gaps.sum(axis=0)).sum() / predicted.size)


def _calibration_gaps(
    samples: Classified, predicted: Ints, *, bins: int = CALIBRATION_BINS
) -> Floats:
    """Right minus confidence of each image in the column of its bin, ``(N, bins)``."""
    confidence = samples.scores[np.arange(predicted.size), predicted]
    out = np.zeros((predicted.size, bins))
    if confidence.min() < 0 or confidence.max() > 1 + SUM_TOLERANCE:
        return np.full_like(out, np.nan)
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    out[np.arange(predicted.size), place] = (predicted == samples.truth) - confidence
    return out


def errors_by_label(samples: Classified) -> dict[int, Ints]:
    """Images of each true label that got another one, most confident mistake first."""
    predicted = samples.scores.argmax(axis=1)
    wrong = np.flatnonzero(predicted != samples.truth)
    confidence = samples.scores[wrong, predicted[wrong]]
    ordered = wrong[np.argsort(-confidence, kind="stable")]
    return {
        int(label): ordered[samples.truth[ordered] == label]
        for label in np.unique(samples.truth[ordered])
    }


def _macro(values: Floats, seen: Flags) -> float:
    return float(np.nan_to_num(values[seen]).mean()) if seen.any() else float("nan")


def _ranked(samples: Classified) -> tuple[Floats, Floats]:
    """AUC and AP of each label by one sort each; two sorts run at a time."""

    def of(label: int) -> tuple[float, float]:
        score = np.ascontiguousarray(samples.scores[:, label])
        auc, ap = _areas(score, samples.truth == label, np.argsort(score))
        return float(auc), float(ap)

    labels = range(samples.scores.shape[1])
    pairs = np.array(side_by_side(of, labels)).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


@compiled
def _areas(score: Floats, positive: Flags, rising: Ints) -> Columns:
    """Trapezoid AUC and step AP, going down the scores, equal scores at once."""
    positives = 0
    for flag in positive:
        positives += flag
    negatives = positive.size - positives
    auc, ap, found, wrong, place = 0.0, 0.0, 0, 0, rising.size - 1
    while place >= 0:
        value, more, less = score[rising[place]], 0, 0
        while place >= 0 and score[rising[place]] == value:
            if positive[rising[place]]:
                more += 1
            else:
                less += 1
            place -= 1
        auc += less * (found + 0.5 * more)
        found += more
        wrong += less
        if more:
            ap += more * (found / (found + wrong))
    auc = auc / (positives * negatives) if positives and negatives else np.nan
    return auc, ap / positives if positives else np.nan


def drawn_areas(samples: Classified, draws: Draws) -> tuple[Floats, Floats]:
    """AUC and AP of each label in each replicate, ``(B, K)``; nan where undefined."""

    def of(label: int) -> Floats:
        score = np.ascontiguousarray(samples.scores[:, label])
        rising = np.argsort(score)
        return _drawn_areas(
            score[rising], samples.truth[rising] == label, draws.group[rising], draws.times
        )

    labels = samples.scores.shape[1]
    areas = np.array(side_by_side(of, range(labels))).reshape(labels, len(draws), 2)
    return areas[..., 0].T, areas[..., 1].T


@compiled
def _drawn_areas(score: Floats, positive: Flags, group: Ints, times: Floats) -> Floats:
    """The same areas of rising scores, an image counting as often as its group was drawn."""
    out = np.full((times.shape[0], 2), np.nan)
    for draw in range(times.shape[0]):
        auc, ap, found, wrong, place = 0.0, 0.0, 0.0, 0.0, score.size - 1
        while place >= 0:
            value, more, less = score[place], 0.0, 0.0
            while place >= 0 and score[place] == value:
                if positive[place]:
                    more += times[draw, group[place]]
                else:
                    less += times[draw, group[place]]
                place -= 1
            auc += less * (found + 0.5 * more)
            found += more
            wrong += less
            if more > 0:
                ap += more * (found / (found + wrong))
        if found > 0:
            out[draw, 1] = ap / found
            if wrong > 0:
                out[draw, 0] = auc / (found * wrong)
    return out


def drawn_rates(samples: Classified, draws: Draws) -> dict[str, Floats]:
    """Figures of drawn images: per label ``(B, K)``, macro means and calibration ``(B,)``."""
    labels = samples.scores.shape[1]
    predicted = samples.scores.argmax(axis=1)
    right = predicted == samples.truth
    hit, truth, found = (
        draws.sums(np.arange(labels) == column[:, None])
        for column in (np.where(right, predicted, -1), samples.truth, predicted)
    )
    f1 = ratio(2 * hit, truth + found)
    seen = (truth.sum(axis=0) + found.sum(axis=0)) > 0
    gaps = _calibration_gaps(samples, predicted)
    return {
        "label_f1": f1,
        "precision": np.nan_to_num(ratio(hit, found))[:, seen].mean(axis=1),
        "recall": np.nan_to_num(ratio(hit, truth))[:, seen].mean(axis=1),
        "f1": np.nan_to_num(f1)[:, seen].mean(axis=1),
        "calibration_error": np.abs(draws.sums(gaps)).sum(axis=1) / truth.sum(axis=1),
    }


@compiled
def _true_rank(scores: Floats, truth: Ints) -> Ints:
    out = np.zeros(truth.size, np.int64)
    for row in range(truth.size):
        own = scores[row, truth[row]]
        for label in range(scores.shape[1]):
            better = scores[row, label] > own
            out[row] += better or (scores[row, label] == own and label < truth[row])
    return out
