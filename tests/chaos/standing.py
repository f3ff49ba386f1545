"""A whole embedded platform in processes of its own, as `make run` starts it, to be attacked."""

import contextlib
import os
import resource
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from shared.tie import tied
from tests.servers.processes import free_port

ROOT = Path(__file__).parents[2]
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP: to load the certificates for each takes 30 ms of a processor."""
MARK = "LOUPE_CHAOS_WALK"
HANG_S = 300.0  # far from the slowest machine


def processes_of(folder: Path, word: str = "") -> list[int]:
    """Return the ids of the processes marked with ``folder`` whose command line has ``word``."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            ours = mark in (entry / "environ").read_bytes().split(b"\0")
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if ours and word in line:
            found.append(int(entry.name))
    return found


def kill_all(processes: list[int]) -> int:
    """Send SIGKILL; return how many were hit."""
    hit = 0
    for process_id in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)
            hit += 1
    return hit


@dataclass
class Standing:
    """The platform on ``folder``, started and killed at will; ``ahead_s`` is what its clock is off.

    With ``descriptors`` it may open so many files.
    """

    folder: Path
    descriptors: int = 0
    ahead_s: float = 0.0
    port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Return the file of what it says."""
        return self.folder / "platform.log"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of its processes; the mark tells them from all others."""
        wanted = {
            "LOUPE_DATA": str(self.folder / "data"),
            "LOUPE_PORT": str(self.port),
            "LOUPE_METRICS_PORT": str(self.metrics_port),
            MARK: str(self.folder),
        }
        if self.ahead_s:
            shifted = os.pathsep.join([str(Path(__file__).with_name("shifted")), str(ROOT)])
            wanted |= {"LOUPE_CHAOS_AHEAD_S": str(self.ahead_s), "PYTHONPATH": shifted}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LOUPE_")}
        return kept | wanted

    def start(self) -> None:
        """Start it, and return when it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                tied([sys.executable, "-m", "services", "run"]),
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        if self.descriptors:  # long before it raises its own limit
            most = (self.descriptors, self.descriptors)
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, most)
        until = time.monotonic() + HANG_S
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(self.log.read_text()[-4000:])
            time.sleep(0.2)

    def is_ready(self) -> bool:
        """Tell whether it says that it is ready."""
        try:
            answer = httpx.get(f"{self.address}/readyz", timeout=30, verify=PLAIN)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def kill(self, word: str = "services run") -> int:
        """SIGKILL its processes that have ``word`` in their command; return how many were hit."""
        hit = kill_all(processes_of(self.folder, word))
        if self.process is not None and word in ("", "services run"):
            self.process.wait()
        return hit

    def stop(self) -> None:
        """End it, and all that is left of it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        kill_all(processes_of(self.folder))

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Give a client that is signed in as the first admin."""
        with httpx.Client(base_url=self.address, timeout=60) as client:
            sign_in(client, self.folder / "data" / "admin.key")
            yield client

    def memory_peak_bytes(self) -> int:
        """Return the most memory that it had since :meth:`forget_peak`."""
        return self._status("VmHWM") << 10

    def own_memory_bytes(self) -> int:
        """Return what memory it has now that is no file's."""
        return self._status("RssAnon") << 10

    def forget_peak(self) -> int:
        """Count the peak from now on; return what memory it has."""
        (self._proc / "clear_refs").write_text("5")
        return self._status("VmRSS") << 10

    def open_files(self) -> int:
        """Return how many files and connections it has open."""
        return len(list((self._proc / "fd").iterdir()))

    @property
    def _proc(self) -> Path:
        if self.process is None:
            raise RuntimeError("it was not started")
        return Path("/proc") / str(self.process.pid)

    def _status(self, name: str) -> int:
        lines = (self._proc / "status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1])


def sign_in(client: httpx.Client, key_file: Path) -> None:
    """Give ``client`` a token of the key in a file."""
    answer = client.post("/api/workspace/tokens", json={"api_key": key_file.read_text().strip()})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


@contextlib.contextmanager
def standing(folder: Path, *, descriptors: int = 0) -> Iterator[Standing]:
    """Run a platform on ``folder`` for the length of the block."""
    platform = Standing(folder, descriptors)
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()
