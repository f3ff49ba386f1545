"""Settings of the gallery."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import StoreSettings


class GallerySettings(BaseSettings):
    """Bounds of what uploads may take.

    ``staging`` is a local folder for files on their way in; by default it lies beside the data.
    """

    model_config = SettingsConfigDict(env_prefix="LOUPE_GALLERY_", frozen=True, extra="ignore")

    staging: Path | None = None
    decoders: int = Field(default=min(4, os.cpu_count() or 1), ge=1, le=64)
    decode_memory_mib: int = Field(default=1536, ge=256)
    max_images: int = Field(default=1_000_000, ge=1)

    def staging_folder(self) -> Path:
        """Return the folder for files on their way in."""
        return self.staging or StoreSettings().data / "staging" / "gallery"
