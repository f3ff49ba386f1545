"""A real HTTP server before services that run in a test, and the `loupe` command against it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from services.__main__ import main
from services.workspace.domain.api_keys import make_key
from shared.hosting.connections import Connections, bounds_for
from shared.hosting.host import face_of
from shared.hosting.server import Server
from shared.settings import HttpSettings
from tests.running import Running, until
from tests.servers.processes import free_port


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Loupe:
    """The command line against a platform at ``address``, which signs in with LOUPE_API_KEY."""

    address: str
    capsys: pytest.CaptureFixture[str]

    async def __call__(self, *words: Any) -> Said:
        self.capsys.readouterr()
        code = await asyncio.to_thread(self._run, *map(str, words), "--address", self.address)
        return Said(code, *self.capsys.readouterr())

    def _run(self, *words: str) -> int:
        try:
            return main(words)
        except SystemExit as usage:
            return int(usage.code or 0)


def admin_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the workspace, which is built afterwards, know the key that commands sign in with."""
    key = make_key().text
    for name in ("LOUPE_WORKSPACE_ADMIN_KEY", "LOUPE_API_KEY"):
        monkeypatch.setenv(name, key)


@contextlib.asynccontextmanager
async def served(run: Running) -> AsyncIterator[str]:
    """The address at which a real server answers for the services until the block ends."""
    face = face_of(run.services, run.stores, HttpSettings())
    port, bounds = free_port(), bounds_for(256, per_source=64)
    server = Server(face, ("127.0.0.1", port), Connections(bounds, counted=False))
    ready = asyncio.Event()
    serving = asyncio.create_task(server.run_until_exit(ready.set))
    try:
        await until(ready.is_set)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
