"""Two versions compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from services.evaluator.api.schemas.sections import RegressionAnswer
from services.evaluator.domain.numbers.figure import Figure
from services.evaluator.domain.objects.comparison import Comparison, Difference
from services.evaluator.domain.objects.equal_alarms import EqualAlarms
from services.evaluator.domain.objects.regressions import State


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonAnswer:
    """Version ``second`` against ``first`` on the images both were judged on.

    Each is read at its own threshold, where neither makes more than ``false_per_image`` false
    detections an image.
    """

    first: str
    second: str
    images: int
    false_per_image: Figure
    first_threshold: float
    second_threshold: float
    figures: dict[str, Difference]
    images_better: int
    images_worse: int
    sign_test_p: float
    regressions: tuple[RegressionAnswer, ...]

    @classmethod
    def of(
        cls,
        names: tuple[str, str],
        found: Comparison,
        point: EqualAlarms,
        states: Mapping[str, State],
    ) -> Self:
        """Shape a comparison."""
        return cls(
            first=names[0],
            second=names[1],
            images=found.images,
            false_per_image=point.false_per_image,
            first_threshold=point.first.threshold,
            second_threshold=point.second.threshold,
            figures=found.figures,
            images_better=found.images_better,
            images_worse=found.images_worse,
            sign_test_p=found.sign_test_p,
            regressions=RegressionAnswer.of(states),
        )
