"""Settings fail at start: a wrong deployment dies in a second with a line that says why."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PLACEHOLDERS = ("changeme", "change-me", "secret", "password", "minioadmin", "example")


def refuse_weak_secret(value: SecretStr) -> SecretStr:
    """Return ``value``; raise ValueError for a placeholder or fewer than 32 characters."""
    text = value.get_secret_value()
    if len(text) < 32 or any(word in text.lower() for word in _PLACEHOLDERS):
        raise ValueError("must be at least 32 random characters and no placeholder")
    return value


class StoreSettings(BaseSettings):
    """Which stores the services stand on; the same for every service of a deployment."""

    model_config = SettingsConfigDict(env_prefix="LOUPE_", frozen=True, extra="ignore")

    stores: Literal["embedded", "cluster"] = "embedded"
    data: Path = Path("data")
    kafka_servers: str = "localhost:9092"
    mongo_url: SecretStr = SecretStr("mongodb://localhost:27017")
    mongo_database: str = "loupe"
    s3_endpoint: str = "localhost:9000"
    s3_bucket: str = "loupe"
    s3_access_key: str = ""
    s3_secret_key: SecretStr = SecretStr("")
    s3_secure: bool = False


class HttpSettings(BaseSettings):
    """What every HTTP face needs."""

    model_config = SettingsConfigDict(env_prefix="LOUPE_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    token_secret: SecretStr

    _strong = field_validator("token_secret")(refuse_weak_secret)
