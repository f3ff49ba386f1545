"""The errors worth looking at first, and corrected images that are watched."""

from dataclasses import dataclass, field
from typing import Literal

from services.evaluator.domain.numbers.figure import Figure
from services.evaluator.domain.objects.error_gallery import ErrorKind, ErrorRecord
from services.evaluator.domain.objects.error_pages import Mark
from services.evaluator.domain.objects.regressions import State


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of a detector: how many of each kind, and up to 20 of each kind and label."""

    counts: dict[ErrorKind, int]
    samples: tuple[ErrorRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakenImage:
    """An image that got a wrong label, with the score of that one."""

    kind: Literal["wrong_label"] = "wrong_label"
    image_id: str
    true_label: str
    predicted_label: str
    score: float


@dataclass(frozen=True, slots=True)
class MistakenImages:
    """Errors of a classifier: how many of each true label, and up to 20 of each."""

    counts: dict[str, int]
    samples: tuple[MistakenImage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissegmentedImage:
    """An image of a segmenter with parts that were found wrongly or missed, the largest first."""

    image_id: str
    name: str
    width: int
    height: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictReading:
    """How well a reader does where case and spaces are mistakes, or are not."""

    case: bool
    spaces: bool
    cer: Figure
    cer_end_to_end: Figure
    exact_match: Figure


@dataclass(frozen=True, slots=True)
class Regressions:
    """Corrected images by their id: what became of each, and who passes."""

    states: dict[str, State] = field(default_factory=dict)
    passes: dict[str, bool] = field(default_factory=dict)
