"""The model server as the service sees it: a client, and for the embedded one a process to keep."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from services.inference.adapters.triton.binary import find_python_runtime, find_triton
from services.inference.adapters.triton.client import TritonClient
from services.inference.adapters.triton.model_store import ModelStore, Serving
from services.inference.adapters.triton.server import EmbeddedTriton, TritonFolders
from services.inference.adapters.triton.supervisor import TritonSupervisor
from services.inference.settings import InferenceSettings


class ModelServer:
    """Triton, ours or somebody else's."""

    def __init__(self, settings: InferenceSettings, data: Path) -> None:
        """Build the client; nothing is started yet.

        Raises:
            TritonUnavailable: The embedded server cannot run here: not x86-64 Linux, or a missing
                file. One line says what to do.
        """
        folders = TritonFolders((data / "triton").resolve())
        self._embedded: EmbeddedTriton | None = None
        address, key = settings.triton_url, settings.triton_key.get_secret_value()
        if not address:
            self._embedded = EmbeddedTriton(find_triton(), find_python_runtime(), folders)
            address = self._embedded.address
        self.client = TritonClient(address, access_key=key)
        self.store = ModelStore(
            settings.model_folder or folders.models,
            Serving(
                backend=settings.served_backend,
                device=settings.device,
                instances=settings.instances,
                threads=settings.threads_per_operator,
            ),
        )

    @property
    def pid(self) -> int | None:
        """Process id of the embedded server while it runs."""
        return self._embedded.pid if self._embedded else None

    async def run(self, on_up: Callable[[], None]) -> None:
        """Keep the embedded server alive until cancelled; nothing to do for a foreign one.

        Args:
            on_up: Called after each start, when the server answers and has no models.

        Raises:
            TritonUnavailable: The embedded server cannot be started.
        """
        if self._embedded is None:
            return
        await asyncio.to_thread(self.store.clear)
        supervisor = TritonSupervisor(self._embedded, self.client, on_up=on_up)
        try:
            await supervisor.start()
            await asyncio.Event().wait()
        finally:
            await supervisor.stop()
