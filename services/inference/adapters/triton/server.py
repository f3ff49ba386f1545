"""The embedded Triton: one supervised child process behind a Unix socket that only we may open."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from services.inference.adapters.triton import launcher
from services.inference.adapters.triton.binary import PythonRuntime, TritonFiles
from services.inference.adapters.triton.own_user import user_for, way_for
from services.inference.errors import TritonUnavailable

_SOCKET = "grpc:1"  # Triton joins address and port by a colon, in a path too
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
    def socket(self) -> Path:
        """Where the server listens; whoever may enter controls it."""
        return self.root / "socket"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.root / "triton.log"


class EmbeddedTriton:
    """Starts, watches and restarts ``tritonserver``; it never outlives this process.

    Must be started from a thread that lives as long as the server (the event loop's), because
    the kernel's parent-death signal is bound to the thread that forked.
    """

    def __init__(self, files: TritonFiles, runtime: PythonRuntime, folders: TritonFolders) -> None:
        """Describe the server; nothing is started yet."""
        self._files = files
        self._runtime = runtime
        self._folders = folders
        needed = (files.server, *files.backend_files, files.libraries, files.site_packages)
        self._needed = (*needed, *runtime.needed)
        self._user = user_for(self._needed)
        folders.socket.mkdir(parents=True, exist_ok=True)
        # A path to a socket has 107 bytes at most; through the open folder it is always short.
        self._socket_folder = os.open(folders.socket, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        """Address of the gRPC endpoint, for clients in this process."""
        return f"unix:/proc/self/fd/{self._socket_folder}/{_SOCKET}"

    @property
    def pid(self) -> int | None:
        """The running server's process id."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def spawn(self) -> None:
        """Start the process; it answers some hundred milliseconds later."""
        self._prepare_folders()
        self._remove_shared_memory()
        source, user = Path(launcher.__file__), self._user
        way = way_for(user, self._needed, root=self._folders.root)
        launch = (
            sys.executable,
            "-I",
            "-S",
            source,
            str(os.getpid()),
            str(user.uid),
            str(user.gid),
            way.to_json(),
        )
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
        """Lay out what the server reads; it writes nothing but its socket and its log."""
        folders, backend = self._folders, self._folders.backends / "python"
        for folder in (backend, folders.models, folders.socket):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (folders.root, folders.models, folders.backends, backend):
            self._user.show(folder)
        self._user.let_through(folders.root.parent)
        self._user.give(folders.socket)
        (folders.socket / _SOCKET).unlink(missing_ok=True)
        for source in self._files.backend_files:
            target = backend / source.name
            if not target.exists() or target.stat().st_size != source.stat().st_size:
                partial = target.with_suffix(".partial")
                shutil.copy2(source, partial)
                partial.rename(target)
            os.chown(target, -1, self._user.gid)
        log = folders.log
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.rename(log.with_suffix(".log.1"))

    def _command(self) -> list[str]:
        """Arguments: explicit model control, gRPC on our socket only, no key for ``ps`` to show.

        Shared memory, logging and trace endpoints get a key that nobody uses: they are off.
        """
        return [
            str(self._files.server),
            f"--model-repository={self._folders.models}",
            f"--backend-directory={self._folders.backends}",
            "--model-control-mode=explicit",
            "--disable-auto-complete-config",
            "--allow-http=false",
            "--allow-metrics=false",
            "--grpc-address=unix:socket/grpc",
            "--grpc-port=1",
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
        return f"loupe_{os.getpid()}_{self._socket_folder}_"

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
