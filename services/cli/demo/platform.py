"""The platform that the demo talks to: the one that runs, or one that it starts itself."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from services.cli.client import Unreachable
from services.data_folder import ADMIN_KEY
from shared.tie import tied

_START_S = 60.0
_LOOK_S = 0.1
_STOP_S = 20.0
_ROOT = Path(__file__).resolve().parents[3]


@dataclass
class RunningPlatform:
    """A platform that answers; `child` is its process when the demo started it."""

    address: str
    key_file: Path
    child: subprocess.Popen[bytes] | None
    log: Path

    def check(self) -> None:
        """Raise Unreachable when the platform that the demo started has ended."""
        if self.child is not None and self.child.poll() is not None:
            raise Unreachable(f"the platform has ended: {last_line(self.log)} (see {self.log})")

    def wait(self) -> None:
        """Wait until the platform ends or the user interrupts."""
        if self.child is not None:
            self.child.wait()
            return
        while answers(self.address):
            time.sleep(1)

    def stop(self) -> None:
        """Stop the platform if the demo started it."""
        if self.child is None or self.child.poll() is not None:
            return
        self.child.terminate()
        try:
            self.child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def open_platform(address: str, data: Path) -> RunningPlatform:
    """Return the platform at `address`, starting one on `data` when none answers.

    Raises:
        Unreachable: It does not come up; the text says why in one line.
    """
    key_file, log = data / ADMIN_KEY, data / "logs" / "platform.log"
    if answers(address) and key_file.exists():
        return RunningPlatform(address, key_file, None, log)
    log.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + _START_S
    while True:
        platform = RunningPlatform(address, key_file, _start(log), log)
        try:
            _until_it_answers(platform, deadline)
        except Unreachable:
            # One that was killed a moment ago may still hold the folder or the port.
            if time.monotonic() > deadline - _START_S + _STOP_S:
                raise
            time.sleep(10 * _LOOK_S)
            continue
        return platform


def answers(address: str) -> bool:
    """Return whether a platform answers at `address`."""
    try:
        answer = httpx.get(f"{address}/healthz", timeout=2)
        return bool(answer.status_code == 200 and answer.json().get("status") == "alive")
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    try:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return "no reason given"
    return lines[-1].removeprefix("loupe: ") if lines else "no reason given"


def _start(log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603  our own program
            tied((sys.executable, "-m", "services", "run")),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=_ROOT,
            start_new_session=True,  # Ctrl-C reaches the demo, which stops the platform in order
        )


def _is_ready(address: str) -> bool:
    """Return whether somebody can sign in: the first key is stored a moment after it answers."""
    try:
        return httpx.get(f"{address}/api/workspace/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _until_it_answers(platform: RunningPlatform, deadline: float) -> None:
    while not (_is_ready(platform.address) and platform.key_file.exists()):
        if platform.child is not None and platform.child.poll() is not None:
            raise Unreachable(last_line(platform.log))
        if time.monotonic() > deadline:
            platform.stop()
            raise Unreachable(
                f"the platform did not start in {_START_S:.0f} s (see {platform.log})"
            )
        time.sleep(_LOOK_S)
