"""How commands reach a running platform: its address, the key, and the project of a name."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from services.cli.client import ApiError, Client, Json, Unreachable
from services.cli.folders import NoData
from services.data_folder import ADMIN_KEY

WELL, WRONG, UNDER_WAY, INTERRUPTED = 0, 1, 3, 130  # exit codes; argparse says 2 of wrong usage


class CommandFailed(Exception):
    """What was asked for cannot be had; the text says why."""


class StillUnderWay(Exception):
    """The work goes on at the platform, and nobody waits for it any more."""


def add_access(parser: argparse.ArgumentParser) -> None:
    """Add what every command asks that speaks to a platform about one project."""
    parser.add_argument("--project", required=True, help="name of the project")
    parser.add_argument("--address", default=_address(), help="of the platform")
    parser.add_argument("--key-file", type=Path, default=_key_file(), help="holds the API key")


def same_access(args: argparse.Namespace) -> str:
    """Return the options that reach the same project again, as a shell takes them."""
    words = ["--project", args.project]
    if args.address != _address():
        words += ["--address", args.address]
    if args.key_file != _key_file():
        words += ["--key-file", str(args.key_file)]
    return shlex.join(words)


def signed_in(args: argparse.Namespace) -> Client:
    """Return a client of the platform that was named; raise NoData where there is no key."""
    return Client(args.address, read_key(args.key_file))


def read_key(path: Path) -> str:
    """Return the API key: of LOUPE_API_KEY, else of the file; raise NoData when there is none."""
    key = os.environ.get("LOUPE_API_KEY", "")
    if key:
        return key
    try:
        return path.read_text().strip()
    except OSError:
        raise NoData(
            f"no API key: set LOUPE_API_KEY, or start the platform, which writes {path}"
        ) from None


def find_project(client: Client, name: str) -> Json:
    """Return the project of that name, archived or not; raise CommandFailed when there is none."""
    for archived in ("false", "true"):
        for project in client.pages("/api/workspace/projects", name=name, archived=archived):
            if project["name"] == name:
                return project
    raise CommandFailed(f"there is no project {name!r}")


def find_or_create(client: Client, name: str, task: str) -> Json:
    """Return the project of that name; create it when there is none."""
    try:
        return find_project(client, name)
    except CommandFailed:
        return client.post("/api/workspace/projects", {"name": name, "task": task})


def ended(command: str, doing: Callable[[], int]) -> int:
    """Do what a command does; return its exit code, with one line that says what is wrong."""
    try:
        return doing()
    except StillUnderWay as words:
        print(f"loupe {command}: {words}", file=sys.stderr)
        return UNDER_WAY
    except (CommandFailed, NoData, ApiError, Unreachable, OSError) as error:
        print(f"loupe {command}: {error}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print(f"loupe {command}: interrupted", file=sys.stderr)
        return INTERRUPTED


def _address() -> str:
    host, port = os.environ.get("LOUPE_HOST", "127.0.0.1"), os.environ.get("LOUPE_PORT", "8080")
    return f"http://{host}:{port}"


def _key_file() -> Path:
    return Path(os.environ.get("LOUPE_DATA", "data")) / ADMIN_KEY
