"""Where the tests take their servers from: running ones, containers, or programs built here."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.settings import KafkaSecurity
from tests.servers.brokers import Door, as_variables, broker_settings, locked_door
from tests.servers.catalogue import (
    documents_answer,
    documents_server,
    kafka_answers,
    kafka_server,
    minio_answers,
    minio_server,
)
from tests.servers.containers import IMAGES, MONGO_COMMAND, ContainerServer, images_at_hand
from tests.servers.installing import KAFKA, MINIO, MONGODB, Program, installed
from tests.servers.processes import free_port


class NoServers(Exception):
    """Neither containers nor built servers are at hand."""


class Server(Protocol):
    """What a test does to a server."""

    def start(self, *, timeout_s: float = 180) -> None:
        """Start, or start again with the same address and data; return when it answers."""
        ...

    def stop(self, *, kill: bool = False, timeout_s: float = 20) -> None:
        """Stop; with `kill` without any warning to it."""
        ...

    def dispose(self) -> None:
        """Stop for good and leave nothing running."""
        ...

    def pause(self) -> None:
        """Freeze."""
        ...

    def resume(self) -> None:
        """Undo `pause`."""
        ...


@dataclass(frozen=True)
class Access:
    """How to reach the S3 store."""

    endpoint: str
    access_key: str
    secret_key: str


def source(
    *,
    at_hand: Callable[[], bool] = images_at_hand,
    is_installed: Callable[[Program], bool] = installed,
) -> str:
    """Return `containers` or `programs`.

    Raises:
        NoServers: neither is at hand.
    """
    if at_hand():
        return "containers"
    if all(is_installed(program) for program in (KAFKA, MONGODB, MINIO)):
        return "programs"
    raise NoServers("no Docker engine with the images and no built servers: run `make servers`")


def kafka(folder: Path, door: Door | None = None) -> tuple[Server, str]:
    """Return a broker that is not started yet, and its bootstrap address."""
    if source() == "programs":
        return kafka_server(folder, door=door)
    port, door = free_port(), door or Door()
    address = f"127.0.0.1:{port}"
    settings = broker_settings(door, listen=":9092", address=address, inside=(9093, 9094))
    context = door.context
    ready = lambda: kafka_answers(port, context)  # noqa: E731  the same question as for the process
    return ContainerServer(IMAGES["kafka"], 9092, port, ready, as_variables(settings)), address


def locked_kafka(folder: Path) -> tuple[Server, tuple[str, KafkaSecurity]]:
    """Return a broker with TLS that asks for a user, not started yet, and how to be let in."""
    door = locked_door(folder / "door")
    server, address = kafka(folder / "kafka", door)
    return server, (address, door.security)


def documents(folder: Path) -> tuple[Server, str]:
    """Return a document store that is not started yet, and its MongoDB URL."""
    if source() == "programs":
        return documents_server(folder)
    port = free_port()
    # A replica set of one, whose member's name is no address from here.
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    ready = lambda: documents_answer(url)  # noqa: E731  the same question as for the process
    return ContainerServer(IMAGES["documents"], 27017, port, ready, {}, MONGO_COMMAND), url


def minio(folder: Path) -> tuple[Server, Access]:
    """Return an S3 store that is not started yet, and how to reach it."""
    if source() == "programs":
        process, access = minio_server(folder)
        return process, Access(**access)
    port = free_port()
    keys = Access(f"127.0.0.1:{port}", f"loupe{secrets.token_hex(4)}", secrets.token_urlsafe(24))
    environment = {
        "MINIO_ROOT_USER": keys.access_key,
        "MINIO_ROOT_PASSWORD": keys.secret_key,
        "MINIO_CI_CD": "1",
    }
    command = ["server", "/data", "--address", ":9000"]
    ready = lambda: minio_answers(port)  # noqa: E731  the same question as for the process
    server = ContainerServer(IMAGES["minio"], 9000, port, ready, environment, command)
    return server, keys


def required() -> bool:
    """Tell whether a missing server is a failure (in CI) rather than a reason to skip."""
    return os.environ.get("CI", "").lower() == "true"
