"""What `make servers` has running, as it wrote it down."""

import json
from pathlib import Path

from tests.servers.installing import servers_root
from tests.servers.processes import command_line


def run_folder() -> Path:
    """The folder of data, logs and addresses of the running servers."""
    return servers_root() / "run"


def state() -> dict[str, dict[str, str]]:
    """`{pids: {pid: folder}, environment: {variable: address}}`, or nothing."""
    file = run_folder() / "servers.json"
    return json.loads(file.read_text()) if file.exists() else {}


def running() -> dict[str, str]:
    """The addresses of the running servers; empty unless all of them live."""
    pids = state().get("pids", {})
    alive = bool(pids) and all(folder in command_line(int(pid)) for pid, folder in pids.items())
    return state()["environment"] if alive else {}
