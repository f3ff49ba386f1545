"""Settings of the workspace."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkspaceSettings(BaseSettings):
    """``admin_key`` is the first tenant's first API key; where it is empty no key is made."""

    model_config = SettingsConfigDict(env_prefix="LOUPE_WORKSPACE_", frozen=True, extra="ignore")

    default_tenant: str = "default"
    admin_key: SecretStr = SecretStr("")
    max_projects: int = 1000
