"""Settings of tiling."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import StoreSettings


class TilingSettings(BaseSettings):
    """``staging`` is a local folder for tiles on their way out; it lies beside the data."""

    model_config = SettingsConfigDict(env_prefix="LOUPE_TILING_", frozen=True, extra="ignore")

    staging: Path | None = None
    look_every_s: float = Field(default=1.0, gt=0)

    def staging_folder(self) -> Path:
        """Return the folder for tiles on their way out."""
        return self.staging or StoreSettings().data / "staging" / "tiling"
