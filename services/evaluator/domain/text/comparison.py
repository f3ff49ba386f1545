"""Two readers on the same lines: figures with their differences, and the lines that changed."""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.numbers.draws import Draws, draw_images, once
from services.evaluator.domain.objects.comparison import (
    Comparison,
    Difference,
    differing,
    sign_test,
)
from services.evaluator.domain.text.alignment import TextPart, align, parts_of
from services.evaluator.domain.text.misread import LinePlace, Places
from services.evaluator.domain.text.recognition import Located, text_figures, text_replicates
from services.evaluator.domain.text.strictness import Strictness

SHOWN_OF_EACH = 100
EXACT_LINES, CHARACTERS = "exact_match", "characters"
ANY_CASE = "_any_case"
Reads = tuple[Located, Located]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLine(LinePlace):
    """A true line that the second version reads with fewer or more wrong signs than the first.

    ``before`` and ``now`` are what each read, in parts; a line that was not found is all wrong.
    """

    before: tuple[TextPart, ...]
    now: tuple[TextPart, ...]
    errors_before: int
    errors_now: int


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """Lines read better and worse, and up to 100 of each, the largest change first."""

    better: int
    worse: int
    samples: tuple[ChangedLine, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    truth: int
    errors: int
    parts: tuple[TextPart, ...]


def line_figures(
    pair: Reads, *, cased: bool, replicates: int, seed: int = 0
) -> dict[str, Difference]:
    """Lines read without error and characters read right, as they decide and the other way.

    The first two take letters of either case for one where case cannot be judged, and are then
    called so; the others say what they leave aside.
    """
    figures: dict[str, Difference] = {}
    for case in (cased, not cased):
        strictness = Strictness(case=case)
        counts = [text_figures(one, strictness).by_image for one in pair]
        told = _differences(counts, replicates=replicates, seed=seed)
        figures |= {name + ("" if case else ANY_CASE): one for name, one in told.items()}
    return figures


def compare_lines(pair: Reads, *, cased: bool, replicates: int) -> Comparison:
    """Compare two versions of the same true lines on the same images."""
    images = pair[0].lines.evaluation.arranged.images
    figures = line_figures(pair, cased=cased, replicates=replicates)
    counts = [text_figures(one, Strictness(case=cased)).by_image for one in pair]
    first, second = (_wrong_lines(one) for one in counts)
    better, worse = int((second < first).sum()), int((second > first).sum())
    return Comparison(images, figures, better, worse, sign_test(better, worse))


def changed_lines(
    pair: Reads, strictness: Strictness, names: tuple[str, ...] | None
) -> ChangedLines:
    """List the true lines that are read better or worse than before."""
    first, second = (_by_source(one, strictness) for one in pair)
    places = Places.of(pair[1].lines, names)
    moved = [
        (second[source].errors - line.errors, line, second[source])
        for source, line in first.items()
        if source in second and second[source].errors != line.errors
    ]
    moved.sort(key=lambda one: -abs(one[0]))
    better = [one for one in moved if one[0] < 0]
    worse = [one for one in moved if one[0] > 0]
    samples = tuple(
        ChangedLine(
            **places.fields(now.truth, -1),
            before=before.parts,
            now=now.parts,
            errors_before=before.errors,
            errors_now=now.errors,
        )
        for _, before, now in (*better[:SHOWN_OF_EACH], *worse[:SHOWN_OF_EACH])
    )
    return ChangedLines(len(better), len(worse), samples)


def _by_source(located: Located, strictness: Strictness) -> dict[int, _Line]:
    """What became of each true line with a text, by its place in the input."""
    lines, source = located.lines, located.lines.evaluation.arranged.truth_source
    out = {}
    for det, truth in zip(located.found.tolist(), located.truth.tolist(), strict=True):
        if written := lines.written(truth):
            pairs = align(written, lines.read(det), strictness)
            errors = sum(1 for one in pairs if one.wrong)
            out[int(source[truth])] = _Line(truth, errors, parts_of(pairs))
    for truth in located.missed.tolist():
        if written := lines.written(truth):
            out[int(source[truth])] = _Line(
                truth, len(written), (TextPart(written, "", wrong=True),)
            )
    return out


def _wrong_lines(counts: Ints) -> Ints:
    """Lines of each image that were not read without error, or found where there are none."""
    _, false, _, written, exact, _, _, _ = counts.T
    out: Ints = false + written - exact
    return out


def _differences(counts: list[Ints], *, replicates: int, seed: int) -> dict[str, Difference]:
    images = len(counts[0])
    draws = draw_images(images, replicates, seed=seed)
    plain = [_rates(one, once(images)) for one in counts]
    first, second = (_rates(one, draws) for one in counts)
    return {
        name: differing(
            float(plain[0][name][0]),
            float(plain[1][name][0]),
            second[name] - first[name],
            draws.drawn,
            bounds=(-np.inf, np.inf),
        )
        for name in first
    }


def _rates(counts: Ints, draws: Draws) -> dict[str, Floats]:
    figures = text_replicates(counts, draws)
    return {EXACT_LINES: figures["exact_match"], CHARACTERS: 1 - figures["cer_end_to_end"]}
