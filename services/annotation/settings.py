"""Settings of the annotation service."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import StoreSettings


class AnnotationSettings(BaseSettings):
    """Bounds of imports; ``staging`` is a local folder, by default beside the data.

    ``kept_archives_mib`` is for the archives of one project that wait to be imported.
    """

    model_config = SettingsConfigDict(env_prefix="LOUPE_ANNOTATION_", frozen=True, extra="ignore")

    staging: Path | None = None
    max_archive_mib: int = Field(default=512, ge=1)
    kept_archives_mib: int = Field(default=2048, ge=1)
    parser_memory_mib: int = Field(default=1024, ge=128)
    parser_wall_s: float = Field(default=120.0, gt=0)
    parsers: int = Field(default=2, ge=1, le=64)

    def staging_folder(self) -> Path:
        """Return the folder for archives on their way in and out."""
        return self.staging or StoreSettings().data / "staging" / "annotation"
