"""Two versions compared."""

from dataclasses import dataclass
from typing import Annotated, Self

from services.evaluator.api.schemas.sections import RegressionAnswer
from services.evaluator.domain.compared import Compared
from services.evaluator.domain.numbers.figure import ABSENT, Figure
from services.evaluator.domain.objects.comparison import Difference
from services.evaluator.domain.text.comparison import ChangedLines


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonAnswer:
    """Version ``second`` against ``first`` on the images both were judged on.

    Each is read at its own threshold, where neither makes more than ``false_per_image`` false
    detections an image. ``lines`` says of readers of text which lines changed.
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
    lines: Annotated[ChangedLines | None, ABSENT] = None

    @classmethod
    def of(cls, names: tuple[str, str], compared: Compared) -> Self:
        """Shape a comparison."""
        found, point = compared.found, compared.point
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
            regressions=RegressionAnswer.of(compared.states),
            lines=compared.lines,
        )
