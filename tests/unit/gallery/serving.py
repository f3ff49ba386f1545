"""The gallery in a process of its own under its real HTTP server, for tests and their sockets."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from tests.running import credentials
from tests.signing import VARIABLES

ROOT = Path(__file__).resolve().parents[3]


class Served:
    """A gallery and a workspace that listen on `port`; one process, its decoders are others."""

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._staging = folder / "staging" / "gallery"
        environment = {
            **os.environ,
            **VARIABLES,
            "PYTHONPATH": str(ROOT),
            "LOUPE_DATA": str(folder),
            "LOUPE_STORES": "embedded",
            "LOUPE_PORT": str(self.port),
            **settings,
        }
        command = [sys.executable, str(Path(__file__))]
        folder.mkdir(parents=True, exist_ok=True)
        self._log = (folder / "server.log").open("wb")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=self._log, stderr=self._log
        )

    def client(self) -> httpx.AsyncClient:
        """A client of an admin, over TCP."""
        address = f"http://127.0.0.1:{self.port}"
        return httpx.AsyncClient(base_url=address, headers=credentials(), timeout=120)

    async def ready(self, client: httpx.AsyncClient) -> None:
        """Wait until it answers."""
        for _ in range(900):
            assert self.process.poll() is None, "the server ended"
            try:
                if (await client.get("/api/gallery/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
        raise AssertionError("the server does not answer")

    async def images(self, client: httpx.AsyncClient, name: str, **project: object) -> str:
        """The path of the images of a new project."""
        body = {"name": name, "task": "detection", **project}
        made = await client.post("/api/workspace/projects", json=body)
        assert made.status_code == 201, made.text
        return f"/api/gallery/projects/{made.json()['id']}/images"

    async def nothing_staged(self) -> None:
        """Wait until staging is empty: the server may still be at a client that went away."""
        for _ in range(200):
            if not (left := list(self._staging.glob("*/*"))):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"left in staging: {left}")

    def forget_peak(self) -> int:
        """Begin a new measurement of peak memory; return what is resident now, in bytes."""
        (self._proc / "clear_refs").write_text("5")
        return self.peak_bytes()

    def peak_bytes(self) -> int:
        """The most memory that the server held since then; its decoders are not counted."""
        return _peak_bytes(self._proc)

    def decoders(self) -> dict[int, int]:
        """The guarded decoders, with the most memory in bytes that each ever held."""
        found = {}
        for task in (self._proc / "task").iterdir():
            for child in (task / "children").read_text().split():
                place = Path("/proc") / child
                if b"decode_worker" in (place / "cmdline").read_bytes():
                    found[int(child)] = _peak_bytes(place)
        return found

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(30)
        self._log.close()

    @property
    def _proc(self) -> Path:
        return Path("/proc") / str(self.process.pid)


def _peak_bytes(place: Path) -> int:
    lines = (place / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if "VmHWM" in line) << 10


if __name__ == "__main__":
    from services.gallery.app import build
    from services.workspace.app import build as build_workspace
    from shared.hosting.host import run

    asyncio.run(run([build_workspace, build], ("api", "consume")))
