"""Corrected images are watched: fixed, still wrong, newly broken, still right."""

from scenes import samples

from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.regressions import image_passes, regression_states

BOX = (10.0, 10.0, 20.0, 20.0)


def test_an_image_passes_without_any_error() -> None:
    given = samples(
        [(0, 0, BOX), (1, 0, BOX), (2, 0, BOX)],
        [(0, 0, BOX, 0.9), (1, 1, BOX, 0.9), (3, 0, BOX, 0.9)],
        images=5,
    )
    result = evaluate(given).outcomes_at(threshold=0.5, iou_threshold=0.5)
    passes = image_passes(evaluate(given), result)
    assert passes == {"i0": True, "i1": False, "i2": False, "i3": False, "i4": True}


def test_states_compare_with_the_version_before() -> None:
    now = {"a": True, "b": False, "c": False, "d": True, "other": False}
    before = {"a": False, "b": False, "c": True, "d": True}
    states = regression_states(["a", "b", "c", "d", "unseen"], now, before)
    assert states == {
        "a": "fixed",
        "b": "still_wrong",
        "c": "newly_broken",
        "d": "still_right",
    }


def test_a_first_version_counts_as_wrong_before() -> None:
    assert regression_states(["a"], {"a": True}, {}) == {"a": "fixed"}
