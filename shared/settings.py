"""Settings fail at start: a wrong deployment dies in a second with a line that says why."""

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

KafkaProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
KafkaMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True)
class KafkaSecurity:
    """How a client of Kafka proves who it is and whom it speaks to.

    Attributes:
        protocol: As the broker's listener has it.
        mechanism: Of the user's proof, for the two `SASL_` protocols.
        username: The user.
        password: Their secret.
        ca_file: PEM certificates to trust in place of the system's, for the two `SSL` protocols.
    """

    protocol: KafkaProtocol = "PLAINTEXT"
    mechanism: KafkaMechanism | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a combination that could not connect, or would be less safe."""
        user = bool(self.mechanism), bool(self.username), bool(self.password)
        if self.protocol.startswith("SASL_") and not all(user):
            raise ValueError(f"{self.protocol} needs a SASL mechanism, a username and a password")
        if not self.protocol.startswith("SASL_") and any(user):
            raise ValueError(f"{self.protocol} would leave out the SASL user: choose SASL_SSL")
        if self.ca_file is None:
            return
        if not self.protocol.endswith("SSL"):
            raise ValueError(f"{self.protocol} would not look at the CA file: choose an SSL one")
        if not self.ca_file.is_file():
            raise ValueError(f"the CA file {self.ca_file} is not there")

    def options(self) -> dict[str, Any]:
        """Return the arguments for every client of aiokafka: producer, consumer and admin."""
        options: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.endswith("SSL"):
            options["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
        if self.mechanism is not None:
            options["sasl_mechanism"] = self.mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options


class StoreSettings(BaseSettings):
    """Which stores the services stand on; the same for every service of a deployment."""

    # A variable that is empty counts as not set: compose and charts pass them on that way.
    model_config = SettingsConfigDict(
        env_prefix="LOUPE_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    stores: Literal["embedded", "cluster"] = "embedded"
    data: Path = Path("data")
    instance: str = ""
    """Names this process for good among its like; empty where it has no such name."""
    kafka_servers: str = "localhost:9092"
    kafka_security_protocol: KafkaProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: KafkaMechanism | None = None
    kafka_sasl_username: str = ""
    kafka_sasl_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None
    mongo_url: SecretStr = SecretStr("mongodb://localhost:27017")
    mongo_database: str = "loupe"
    s3_endpoint: str = "localhost:9000"
    s3_bucket: str = "loupe"
    s3_access_key: str = ""
    s3_secret_key: SecretStr = SecretStr("")
    s3_secure: bool = False
    s3_region: str = "us-east-1"
    store_user: str = ""
    """The service's own user in MongoDB and S3, where the URL and the S3 keys name no other."""
    store_password: SecretStr = SecretStr("")

    @property
    def kafka_security(self) -> KafkaSecurity:
        """The settings of Kafka's TLS and SASL as one."""
        return KafkaSecurity(
            self.kafka_security_protocol,
            self.kafka_sasl_mechanism,
            username=self.kafka_sasl_username,
            password=self.kafka_sasl_password.get_secret_value(),
            ca_file=self.kafka_ca_file,
        )

    @model_validator(mode="after")
    def _kafka_lets_us_in(self) -> Self:
        _ = self.kafka_security
        return self


Kept = Literal["history", "tests", "imports", "receipts", "audit"]
"""The kinds of documents that the operator may give a term."""


class KeepSettings(BaseSettings):
    """For how many days what is kept; 0 is for ever. What is deleted by a person goes anyway.

    Attributes:
        history_d: Steps of annotations that no annotation shows any more.
        tests_d: Test runs, and predictions, with what belongs to them.
        imports_d: Imports and their reports; archives go after a day in any case.
        receipts_d: What was asked for with an `Idempotency-Key`.
        audit_d: Entries of the audit log.
        dead_letters_d: Events that were set aside.
        events_d: Events on Kafka. Without it its topics stay as they are, and new ones keep all;
            with fewer days a service that is new, or was away for longer, misses what is gone.
    """

    model_config = SettingsConfigDict(
        env_prefix="LOUPE_KEEP_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    history_d: float = Field(default=0, ge=0)
    tests_d: float = Field(default=0, ge=0)
    imports_d: float = Field(default=0, ge=0)
    receipts_d: float = Field(default=30, ge=0)
    audit_d: float = Field(default=0, ge=0)
    dead_letters_d: float = Field(default=90, ge=0)
    events_d: float | None = Field(default=None, ge=0)

    def days(self, kind: Kept) -> float:
        """Return the term of a kind of documents; 0 is for ever."""
        terms: dict[Kept, float] = {
            "history": self.history_d,
            "tests": self.tests_d,
            "imports": self.imports_d,
            "receipts": self.receipts_d,
            "audit": self.audit_d,
        }
        return terms[kind]


DOOR_SECRETS = ("LOUPE_WORKSPACE_ADMIN_KEY", "LOUPE_WORKSPACE_SIGNING_KEY")
STORE_SECRETS = (
    "LOUPE_STORE_PASSWORD",
    "LOUPE_MONGO_URL",
    "LOUPE_S3_ACCESS_KEY",
    "LOUPE_S3_SECRET_KEY",
    "LOUPE_KAFKA_SASL_USERNAME",
    "LOUPE_KAFKA_SASL_PASSWORD",
)


def environment_without(names: Sequence[str]) -> dict[str, str]:
    """This process's environment for a child that needs no such secrets."""
    return {name: value for name, value in os.environ.items() if name not in names}


class HttpSettings(BaseSettings):
    """What every HTTP face needs.

    ``connections_per_source`` bounds what one address has open at once; 0 for a service that only
    a proxy talks to. ``trusted_proxies`` are the addresses and networks, with commas between, that
    are believed when they say whose request they pass on; ``*`` is everybody who reaches the port.
    ``token_keys`` is the address or the file of the public keys that tokens are checked with; the
    workspace itself, and a process that it is part of, need none.
    """

    model_config = SettingsConfigDict(env_prefix="LOUPE_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    connections_per_source: int = Field(default=1024, ge=0)
    trusted_proxies: str = ""
    token_keys: str = ""


class HostSettings(BaseSettings):
    """What the process around the services needs; with a ``metrics_port`` of 0 it tells none."""

    model_config = SettingsConfigDict(
        env_prefix="LOUPE_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    pulse_file: Path | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(default=0, ge=0, le=65535)
