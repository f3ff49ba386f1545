"""Settings of the trainer."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.jobs.queue import LEASE_S
from shared.settings import StoreSettings


class TrainerSettings(BaseSettings):
    """How this deployment trains.

    ``weights`` is a site's own folder of pretrained backbones (``LOUPE_WEIGHTS``); what it lacks is
    taken from installed packages, and last from torchvision's hub when ``use_hub`` allows it.
    ``plugins`` is the operator's folder of custom losses (``LOUPE_PLUGINS``).
    ``start`` ``backbone`` prefers a site's own backbone to the start of a whole detector.
    ``epochs`` instead of ``budget_s`` fixes a training by its passes: as good on a busy machine.
    ``threads`` 0 takes every core, ``device`` ``auto`` a GPU where the worker has one.
    ``job_template`` is the Kubernetes Job that gives a waiting training its worker, and
    ``one_training`` is set in that Job: its worker takes one training and ends.
    ``lease_s`` is how long the training of a worker that fell silent waits for the next worker; of
    one that is known to be dead (``shared.holder``) it does not wait.
    """

    model_config = SettingsConfigDict(
        env_prefix="LOUPE_TRAINER_",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    weights: Path | None = Field(default=None, validation_alias="LOUPE_WEIGHTS")
    plugins: Path | None = Field(default=None, validation_alias="LOUPE_PLUGINS")
    use_hub: bool = True
    budget_s: float = Field(default=600.0, gt=0)
    epochs: int | None = Field(default=None, ge=1, le=1000)
    start: Literal["detector", "backbone"] = "detector"
    threads: int = Field(default=0, ge=0, le=256)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    cache_mib: int = Field(default=2048, ge=16)
    checkpoint_every_s: float = Field(default=10.0, ge=0)
    lease_s: float = Field(default=LEASE_S, ge=2)
    poll_s: float = Field(default=0.5, gt=0)
    work_folder: Path | None = None
    job_template: Path | None = None
    namespace: str = "default"
    max_jobs: int = Field(default=4, ge=1)
    one_training: bool = False

    def staging_folder(self) -> Path:
        """Return the folder for the files of attempts while they last."""
        return self.work_folder or StoreSettings().data / "work" / "trainer"
