"""The folder that a standalone platform lives in: its secrets, its lock, who may look inside."""

import contextlib
import fcntl
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.workspace.adapters.signer import SIGNING_KEY, Signer
from services.workspace.domain.api_keys import key_id_of, make_key

ADMIN_KEY = "admin.key"
"""The file of the first API key."""

METRICS_PORT = "9464"
"""Where metrics are told unless LOUPE_METRICS_PORT says otherwise; 0 tells none."""

_FREE_BYTES = 2 << 30


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
        return self.data / ADMIN_KEY


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


def prepare(place: Place) -> contextlib.ExitStack:
    """Make the data folder with its secrets; return what keeps a second platform out while open.

    The lock is on the folder itself: there is no file that somebody could remove. What this process
    and its children make from now on is closed to other users of the machine.

    Raises CannotStart for a folder in use or of another user, a port that is taken, too little disk
    space, or a secret that cannot be used.
    """
    os.umask(0o077)
    with contextlib.ExitStack() as held:
        try:
            place.data.mkdir(parents=True, exist_ok=True)
            folder = os.open(place.data, os.O_RDONLY | os.O_DIRECTORY)
            held.callback(os.close, folder)
        except OSError as error:
            raise CannotStart(
                f"cannot write to {place.data} ({error.strerror}): set LOUPE_DATA to another folder"
            ) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(
                f"a platform already runs on {place.data}: stop it, or set LOUPE_DATA to another "
                "folder"
            ) from error
        _check_owners(place.data)
        _close_to_others(place.data)
        _check_disk(place.data)
        _check_port(place)
        _set_environment(place)
        return held.pop_all()


def _set_environment(place: Place) -> None:
    """Tell the services what the folder holds; what an operator has set is taken, and checked."""
    os.environ["LOUPE_STORES"] = "embedded"
    os.environ["LOUPE_DATA"] = str(place.data)
    os.environ["LOUPE_HOST"] = place.host
    os.environ["LOUPE_PORT"] = str(place.port)
    os.environ.setdefault("LOUPE_METRICS_PORT", METRICS_PORT)
    signing_key = Path(os.environ.get("LOUPE_WORKSPACE_SIGNING_KEY") or place.data / SIGNING_KEY)
    try:
        Signer(signing_key).public_keys()
    except (OSError, ValueError) as error:
        raise CannotStart(f"{signing_key}: {error}") from None
    key = os.environ.get("LOUPE_WORKSPACE_ADMIN_KEY", "")
    if key and key_id_of(key) is None:
        raise CannotStart(
            "LOUPE_WORKSPACE_ADMIN_KEY is not a key: make one with `loupe key`, or unset it"
        )
    if key:
        _keep(place.admin_key_file, key)  # the file holds the key that is valid, whoever made it
    else:
        key = _kept(place.admin_key_file, lambda: make_key().text)
    os.environ["LOUPE_WORKSPACE_ADMIN_KEY"] = key


def _check_owners(folder: Path) -> None:
    """Let nobody else own the folder or what lies in it: such a one could lay a key of theirs."""
    for path in (folder, *folder.iterdir()):
        if path.lstat().st_uid not in (0, os.geteuid()):
            raise CannotStart(
                f"{path} belongs to another user of this machine, who could read and change it: "
                f"take it over (chown -R {os.geteuid()} {folder}), or set LOUPE_DATA to another "
                "folder"
            )


def _close_to_others(folder: Path) -> None:
    """Close the folder and what lies in it to other users; what is deeper is behind these."""
    for path in (folder, *folder.iterdir()):
        if not path.is_symlink():
            with contextlib.suppress(PermissionError):  # its owner decides
                path.chmod(path.stat().st_mode & 0o700)


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Return the content of a secret file, made once and readable by its owner only."""
    with contextlib.suppress(FileNotFoundError):
        text = path.read_text().strip()
        if text:
            return text
    return _keep(path, make())


def _keep(path: Path, text: str) -> str:
    """Write a secret file, whole and readable by its owner only; return what it holds."""
    staged = path.with_suffix(".new")
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
