"""A real Triton in a temporary folder."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from services.inference.adapters.triton.binary import find_python_runtime, find_triton
from services.inference.adapters.triton.client import TritonClient
from services.inference.adapters.triton.model_store import ModelStore, Serving
from services.inference.adapters.triton.server import EmbeddedTriton, TritonFolders
from services.inference.adapters.triton.supervisor import TritonSupervisor
from services.inference.domain.model_config import ServedModel
from services.inference.work.reconciler import Reconciler, Wanted
from shared.ids import new_id
from shared.runtime.tasks.table import spec_of
from tests.adapters.inference.models import HEIGHT, LABELS, WIDTH, noise_detector


@dataclass
class Bench:
    """A running Triton with everything around it, as the service wires it."""

    store: ModelStore
    server: EmbeddedTriton
    client: TritonClient
    supervisor: TritonSupervisor
    reconciler: Reconciler
    desired: dict[str, int]
    onnx: dict[str, bytes]

    def publish(self, *, number: int = 1, seed: int = 0, data: bytes | None = None) -> ServedModel:
        """Publish a fresh tiny model (or ``data``) and desire it; the reconciler loads it."""
        model = ServedModel(
            name=new_id(),
            number=number,
            input_width=WIDTH,
            input_height=HEIGHT,
            label_count=len(LABELS),
            outputs=spec_of("detection").outputs,
        )
        data = noise_detector(seed) if data is None else data
        self.store.publish(model, data, sha256=hashlib.sha256(data).hexdigest())
        self.onnx[model.name] = data
        self.desired[model.name] = number
        return model


@asynccontextmanager
async def running_bench(folder: Path) -> AsyncIterator[Bench]:
    """Start Triton in ``folder``; everything is stopped in the end."""
    folders = TritonFolders(folder)
    server = EmbeddedTriton(find_triton(), find_python_runtime(), folders)
    client = TritonClient(server.address)
    store = ModelStore(folders.models, Serving(threads=1))
    desired: dict[str, int] = {}

    async def wanted() -> Wanted:
        return Wanted(dict(desired))

    async def nothing() -> None:
        return

    async def ensure(name: str) -> None:
        assert store.is_intact(name)

    reconciler = Reconciler(client, wanted, ensure)
    supervisor = TritonSupervisor(server, client, on_up=reconciler.wake, misses_before_kill=2)
    await supervisor.start()
    reconciling = asyncio.create_task(reconciler.run(afterwards=nothing))
    try:
        yield Bench(store, server, client, supervisor, reconciler, desired, {})
    finally:
        reconciling.cancel()
        await asyncio.gather(reconciling, return_exceptions=True)
        await supervisor.stop()
        client.close()
