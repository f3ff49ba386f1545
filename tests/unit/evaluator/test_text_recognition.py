"""OCR figures on worked examples."""

from collections.abc import Sequence

import numpy as np
import pytest
from scenes import samples

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.text.alignment import align
from services.evaluator.domain.text.comparison import changed_lines, compare_lines
from services.evaluator.domain.text.misread import misread_lines
from services.evaluator.domain.text.recognition import Lines, Located, text_figures
from services.evaluator.domain.text.strictness import EVERY, Strictness

LINE, BELOW, AWAY = (10.0, 10.0, 80.0, 10.0), (10.0, 30.0, 80.0, 10.0), (10.0, 90.0, 80.0, 10.0)


def located(given: Evaluation, written: Sequence[str], read: Sequence[str]) -> Located:
    return Located.at(Lines(given, written, read), threshold=0.5)


def page(lines: int) -> Evaluation:
    """Lines below one another, each found where it is."""
    boxes = [(10.0, 20.0 * k, 80.0, 10.0) for k in range(lines)]
    rows = [(0, 0, box, 0.9) for box in boxes]
    return evaluate(samples([(0, 0, box) for box in boxes], rows, labels=("text",)))


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("你好", "你们好", 1)],
)
def test_edit_distances_are_levenshteins(first: str, second: str, distance: int) -> None:
    for pair in ((first, second), (second, first)):
        assert sum(one.wrong for one in align(*pair)) == distance


def test_an_alignment_spells_both_texts() -> None:
    r = np.random.default_rng(0)
    for _ in range(50):
        texts = ["".join(r.choice(list("abcd"), int(r.integers(0, 12)))) for _ in range(2)]
        pairs = align(*texts)
        assert "".join(one.truth for one in pairs) == texts[0]
        assert "".join(one.read for one in pairs) == texts[1]


def test_figures_of_three_lines() -> None:
    given = samples(
        [(0, 0, LINE), (0, 0, BELOW), (0, 0, AWAY)],
        [(0, 0, LINE, 0.9), (0, 0, BELOW, 0.8), (0, 0, (150.0, 150.0, 30.0, 9.0), 0.7)],
        labels=("text",),
    )
    figures = text_figures(
        located(evaluate(given), ["TOTAL", "10.00", "ab"], ["TOTAL", "1O.0", "zz"])
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
    figures = text_figures(located(evaluate(given), ["AB", "", ""], ["AC", "smudge"]))
    assert (figures.precision, figures.recall) == (1.0, pytest.approx(2 / 3))
    assert (figures.cer, figures.cer_end_to_end, figures.exact_match) == (0.5, 0.5, 0.0)
    assert figures.confusions == [("B", "C", 1)]


def test_nothing_read_and_nothing_written_are_undefined() -> None:
    given = evaluate(samples([], [], labels=("text",)))
    figures = text_figures(located(given, [], []))
    assert np.isnan([figures.precision, figures.recall, figures.cer, figures.exact_match]).all()


def test_a_text_for_each_line_is_needed() -> None:
    given = evaluate(samples([(0, 0, LINE)], [], labels=("text",)))
    with pytest.raises(BadSamples, match="one text for each line"):
        Lines(given, [], [])


def test_case_and_spaces_are_mistakes_or_not() -> None:
    """Of 4 + 4 + 3 signs one of the second line and the space of the first are read otherwise."""
    lines = located(page(3), ["10 K", "LOT7", "EXP"], ["10K", "lot7", "EXP"])
    told = {(one.case, one.spaces): text_figures(lines, one) for one in EVERY}
    wrong = {strictness: round(figures.cer * 11) for strictness, figures in told.items()}
    assert wrong[True, True] == 4
    assert wrong[False, True] == 1
    assert told[True, False].cer == pytest.approx(3 / 10)  # a space is no sign then
    assert told[False, False].cer == 0.0
    exact = {strictness: figures.exact_match for strictness, figures in told.items()}
    assert exact == {
        (True, True): pytest.approx(1 / 3),
        (True, False): pytest.approx(2 / 3),
        (False, True): pytest.approx(2 / 3),
        (False, False): 1.0,
    }


def test_misread_lines_say_which_signs_differ_the_worst_first() -> None:
    """A line with one wrong sign, a missed one, one on nothing, a good one, an unreadable one."""
    rows = [(0, 0, LINE), (0, 0, BELOW), (0, 0, AWAY), (0, 0, (10.0, 110.0, 80.0, 10.0))]
    nothing = (150.0, 150.0, 30.0, 9.0)
    found = [(0, 0, LINE, 0.9), (0, 0, AWAY, 0.8), (0, 0, nothing, 0.7)]
    given = evaluate(samples(rows, found, labels=("text",)))
    lines = located(given, ["10.00", "TOTAL", "cash", ""], ["1O.00", "CASH", "xx"])
    told = misread_lines(lines, Strictness(case=False), ("a.png",))
    assert told.counts == {"wrong_sign": 1, "missed": 2, "false": 1}
    kinds = [(one.kind, one.errors, one.score) for one in told.samples]
    assert kinds == [
        ("missed", 5, None),
        ("false", 2, 0.7),
        ("wrong_sign", 1, 0.9),
        ("missed", 0, None),
    ]
    wrong = told.samples[2]
    spelt = [(part.truth, part.read, part.wrong) for part in wrong.parts]
    assert spelt == [("1", "1", False), ("0", "O", True), (".00", ".00", False)]
    assert (wrong.name, wrong.box) == ("a.png", (10.0, 10.0, 90.0, 20.0))
    assert told.samples[3].parts == ()


def test_lines_that_changed_are_told_apart_from_those_that_did_not() -> None:
    """Better: a sign less wrong. Worse: not found any more. Alike: in another case."""
    written = ["10.00", "TOTAL", "CASH"]
    before = located(page(3), written, ["1O.O0", "TOTAL", "CASH"])
    two = [(0, 0, (10.0, 20.0 * k, 80.0, 10.0)) for k in range(3)]
    found = [(*two[0], 0.9), (*two[2], 0.9)]
    given = evaluate(samples(two, found, labels=("text",)))
    now = located(given, written, ["1O.00", "cash"])
    told = changed_lines((before, now), Strictness(case=False), None)
    assert (told.better, told.worse) == (1, 1)
    rows = [(one.errors_before, one.errors_now, one.box[1]) for one in told.samples]
    assert rows == [(2, 1, 0.0), (0, 5, 20.0)]
    assert "".join(part.read for part in told.samples[0].before) == "1O.O0"
    assert told.samples[1].now[0].read == ""
    compared = compare_lines((before, now), cased=False, replicates=10)
    assert [*compared.figures] == [
        "exact_match_any_case",
        "characters_any_case",
        "exact_match",
        "characters",
    ]
    assert (compared.images_better, compared.images_worse) == (0, 1)
    assert compared.figures["exact_match"].second == 0.0
    assert compared.figures["exact_match_any_case"].second == pytest.approx(1 / 3)
