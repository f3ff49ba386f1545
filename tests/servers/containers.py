"""The same servers as containers, for machines with a Docker engine and the images at hand."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from time import monotonic, sleep
from typing import Any

from tests.servers.processes import ServerError

IMAGES = {
    "kafka": os.environ.get("LOUPE_KAFKA_IMAGE", "apache/kafka:4.1.1"),
    "documents": os.environ.get("LOUPE_MONGO_IMAGE", "mongo:8.0.16"),
    "minio": os.environ.get("LOUPE_MINIO_IMAGE", "loupe/minio:local"),
}

MONGO_COMMAND = ("--replSet", "rs0", "--bind_ip_all")  # as in docker-compose.yml


def images_at_hand() -> bool:
    """Tell whether a Docker engine answers and holds all three images; nothing is pulled."""
    # By name: to a type checker our own folder `docker/` hides the package.
    docker = import_module("docker")
    errors = import_module("docker.errors")
    try:
        client = docker.from_env()
        for image in IMAGES.values():
            client.images.get(image)
    except (errors.ImageNotFound, errors.DockerException):
        return False
    return True


@dataclass
class ContainerServer:
    """A server in a container, on a fixed port of this machine so that a restart keeps its address.

    Attributes:
        image: Name and tag.
        inner_port: Where the server listens inside.
        port: Where it is reached from here.
        is_ready: As for a server process.
        environment: Variables of the container.
        command: Arguments in place of the image's own.
    """

    image: str
    inner_port: int
    port: int
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()
    _container: Any = None

    def start(self, *, timeout_s: float = 180) -> None:
        """Create the container, or start the stopped one; wait until ready."""
        if self._container is None:
            from testcontainers.core.config import testcontainers_config
            from testcontainers.core.container import DockerContainer

            # Its reaper is one more image to have; `dispose` removes what is started here.
            testcontainers_config.ryuk_disabled = True
            container = DockerContainer(self.image).with_bind_ports(self.inner_port, self.port)
            for key, value in self.environment.items():
                container = container.with_env(key, value)
            if self.command:
                container = container.with_command(list(self.command))
            self._container = container.start()
        else:
            self._container.get_wrapped_container().start()
        deadline = monotonic() + timeout_s
        while not self.is_ready():
            if monotonic() > deadline:
                logs = b"".join(self._container.get_logs())[-1500:].decode(errors="replace")
                raise ServerError(f"{self.image} was not ready in time: {logs}")
            sleep(0.2)

    def stop(self, *, kill: bool = False, timeout_s: float = 20) -> None:
        """Stop the container and keep its data for the next start."""
        if self._container is not None:
            inner = self._container.get_wrapped_container()
            if kill:
                inner.kill()
            else:
                inner.stop(timeout=int(timeout_s))

    def pause(self) -> None:
        """Freeze all processes of the container."""
        self._container.get_wrapped_container().pause()

    def resume(self) -> None:
        """Undo `pause`."""
        self._container.get_wrapped_container().unpause()

    def dispose(self) -> None:
        """Stop for good and drop the data."""
        if self._container is not None:
            self._container.stop()
            self._container = None
