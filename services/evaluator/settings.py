"""Settings of the evaluator."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class EvaluatorSettings(BaseSettings):
    """Bounds of one report.

    ``max_detections`` is kept per image and label: above COCO's 100, because an industrial image
    can hold hundreds of targets. ``looked_at`` images at most are decoded for brightness and focus.
    With ``console_url`` (https://loupe.example) the images on a page link to their annotation.
    """

    model_config = SettingsConfigDict(env_prefix="LOUPE_EVALUATOR_", frozen=True, extra="ignore")

    max_detections: int = Field(default=1000, ge=1)
    replicates: int = Field(default=500, ge=0, le=10_000)
    looked_at: int = Field(default=200, ge=0)
    console_url: str = ""
    kept_evaluations: int = Field(default=8, ge=1)
    lease_s: float = Field(default=60.0, gt=0)
