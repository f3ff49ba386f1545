"""Stored predictions: what a version said about the held-out images, kept as a blob."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.shapes import MAX_POINTS, Point, Rle
from shared.contracts.snapshot import TilePlanSpec


class Detection(BaseModel):
    """One predicted object; ``box`` is (x1, y1, x2, y2) in pixels of the whole upright image.

    ``angle`` turns the box about its centre, in degrees, clockwise, as that of a shape does.
    """

    model_config = ConfigDict(frozen=True)

    label: str
    score: float
    box: tuple[float, float, float, float]
    rle: Rle | None = None
    angle: Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)] | None = None


class LabelMask(BaseModel):
    """All pixels of one label in an image; pixels of no label are background."""

    model_config = ConfigDict(frozen=True)

    label: str
    rle: Rle


class TextLine(BaseModel):
    """One line of text: its outline in pixels of the whole upright image, and what it says."""

    model_config = ConfigDict(frozen=True)

    points: tuple[Point, ...] = Field(min_length=3, max_length=MAX_POINTS)
    text: str
    score: float


class ImagePredictions(BaseModel):
    """All that was predicted of one image, and the time that the predictor took.

    Detection and instance segmentation: ``detections``, best first. Classification: ``scores`` of
    the whole image, one for each label of the version. Semantic segmentation: ``label_masks``. OCR:
    ``lines``.
    """

    model_config = ConfigDict(frozen=True)

    image_id: str
    detections: tuple[Detection, ...] = ()
    scores: tuple[float, ...] = ()
    label_masks: tuple[LabelMask, ...] = ()
    lines: tuple[TextLine, ...] = ()
    elapsed_ms: float = 0.0


class StoredPredictions(BaseModel):
    """Predictions of ``version`` on the held-out split, down to ``threshold``.

    ``tile_plan`` is how the predictor cut these images, where it did.
    """

    model_config = ConfigDict(frozen=True)

    version: str
    labels: tuple[str, ...]
    threshold: float
    tile_plan: TilePlanSpec | None = None
    images: tuple[ImagePredictions, ...]
