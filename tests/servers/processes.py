"""A server as a child process: start on a fixed port, wait until it answers, stop for certain."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class ServerError(RuntimeError):
    """A server did not start, or did not become ready in time; the message ends with its log."""


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class ServerProcess:
    """One server on this machine; `start` after `stop` brings it back with its data and address.

    Attributes:
        name: Short name, also of its log file.
        command: Program and arguments.
        folder: Data, configuration and log.
        is_ready: Called until it returns True; must not raise for a server that is still starting.
        environment: Added to this process's own environment.
        ends_with_parent: Have the kernel kill the server when this process dies.
    """

    name: str
    command: Sequence[str]
    folder: Path
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    ends_with_parent: bool = True
    pid: int | None = None
    _child: subprocess.Popen[bytes] | None = None

    def start(self, *, timeout_s: float = 180) -> None:
        """Start and wait until ready.

        Raises:
            ServerError: it exited, or did not answer within `timeout_s`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self._child = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=os.environ | dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if self.ends_with_parent else None,
            )
        self.pid = self._child.pid
        self._await_ready(time.monotonic() + timeout_s)

    def _await_ready(self, deadline: float) -> None:
        assert self._child is not None
        while not self.is_ready():
            if self._child.poll() is not None:
                raise ServerError(f"{self.name} exited at start: {self._log_tail()}")
            if time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"{self.name} was not ready in time: {self._log_tail()}")
            time.sleep(0.1)

    def stop(self, *, kill: bool = False, timeout_s: float = 20) -> None:
        """Stop, at once and without a clean shutdown where `kill`; nothing where not running."""
        if self._child is None:
            return
        self._child.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(timeout_s)
        self._child = None
        self.pid = None

    def dispose(self) -> None:
        """Stop for good."""
        self.stop(kill=True)

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        if self._child is not None:
            self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        if self._child is not None:
            self._child.send_signal(signal.SIGCONT)

    def _log_tail(self) -> str:
        return (self.folder / f"{self.name}.log").read_text(errors="replace")[-1500:]


def stop_pid(pid: int, *, started_with: str, timeout_s: float = 20) -> None:
    """Stop a process of an earlier run, if it still is the program `started_with`.

    A pid is reused sooner or later: one whose command line does not hold `started_with` is left.
    """
    if started_with not in command_line(pid):
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while started_with in command_line(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.1)


def command_line(pid: int) -> str:
    """The command line of a process, arguments parted by spaces; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
