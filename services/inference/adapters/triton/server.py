"""The embedded Triton: one supervised child process on the loopback interface."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from services.inference.adapters.triton import launcher
from services.inference.adapters.triton.binary import PythonRuntime, TritonFiles
from services.inference.errors import TritonUnavailable

PROTOCOL_KEY = "loupe"
_LOG_LIMIT_BYTES = 8 * 1024 * 1024
_STOP_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class TritonFolders:
    """Everything of the embedded server under one folder of the data directory."""

    root: Path

    @property
    def models(self) -> Path:
        """The model repository that Triton reads."""
        return self.root / "models"

    @property
    def backends(self) -> Path:
        """Private copies of the backend's files."""
        return self.root / "backends"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.root / "triton.log"


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def check_port_free(port: int) -> None:
    """Raise TritonUnavailable with one clear line when somebody listens on ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise TritonUnavailable(
                f"port {port} for Triton is taken: free it, or set "
                "LOUPE_INFERENCE_TRITON_PORT to another one (0 picks a free port)"
            ) from error


class EmbeddedTriton:
    """Starts, watches and restarts ``tritonserver``; it never outlives this process.

    Must be started from a thread that lives as long as the server (the event loop's), because
    the kernel's parent-death signal is bound to the thread that forked.
    """

    def __init__(
        self, files: TritonFiles, runtime: PythonRuntime, folders: TritonFolders, *, port: int = 0
    ) -> None:
        """Describe the server; nothing is started or written yet. Port 0 picks a free one."""
        if port:
            check_port_free(port)
        self._files = files
        self._runtime = runtime
        self._folders = folders
        self.port = port or free_port()
        self.access_key = secrets.token_urlsafe(24)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        """``host:port`` of the gRPC endpoint."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The running server's process id."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def spawn(self) -> None:
        """Start the process; it answers some hundred milliseconds later."""
        self._prepare_folders()
        self._remove_shared_memory()
        launch = (sys.executable, "-I", "-S", str(Path(launcher.__file__)), str(os.getpid()))
        with self._folders.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *launch,
                *self._command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd=self._folders.root,
                start_new_session=True,
            )

    async def wait_ended(self) -> int:
        """Wait until the current process has ended; return its exit status."""
        if self._process is None:
            return 0
        status = await self._process.wait()
        self._end_stubs(self._process.pid)
        return status

    async def stop(self) -> None:
        """End the process and its stubs; callers have ended their requests before."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_GRACE_S)
            except TimeoutError:
                self.kill()
                await process.wait()
            self._end_stubs(process.pid)
        self._remove_shared_memory()

    def kill(self) -> None:
        """End the process at once (it hangs); whoever supervises it starts another."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def last_words(self) -> str:
        """Return the last error lines of the server's log, for a message to a person."""
        try:
            lines = self._folders.log.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        errors = [line for line in lines[-50:] if line.startswith("E") or "error" in line.lower()]
        return " / ".join(line.strip() for line in errors[-2:])

    @staticmethod
    def _end_stubs(pid: int) -> None:
        """End the Python stubs of a server that has ended; they are in its process group.

        They would notice by themselves, after a second or two of holding memory for nothing.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)

    def _prepare_folders(self) -> None:
        backend = self._folders.backends / "python"
        backend.mkdir(parents=True, exist_ok=True)
        self._folders.models.mkdir(parents=True, exist_ok=True)
        for source in self._files.backend_files:
            target = backend / source.name
            if not target.exists() or target.stat().st_size != source.stat().st_size:
                partial = target.with_suffix(".partial")
                shutil.copy2(source, partial)
                partial.rename(target)
        log = self._folders.log
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.rename(log.with_suffix(".log.1"))

    def _command(self) -> list[str]:
        """Arguments: explicit model control, gRPC on loopback only, everything behind a key.

        Shared memory, logging and trace endpoints get a key that nobody knows: they are off.
        """
        ours = "model-repository,inference,metadata,model-config,statistics"
        return [
            str(self._files.server),
            f"--model-repository={self._folders.models}",
            f"--backend-directory={self._folders.backends}",
            "--model-control-mode=explicit",
            "--disable-auto-complete-config",
            "--allow-http=false",
            "--allow-metrics=false",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={self.port}",
            f"--grpc-restricted-protocol={ours}:{PROTOCOL_KEY}={self.access_key}",
            f"--grpc-restricted-protocol=shared-memory,logging,trace:off={secrets.token_hex(16)}",
            f"--backend-config=python,shm-region-prefix-name={self._shared_memory_prefix}",
            "--exit-timeout-secs=0",
            "--log-info=false",
        ]

    def _environment(self) -> dict[str, str]:
        libraries = [str(self._files.libraries)]
        if self._runtime.library_folder is not None:
            libraries.append(str(self._runtime.library_folder))
        return {
            "PATH": self._runtime.search_path,
            "LD_LIBRARY_PATH": ":".join(libraries),
            "LOUPE_TRITON_SITE_PACKAGES": str(self._files.site_packages),
            "LANG": "C.UTF-8",
        }

    @property
    def _shared_memory_prefix(self) -> str:
        return f"loupe_{os.getpid()}_{self.port}_"

    def _remove_shared_memory(self) -> None:
        """Remove what killed servers left in memory-backed files: ours, and of dead platforms."""
        for path in Path("/dev/shm").glob("loupe_*_*_*"):  # noqa: S108
            owner = path.name.split("_")[1]
            mine = path.name.startswith(self._shared_memory_prefix)
            if mine or (owner.isdecimal() and not Path(f"/proc/{owner}").exists()):
                path.unlink(missing_ok=True)


async def wait_live(
    is_live: Callable[[], Awaitable[bool]], server: EmbeddedTriton, *, timeout_s: float
) -> None:
    """Wait until the freshly spawned server answers.

    Raises:
        TritonUnavailable: It ended, or did not answer in time; the message ends with its log.
    """
    async with asyncio.timeout(timeout_s):
        while not await is_live():
            if server.pid is None:
                raise TritonUnavailable(f"Triton ended while starting: {server.last_words()}")
            await asyncio.sleep(0.05)
