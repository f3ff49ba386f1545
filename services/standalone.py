"""Every service in one process: the embedded size, on one folder that is its own backup.

The only module that imports all services. The long work of the trainer and of the evaluator runs in
child processes, so that a crash there never takes the platform down; Triton is a child of the
inference service.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp

from services.annotation.app import build as annotation
from services.evaluator.app import build as evaluator
from services.gallery.app import build as gallery
from services.inference.app import build as inference
from services.tiling.app import build as tiling
from services.trainer.app import build as trainer
from services.workspace.app import build as workspace
from shared.hosting.host import Build, run
from shared.hosting.service import Loop
from shared.http.app import problem_page
from shared.http.console import Console
from shared.settings import DOOR_SECRETS, environment_without
from shared.telemetry import logger
from shared.tie import tied

BUILDS: tuple[Build, ...] = (
    workspace,
    gallery,
    tiling,
    annotation,
    trainer,
    evaluator,
    inference,
)
CONSOLE = Path(__file__).parent / "console" / "dist"

_RESTART_S = (0.5, 1.0, 2.0, 5.0, 10.0)

log = logger(__name__)


async def serve(*, ready: Callable[[], None] = lambda: None) -> None:
    """Run the platform until SIGTERM or SIGINT."""
    rest: ASGIApp = (
        Console(CONSOLE)
        if CONSOLE.is_dir()
        else problem_page("the console is not built (run `make console`)")
    )
    workers: dict[str, Loop] = {
        f"{name}.worker": partial(keep_running, (sys.executable, "-m", f"services.{name}", "work"))
        for name in ("trainer", "evaluator")
    }
    await run(
        BUILDS,
        ("api", "consume"),
        rest=rest,
        extra=workers,
        ready=ready,
    )


async def keep_running(command: Sequence[str]) -> None:
    """Keep a child process alive until cancelled; it never outlives this process."""
    failures = 0
    while True:
        began = asyncio.get_running_loop().time()
        child = await asyncio.create_subprocess_exec(
            *tied(command), env=environment_without((*DOOR_SECRETS, "LOUPE_METRICS_PORT"))
        )
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await _stop(child)
            raise
        lived_s = asyncio.get_running_loop().time() - began
        failures = 0 if lived_s > 60 else failures + 1
        wait_s = _RESTART_S[min(failures, len(_RESTART_S) - 1)]
        log.warning("child.ended", command=" ".join(command[1:]), code=code, wait_s=wait_s)
        await asyncio.sleep(wait_s)


async def _stop(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        async with asyncio.timeout(8):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()
