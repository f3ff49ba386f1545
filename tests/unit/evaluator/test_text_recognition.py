"""OCR figures on worked examples."""

import numpy as np
import pytest
from scenes import samples

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.text.alignment import align
from services.evaluator.domain.text.recognition import text_figures

LINE, BELOW, AWAY = (10.0, 10.0, 80.0, 10.0), (10.0, 30.0, 80.0, 10.0), (10.0, 90.0, 80.0, 10.0)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("你好", "你们好", 1)],
)
def test_edit_distances_are_levenshteins(first: str, second: str, distance: int) -> None:
    for pair in ((first, second), (second, first)):
        assert sum(a != b for a, b in align(*pair)) == distance


def test_an_alignment_spells_both_texts() -> None:
    r = np.random.default_rng(0)
    for _ in range(50):
        texts = ["".join(r.choice(list("abcd"), int(r.integers(0, 12)))) for _ in range(2)]
        pairs = align(*texts)
        assert "".join(a for a, _ in pairs) == texts[0]
        assert "".join(b for _, b in pairs) == texts[1]


def test_figures_of_three_lines() -> None:
    given = samples(
        [(0, 0, LINE), (0, 0, BELOW), (0, 0, AWAY)],
        [(0, 0, LINE, 0.9), (0, 0, BELOW, 0.8), (0, 0, (150.0, 150.0, 30.0, 9.0), 0.7)],
        labels=("text",),
    )
    figures = text_figures(
        evaluate(given),
        truth_texts=["TOTAL", "10.00", "ab"],
        found_texts=["TOTAL", "1O.0", "zz"],
        threshold=0.5,
    )
    assert figures.precision == pytest.approx(2 / 3)
    assert figures.recall == pytest.approx(2 / 3)
    assert figures.f1 == pytest.approx(2 / 3)
    assert figures.cer == pytest.approx(2 / 10)
    assert figures.cer_end_to_end == pytest.approx(4 / 12)
    assert figures.exact_match == pytest.approx(1 / 3)
    assert figures.confusions == [("0", "", 1), ("0", "O", 1)]


def test_a_line_that_nobody_can_read_is_to_be_found_and_no_more() -> None:
    """Two lines without a text: whatever is read in the one that is found is no mistake."""
    given = samples(
        [(0, 0, LINE), (0, 0, BELOW), (0, 0, AWAY)],
        [(0, 0, LINE, 0.9), (0, 0, BELOW, 0.8)],
        labels=("text",),
    )
    figures = text_figures(
        evaluate(given), truth_texts=["AB", "", ""], found_texts=["AC", "smudge"], threshold=0.5
    )
    assert (figures.precision, figures.recall) == (1.0, pytest.approx(2 / 3))
    assert (figures.cer, figures.cer_end_to_end, figures.exact_match) == (0.5, 0.5, 0.0)
    assert figures.confusions == [("B", "C", 1)]


def test_nothing_read_and_nothing_written_are_undefined() -> None:
    given = evaluate(samples([], [], labels=("text",)))
    figures = text_figures(given, truth_texts=[], found_texts=[], threshold=0.5)
    assert np.isnan([figures.precision, figures.recall, figures.cer, figures.exact_match]).all()


def test_a_text_for_each_line_is_needed() -> None:
    given = evaluate(samples([(0, 0, LINE)], [], labels=("text",)))
    with pytest.raises(BadSamples, match="one text for each line"):
        text_figures(given, truth_texts=[], found_texts=[], threshold=0.5)
