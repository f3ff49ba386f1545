"""Where the tests take their servers from: running ones, containers, or programs built here."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.servers.catalogue import (
    documents_answer,
    documents_server,
    kafka_answers,
    kafka_server,
    minio_answers,
    minio_server,
)
from tests.servers.containers import IMAGES, ContainerServer, images_at_hand
from tests.servers.installing import FERRETDB, KAFKA, MINIO, installed
from tests.servers.processes import free_port


class NoServers(Exception):
    """Neither containers nor built servers are at hand."""


class Server(Protocol):
    """What a test does to a server."""

    def start(self, *, timeout_s: float = 90) -> None:
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


def source() -> str:
    """Return `containers` or `programs`.

    Raises:
        NoServers: neither is at hand.
    """
    if images_at_hand():
        return "containers"
    if all(installed(program) for program in (KAFKA, FERRETDB, MINIO)):
        return "programs"
    raise NoServers("no Docker engine with the images and no built servers: run `make servers`")


def kafka(folder: Path) -> tuple[Server, str]:
    """Return a broker that is not started yet, and its bootstrap address."""
    if source() == "programs":
        return kafka_server(folder)
    port = free_port()
    environment = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "5",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    ready = lambda: kafka_answers(port)  # noqa: E731  the same question as for the process
    server = ContainerServer(IMAGES["kafka"], 9092, port, ready, environment)
    return server, f"127.0.0.1:{port}"


def documents(folder: Path) -> tuple[Server, str]:
    """Return a document store that is not started yet, and its MongoDB URL."""
    if source() == "programs":
        return documents_server(folder)
    port = free_port()
    url = f"mongodb://127.0.0.1:{port}/"
    return ContainerServer(IMAGES["documents"], 27017, port, lambda: documents_answer(url)), url


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
