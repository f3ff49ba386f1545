"""Two versions compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from services.evaluator.api.schemas.sections import RegressionAnswer
from services.evaluator.domain.objects.comparison import Comparison, Difference
from services.evaluator.domain.objects.regressions import State


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonAnswer:
    """Version ``second`` against ``first`` on the images both were judged on."""

    first: str
    second: str
    images: int
    figures: dict[str, Difference]
    images_better: int
    images_worse: int
    sign_test_p: float
    regressions: tuple[RegressionAnswer, ...]

    @classmethod
    def of(cls, names: tuple[str, str], found: Comparison, states: Mapping[str, State]) -> Self:
        """Shape a comparison."""
        return cls(
            first=names[0],
            second=names[1],
            images=found.images,
            figures=found.figures,
            images_better=found.images_better,
            images_worse=found.images_worse,
            sign_test_p=found.sign_test_p,
            regressions=RegressionAnswer.of(states),
        )
