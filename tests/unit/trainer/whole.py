"""What every task promises of a whole training: the same after a kill, and what it delivers."""

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import torch

from services.trainer.domain.training.checkpoint import pack, restore
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.domain.training.validation import Validation
from services.trainer.process.runner import Run
from services.trainer.process.work_order import (
    Message,
    WorkOrder,
)
from services.trainer.work.executor import messages


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
