"""Kills the containers of a composition, each in a stage of the loop, and sees them come back."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from services.cli.demo.screen import Show, Stage

PLAN = (
    ("upload images", "gallery"),
    ("import annotations", "annotation"),
    ("train V1", "trainer-worker"),
    ("train V1", "workspace"),
    ("train V1", "tiling"),
    ("train V1", "console"),
    ("report", "evaluator"),
    ("deploy", "inference"),
    ("upload unseen", "minio"),
    ("test unseen", "triton"),
    ("correct", "documents"),
    ("retraining fires", "kafka"),
    ("train V2", "trainer"),
)
"""How a stage's title begins, and what is killed in it."""

_HINT = (
    "Start the composition first, in this folder (docs/guides/deployment.md); where Docker has no"
    " `compose` of its own: make e2e-compose COMPOSE=docker-compose"
)
_LONG_STAGE = "train"
_DOWN_S = 2.0
_QUIET_S = 4.0
_BACK_S = 120.0
_LOOK_S = 0.5


def say(text: str) -> None:
    """Print one line with the time."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


class Containers(Protocol):
    """The running composition, by service name."""

    def kill(self, service: str) -> None:
        """SIGKILL, with no word of warning; raise CalledProcessError when that fails."""
        ...

    def start(self, service: str) -> None:
        """Start it again, as an orchestrator would; raise CalledProcessError."""
        ...

    def is_back(self, service: str) -> bool:
        """Tell whether it is healthy, and so is everything else."""
        ...


class ComposedContainers:
    """The containers of docker compose; `ready` tells whether the services say so themselves."""

    def __init__(self, ready: Callable[[], bool]) -> None:
        self._docker = os.environ.get("DOCKER", "docker").split()
        self._compose = os.environ.get("COMPOSE", "docker compose").split()
        self._ready = ready

    def kill(self, service: str) -> None:
        """SIGKILL. The engine leaves alone what a person killed."""
        _output([*self._docker, "kill", self._id_of(service)])

    def start(self, service: str) -> None:
        """Start the same container again."""
        _output([*self._docker, "start", self._id_of(service)])

    def is_back(self, service: str) -> bool:
        """Ask the container's health check, and every service's own word."""
        state = [*self._docker, "inspect", "-f", "{{.State.Health.Status}}", self._id_of(service)]
        return _output(state) == "healthy" and self._ready()

    def find(self, services: Sequence[str]) -> None:
        """Look for every container; end the program with a hint where one is not there."""
        try:
            missing = [service for service in services if not self._id_of(service)]
        except (subprocess.CalledProcessError, OSError) as error:
            said = getattr(error, "stderr", "") or str(error)
            raise SystemExit(
                f"{' '.join(self._compose)} does not work: {said.strip()}\n{_HINT}"
            ) from error
        if missing:
            raise SystemExit(f"no container of {', '.join(missing)} is there\n{_HINT}")

    def _id_of(self, service: str) -> str:
        profiles = ["--profile", "infra", "--profile", "app"]
        return _output([*self._compose, *profiles, "ps", "-a", "-q", service])


@dataclass(frozen=True)
class Pace:
    """Times in seconds: how long a victim stays down, the quiet after it, and the patience."""

    down_s: float = _DOWN_S
    quiet_s: float = _QUIET_S
    back_s: float = _BACK_S


class Killer:
    """A thread that kills what is planned for the stage that the loop is in.

    Between two stages the loop waits until the last victim is back, and a new stage ends the quiet
    after it, so that each kill falls into its own stage. What a stage was too short for is killed
    in a later training.
    """

    def __init__(
        self,
        containers: Containers,
        plan: Sequence[tuple[str, str]] = PLAN,
        *,
        pace: Pace | None = None,
    ) -> None:
        self._containers = containers
        self._pace = pace or Pace()
        self._left = list(plan)
        self._reached: list[str] = []
        self._busy = self._over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="killer")
        self.problems: list[str] = []

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def enter(self, stage: str) -> None:
        """Say that the loop enters a stage; waits for the victim in hand."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
            self._reached.append(stage)
            self._changed.notify_all()

    def await_quiet(self) -> None:
        """Wait until nothing is planned any more for where the loop is."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy and self._due() is None)

    def finish(self) -> None:
        """Wait for the victim in hand and kill no more; what is left is a problem."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join()
        self.problems += [f"{service} was never killed" for _, service in self._left]
        self._left.clear()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over or self._due() is not None)
                due = self._due()
                if self._over or due is None:
                    return
                self._busy = True
                reached = len(self._reached)
            try:
                self._strike(due[1])
                self._left.remove(due)
            except (subprocess.SubprocessError, OSError) as error:
                said = (getattr(error, "stderr", "") or "").strip()
                self.problems.append(f"{due[1]} could not be killed and started: {error} {said}")
                self._left.remove(due)
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._rest(reached)

    def _rest(self, reached: int) -> None:
        self._changed.wait_for(
            lambda: self._over or len(self._reached) > reached, self._pace.quiet_s
        )

    def _due(self) -> tuple[str, str] | None:
        if not self._reached:
            return None
        now = self._reached[-1]
        for planned in self._left:
            is_late = any(stage.startswith(planned[0]) for stage in self._reached)
            if now.startswith(planned[0]) or (is_late and now.startswith(_LONG_STAGE)):
                return planned
        return None

    def _strike(self, service: str) -> None:
        self._containers.kill(service)
        killed = time.monotonic()
        say(f"killed {service} in the stage {self._reached[-1]!r}")
        time.sleep(self._pace.down_s)
        self._containers.start(service)
        while not self._containers.is_back(service):
            if time.monotonic() - killed > self._pace.back_s:
                self.problems.append(f"{service} is not back after {self._pace.back_s:.0f} s")
                say(self.problems[-1])
                return
            time.sleep(_LOOK_S)
        say(f"{service} is back after {time.monotonic() - killed:.0f} s")


class StagedShow(Show):
    """The demo's screen, which also tells the killer where the loop is."""

    killer: Killer | None = None

    @contextmanager
    def stage(self, title: str, total: float) -> Iterator[Stage]:
        """Show a bar for the length of the block."""
        if self.killer is not None:
            self.killer.enter(title)
        say(title)
        with super().stage(title, total) as stage:
            yield stage


def _output(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()
