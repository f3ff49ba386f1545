"""Stored predictions: what a version said about the held-out images, kept as a blob."""

from pydantic import BaseModel, ConfigDict

from shared.contracts.shapes import Rle
from shared.contracts.snapshot import TilePlanSpec


class Detection(BaseModel):
    """One predicted object; ``box`` is (x1, y1, x2, y2) in pixels of the whole upright image."""

    model_config = ConfigDict(frozen=True)

    label: str
    score: float
    box: tuple[float, float, float, float]
    rle: Rle | None = None


class ImagePredictions(BaseModel):
    """All detections of one image, best first, and the time that the predictor took."""

    model_config = ConfigDict(frozen=True)

    image_id: str
    detections: tuple[Detection, ...] = ()
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
