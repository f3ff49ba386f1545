"""What every task promises of a whole training: the same after a kill, and what it delivers."""

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import torch

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.checkpoint import pack, restore
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.domain.training.validation import Validation
from services.trainer.process.runner import Run
from services.trainer.process.work_order import (
    Message,
    ProgressMessage,
    ResultMessage,
    WorkOrder,
)
from services.trainer.work.executor import messages
from shared.contracts.snapshot import Snapshot


def resumes_as_if_nothing_had_happened(loop: Callable[[], TrainingLoop[Any, Any]]) -> None:
    """A loop that is killed behind its first epoch ends bit by bit as one that is not."""
    straight, killed, resumed = loop(), loop(), loop()
    for _ in straight.steps():
        pass
    for progress in killed.steps():
        if progress.epoch_ended:
            break
    restore(resumed, pack(killed))
    assert resumed.epoch == 1
    seen = list(resumed.steps())
    assert isinstance(seen[-1].validation, Validation)
    for mine, theirs in (
        (resumed.result(), straight.result()),
        (resumed.average.model, straight.average.model),
    ):
        expected = theirs.state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in mine.state_dict().items())


def said_here(order: WorkOrder) -> list[Message]:
    """What a training says that runs in this process: PyTorch is loaded here already."""
    with redirect_stdout(io.StringIO()) as told:
        Run(order.model_copy(update={"threads": torch.get_num_threads()})).run()
    return [messages.validate_json(line) for line in told.getvalue().splitlines()]


async def delivered(
    folder: Path, recipe: Recipe, given: tuple[Snapshot, dict[str, Path]]
) -> tuple[Path, ResultMessage, list[ProgressMessage]]:
    """The snapshot's file, what a training of it delivers, and what it said on the way."""
    snapshot, files = given
    path = folder / "snapshot.json"
    path.write_text(snapshot.model_dump_json())
    (folder / "work").mkdir()
    order = WorkOrder(
        recipe=recipe, snapshot=path, images=files, version="V1", folder=folder / "work",
        checkpoint_every_s=0, threads=1,
    )  # fmt: skip
    said = said_here(order)
    result = said[-1]
    assert isinstance(result, ResultMessage), said
    progress = [message for message in said if isinstance(message, ProgressMessage)]
    assert [m.percent for m in progress] == sorted(m.percent for m in progress)
    return path, result, progress
