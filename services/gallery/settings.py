"""Settings of the gallery."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import StoreSettings


class GallerySettings(BaseSettings):
    """Bounds of what uploads may take.

    ``staging`` is a local folder for files on their way in; by default it lies beside the data.
    All decoders together are given files of ``decode_memory_mib`` of predicted memory at a time,
    and none of them can take more than ``decoder_mib``, which the dearest legal image needs.
    ``max_images`` and ``max_gib`` are what one tenant may keep; what deleted images leave is
    removed after ``grace_h`` hours. A client that sends nothing for
    ``idle_s`` seconds, or less than ``min_bytes_per_s`` on average, is not waited for.
    """

    model_config = SettingsConfigDict(env_prefix="LOUPE_GALLERY_", frozen=True, extra="ignore")

    staging: Path | None = None
    decoders: int = Field(default=min(4, os.cpu_count() or 1), ge=1, le=64)
    decode_memory_mib: int = Field(default=1536, ge=256)
    decoder_mib: int = Field(default=1536, ge=64)
    max_images: int = Field(default=1_000_000, ge=1)
    max_gib: float = Field(default=2048, gt=0)
    grace_h: float = Field(default=24, ge=0)
    idle_s: float = Field(default=30, gt=0)
    min_bytes_per_s: int = Field(default=1024, ge=0)

    def staging_folder(self) -> Path:
        """Return the folder for files on their way in."""
        return self.staging or StoreSettings().data / "staging" / "gallery"
