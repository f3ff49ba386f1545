"""How many more annotations: a known power law is found again."""

import pytest

from services.evaluator.domain.report.learning_curve import annotations_needed


@pytest.mark.parametrize("exponent", [0.3, 0.5, 0.9])
def test_a_power_law_is_extrapolated(exponent: float) -> None:
    def rate(count: int) -> float:
        return 1 - 2.0 * count**-exponent

    needed = round((2.0 / 0.1) ** (1 / exponent))
    counts = [needed // 8, needed // 4, needed // 2]
    estimate = annotations_needed([(count, rate(count)) for count in counts])
    assert estimate is not None
    assert estimate.basis == "fitted"
    assert estimate.more == pytest.approx(needed - counts[-1], rel=0.02)
    assert "guess" not in estimate.words("pit")["en"]


def test_one_version_gives_a_rough_estimate() -> None:
    estimate = annotations_needed([(100, 0.8)])
    assert estimate is not None
    assert estimate.basis == "assumed"
    assert estimate.more is not None
    assert 300 < estimate.more < 1000
    assert "a rough guess" in estimate.words("pit")["en"]
    assert "粗略估计" in estimate.words("pit")["zh-CN"]


def test_a_flat_curve_is_not_promised_to_rise() -> None:
    estimate = annotations_needed([(100, 0.5), (200, 0.5), (400, 0.5)])
    assert estimate is not None
    assert estimate.more is None
    assert "hardly" in estimate.words("pit")["en"]


def test_a_reached_target_needs_nothing() -> None:
    estimate = annotations_needed([(100, 0.93)])
    assert estimate is not None
    assert estimate.more == 0


@pytest.mark.parametrize("history", [[], [(0, 0.5)], [(10, float("nan"))]])
def test_no_points_give_no_estimate(history: list[tuple[int, float]]) -> None:
    assert annotations_needed(history) is None
