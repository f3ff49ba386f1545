"""Kills the containers of a composition one after the other, and brings each one back."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

ORDER = (
    "gallery",
    "annotation",
    "kafka",
    "workspace",
    "documents",
    "trainer-worker",
    "tiling",
    "minio",
    "trainer",
    "evaluator",
    "inference",
    "triton",
    "console",
)
_DOWN_S = 2.0
_QUIET_S = 4.0
_BACK_S = 120.0


def say(text: str) -> None:
    """Print one line with the time."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


class Containers:
    """The running composition, by service name."""

    def __init__(self) -> None:
        self._docker = os.environ.get("DOCKER", "docker").split()
        self._compose = os.environ.get("COMPOSE", "docker compose").split()

    def id_of(self, service: str) -> str:
        """Return the container's id."""
        command = [*self._compose, "--profile", "infra", "--profile", "app", "ps", "-q", service]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def kill(self, container: str) -> None:
        """SIGKILL, with no word of warning."""
        subprocess.run([*self._docker, "kill", container], capture_output=True, check=True)

    def start(self, container: str) -> None:
        """Start it again, as an orchestrator would: the engine leaves what a person killed."""
        subprocess.run([*self._docker, "start", container], capture_output=True, check=True)


class Killer:
    """A thread that kills each container once; `finish` waits for the one in hand."""

    def __init__(
        self,
        containers: Containers,
        *,
        may_begin: Callable[[], bool],
        is_back: Callable[[], bool],
    ) -> None:
        self._containers = containers
        self._may_begin = may_begin
        self._is_back = is_back
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer")
        self.left = list(ORDER)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """Kill no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._may_begin() and not self._stop.wait(1.0):
            continue
        while self.left and not self._stop.wait(_QUIET_S):
            service = self.left.pop(0)
            container = self._containers.id_of(service)
            self._containers.kill(container)
            killed = time.monotonic()
            say(f"killed {service}")
            time.sleep(_DOWN_S)
            self._containers.start(container)
            while not self._is_back() and time.monotonic() - killed < _BACK_S:
                time.sleep(0.5)
            say(f"{service} is back after {time.monotonic() - killed:.0f} s")
