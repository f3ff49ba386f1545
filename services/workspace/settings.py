"""Settings of the workspace."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkspaceSettings(BaseSettings):
    """``admin_key`` is the first tenant's first API key; where it is empty no key is made.

    ``signing_key`` is the file of the keys that sign tokens; by default one in the data folder,
    which is made where there is none.

    Every ``upkeep_h`` hours what nothing names is looked for, and goes after ``safe_age_h``; an
    ``upkeep_h`` of 0 leaves it all to `loupe collect`. ``compact_events`` drops events that every
    service has handled and newer ones replaced, where the log is ours.

    ``webhook_networks`` are networks, with commas between, that webhooks may point into beside
    public addresses, without TLS, too; certificates in ``webhook_ca_file`` are trusted beside the
    system's.
    """

    model_config = SettingsConfigDict(
        env_prefix="LOUPE_WORKSPACE_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    default_tenant: str = "default"
    admin_key: SecretStr = SecretStr("")
    signing_key: Path | None = None
    max_projects: int = 1000
    upkeep_h: float = Field(default=6.0, ge=0)
    safe_age_h: float = Field(default=72.0, ge=1)
    compact_events: bool = True
    webhook_networks: str = ""
    webhook_ca_file: Path | None = None
