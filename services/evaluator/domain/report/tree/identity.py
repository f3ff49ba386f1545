"""Whose report it is. One made on the command line belongs to nobody."""

from dataclasses import dataclass, fields
from typing import Annotated

from services.evaluator.domain.numbers.figure import ABSENT

SomeText = Annotated[str | None, ABSENT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The version judged; ``image_names`` are those of the evaluated images, in their order."""

    version: SomeText = None
    project_id: SomeText = None
    training_id: SomeText = None
    dataset_hash: SomeText = None
    task: SomeText = None
    revision: Annotated[int | None, ABSENT] = None
    image_names: Annotated[tuple[str, ...] | None, ABSENT] = None

    @classmethod
    def of(cls, report: "Identity") -> "Identity":
        """The identity alone of a report, which is more than that."""
        return cls(**{one.name: getattr(report, one.name) for one in fields(cls)})
