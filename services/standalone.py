"""Every service in one process: the embedded size, on one folder that is its own backup.

The only module that imports all services. The trainer's long work runs in a child process, so that
a crash there never takes the platform down; Triton is a child of the inference service.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from starlette.types import ASGIApp

from services.annotation.app import build as annotation
from services.evaluator.app import build as evaluator
from services.gallery.app import build as gallery
from services.inference.app import build as inference
from services.tiling.app import build as tiling
from services.trainer.app import build as trainer
from services.workspace.app import build as workspace
from services.workspace.domain.api_keys import make_key
from shared.hosting.host import Build, run
from shared.http.app import problem_page
from shared.http.console import Console
from shared.telemetry import logger

BUILDS: tuple[Build, ...] = (
    workspace,
    gallery,
    tiling,
    annotation,
    trainer,
    evaluator,
    inference,
)
CONSOLE = Path(__file__).parent / "console" / "dist"

_FREE_BYTES = 2 << 30
_PR_SET_PDEATHSIG = 1
_RESTART_S = (0.5, 1.0, 2.0, 5.0, 10.0)

log = logger(__name__)


class CannotStart(Exception):
    """The platform cannot start; the text is one line that says what to do."""


@dataclass(frozen=True)
class Place:
    """Where a standalone platform lives and answers."""

    data: Path
    host: str
    port: int

    @property
    def address(self) -> str:
        """Return the address for browsers and clients."""
        return f"http://{self.host}:{self.port}"

    @property
    def admin_key_file(self) -> Path:
        """Return the file that holds the first API key."""
        return self.data / "admin.key"


def place_from_environment() -> Place:
    """Return the place that LOUPE_DATA, LOUPE_HOST and LOUPE_PORT name.

    Raises CannotStart for a port that is no number from 1 to 65535.
    """
    port = os.environ.get("LOUPE_PORT", "8080")
    if not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise CannotStart(f"LOUPE_PORT is {port!r}: set it to a number from 1 to 65535")
    return Place(
        Path(os.environ.get("LOUPE_DATA", "data")).resolve(),
        os.environ.get("LOUPE_HOST", "127.0.0.1"),
        int(port),
    )


def prepare(place: Place) -> IO[str]:
    """Make the data folder with its secrets; return the lock that keeps a second platform out.

    Raises CannotStart for a folder in use, a port that is taken, or too little disk space.
    """
    try:
        place.data.mkdir(parents=True, exist_ok=True)
        lock = (place.data / ".lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"cannot write to {place.data} ({error.strerror}): set LOUPE_DATA to another folder"
        ) from error
    with contextlib.ExitStack() as held:
        held.enter_context(lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(
                f"a platform already runs on {place.data}: stop it, or set LOUPE_DATA to another "
                "folder"
            ) from error
        _check_disk(place.data)
        _check_port(place)
        held.pop_all()
    os.environ["LOUPE_STORES"] = "embedded"
    os.environ["LOUPE_DATA"] = str(place.data)
    os.environ["LOUPE_HOST"] = place.host
    os.environ["LOUPE_PORT"] = str(place.port)
    os.environ.setdefault(
        "LOUPE_TOKEN_SECRET", _kept(place.data / "token.secret", lambda: secrets.token_hex(32))
    )
    os.environ.setdefault(
        "LOUPE_WORKSPACE_ADMIN_KEY", _kept(place.admin_key_file, lambda: make_key().text)
    )
    return lock


async def serve(place: Place, *, ready: Callable[[], None] = lambda: None) -> None:
    """Run the platform until SIGTERM or SIGINT."""
    rest: ASGIApp = (
        Console(CONSOLE)
        if CONSOLE.is_dir()
        else problem_page("the console is not built (run `make console`)")
    )
    command = (sys.executable, "-m", "services.trainer", "work")
    await run(
        BUILDS,
        ("api", "consume"),
        rest=rest,
        extra={"trainer.worker": lambda: keep_running(command)},
        ready=ready,
    )


async def keep_running(command: Sequence[str]) -> None:
    """Keep a child process alive until cancelled; it never outlives this process."""
    failures = 0
    while True:
        began = asyncio.get_running_loop().time()
        child = await asyncio.create_subprocess_exec(*command, preexec_fn=_die_with_parent)
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await _stop(child)
            raise
        lived_s = asyncio.get_running_loop().time() - began
        failures = 0 if lived_s > 60 else failures + 1
        wait_s = _RESTART_S[min(failures, len(_RESTART_S) - 1)]
        log.warning("child.ended", command=" ".join(command[1:]), code=code, wait_s=wait_s)
        await asyncio.sleep(wait_s)


async def _stop(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        async with asyncio.timeout(8):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Return the content of a secret file, made once and readable by its owner only."""
    with contextlib.suppress(FileNotFoundError):
        text = path.read_text().strip()
        if text:
            return text
    staged = path.with_suffix(".new")
    text = make()
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    staged.rename(path)
    return text


def _check_disk(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _FREE_BYTES:
        raise CannotStart(
            f"only {free >> 20} MiB are free under {folder}, at least {_FREE_BYTES >> 20} are "
            "needed: free some, or set LOUPE_DATA to another disk"
        )


def _check_port(place: Place) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port))
        except OSError as error:  # gaierror of a wrong LOUPE_HOST, too
            raise CannotStart(
                f"{place.host}:{place.port} cannot be used ({error.strerror}): stop what listens "
                "there, or set LOUPE_PORT (and LOUPE_HOST)"
            ) from error
