"""How well found objects are outlined and counted."""

from dataclasses import dataclass
from typing import Annotated

from services.evaluator.domain.numbers.figure import ABSENT, SomeFigure
from services.evaluator.domain.numbers.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPrecisions:
    """AP by other overlaps: of the bands along mask outlines, and of rotated boxes."""

    boundary_map: SomeFigure = None
    boundary_map_50: SomeFigure = None
    map_rotated: SomeFigure = None
    map_50_rotated: SomeFigure = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality(OtherPrecisions):
    """Means over right detections; only masks have boundary and shape figures.

    ``tightness`` is the part of the predicted area that is target, ``coverage`` the part of the
    target that is predicted. The count error is predicted minus labelled objects an image: its
    mean size, its bias, and how often it is 0. ``intervals`` are by figure.
    """

    iou: SomeFigure = None
    tightness: SomeFigure = None
    coverage: SomeFigure = None
    boundary_iou: SomeFigure = None
    boundary_f: SomeFigure = None
    shape: SomeFigure = None
    count_mean_absolute: SomeFigure = None
    count_bias: SomeFigure = None
    count_exact_rate: SomeFigure = None
    intervals: Annotated[dict[str, Interval] | None, ABSENT] = None
