"""The training loop: one generator that yields after every step and can be stopped there."""

import contextlib
import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import convert_conv2d_weight_memory_format

from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.averaging import WeightAverage
from services.trainer.domain.training.optimisation import build_optimiser, set_rate
from services.trainer.domain.training.patience import Patience
from services.trainer.domain.training.ports import BatchT, NetworkT, TrainingTask
from services.trainer.domain.training.precision import mixed, runs_in_bf16
from services.trainer.domain.training.validation import Validation

GRADIENT_NORM = 10.0
AVERAGE_SHARE = 0.04  # of all steps: how far the weight average looks back
LOSS_MEMORY = 0.95
MIN_EPOCHS = 3
MAX_EPOCHS = 150  # more never paid on a few hundred images
CALIBRATION_STEPS = 3
BUSY_ALLOWANCE = 2.0  # wall-clock time over the budget that a busy machine may cost
STEP_ALLOWANCE = 1.05  # optimiser, average and bookkeeping over forward and backward
LOADERS = {"cpu": 1, "cuda": 6}  # threads that make batches ahead: the cores of a CPU are needed

MadeT = TypeVar("MadeT")


class DivergedError(RuntimeError):
    """The loss is not a number any more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands after a step.

    Attributes:
        step: Steps done.
        steps: Steps in all.
        epoch: Epochs done.
        epochs: Epochs in all.
        loss: Running mean of the loss.
        seconds_left: Estimate from the speed since the start or the resumption.
        epoch_ended: True after the last step of an epoch: the moment for a checkpoint.
        validation: Of the averaged network at the end of an epoch, where the task validates.
        data_wait: Share of the time since the start or the resumption that the loop waited for
            batches, in [0, 1].
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float
    seconds_left: float
    epoch_ended: bool
    validation: Validation | None = None
    data_wait: float = 0.0

    @property
    def percent(self) -> float:
        """Share done in percent."""
        return 100.0 * self.step / self.steps


class TrainingLoop(Generic[NetworkT, BatchT]):
    """One training of a task; its whole state is tensors and three numbers.

    Order and views of an epoch follow from the seed and the epoch's number, so that a training
    resumed at the end of an epoch goes on as if it had never stopped.

    Attributes:
        task: What is trained.
        network: The network being trained.
        average: The averaged network, which is what counts.
        epoch: Epochs done.
        epochs: Epochs in all, set before `steps` is walked.
        loss: Running mean of the loss; None before the first step.
        patience: When it ends before its last epoch.
    """

    def __init__(
        self,
        task: TrainingTask[NetworkT, BatchT],
        recipe: Recipe,
        *,
        device: str = "cpu",
        clock: Callable[[], float] = time.monotonic,
        processor_clock: Callable[[], float] = time.process_time,
    ) -> None:
        """Prepares the network and the optimiser on ``device`` (``cpu`` or ``cuda``)."""
        self.task, self.recipe, self.device = task, recipe, torch.device(device)
        self.network = task.network.to(self.device)
        convert_conv2d_weight_memory_format(self.network, torch.channels_last)
        self._normalise = Normalisation().to(self.device)
        self.average = WeightAverage(self.network)
        self.optimiser = build_optimiser(
            self.network,
            learning_rate=recipe.learning_rate,
            backbone_rate=recipe.backbone_rate,
            weight_decay=recipe.weight_decay,
        )
        self.epoch = 0
        self.epochs = recipe.epochs or MIN_EPOCHS
        self.loss: float | None = None
        self.patience = Patience(recipe.early_stop)
        self._may_gain = True
        self._waited_s = 0.0
        self._bf16 = runs_in_bf16(recipe.precision, self.device)
        self._clock, self._processor_clock = clock, processor_clock

    def start_from(self, weights: Mapping[str, Tensor], *, rows: Sequence[tuple[int, int]]) -> bool:
        """Takes the weights of an earlier version before the first step.

        Args:
            weights: The earlier network's state dict.
            rows: Pairs (label index now, label index then) of the labels that both know; the
                scores of other labels start anew.

        Returns:
            False, and nothing changes, when the network is another one.
        """
        own = self.network.state_dict()
        same = set(own) == set(weights) and all(
            value.shape == weights[name].shape
            for name, value in own.items()
            if name not in self.task.label_tensors
        )
        if not same:
            return False
        merged = dict(weights)
        for name in self.task.label_tensors:
            merged[name] = own[name].clone()
            for now, then in rows:
                merged[name][now] = weights[name][then]
        self.network.load_state_dict(merged)
        self.average = WeightAverage(self.network)
        return True

    def begin(self, told: Callable[[float], None] = lambda _share: None) -> None:
        """Lets the task learn what needs no step; before `plan_epochs` and before any checkpoint.

        Args:
            told: Hears the share that is done, in [0, 1].
        """
        self._may_gain = self.task.begin(self.network, told)
        self.average = WeightAverage(self.network)

    def hear(self, figure: float) -> None:
        """Takes how good the epoch that just ended was, between two steps."""
        self.patience.hear(self.epoch, figure, self.average.model.state_dict())

    def result(self) -> NetworkT:
        """The network that is exported, in the memory of the CPU: the averaged one or a better.

        With patience it is that of the best epoch.
        """
        if self.patience.weights:
            self.average.model.load_state_dict(self.patience.weights)
        return self.task.chosen(self.average.model).to("cpu")

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one epoch."""
        return math.ceil(self.task.sampler.count / self.recipe.step_windows)

    def plan_epochs(self, *, budget_s: float, look: Callable[[], object] | None = None) -> None:
        """Chooses the number of epochs that fills the budget, from the speed of a few steps.

        The budget is meant for a machine that does nothing else. On a busy one, where a step takes
        longer than its processor time, the training may take twice the budget before it gives up
        epochs. A recipe that names its epochs keeps them; else, where the task has nothing more to
        gain, there are none. What an epoch's validation takes counts, too, and ``look``, which the
        caller does at its end. Nothing is learnt here; call it before `steps`.
        """
        if self.recipe.epochs is not None:
            return
        if not self._may_gain:
            self.epochs = 0
            return
        first = self._order(0)[: self.recipe.step_windows]
        self._backward(self._batch(first, 0, 0))

        def learn() -> None:
            for step in range(CALIBRATION_STEPS):
                self._backward(self._batch(first, 0, step))

        learnt_s, _ = self._timed(learn)
        self.optimiser.zero_grad()
        validation_s, validation = self._timed(lambda: self.task.validate(self.average.model))
        step_s = max(learnt_s * STEP_ALLOWANCE / CALIBRATION_STEPS, 1e-9)
        epoch_s = step_s * self.steps_per_epoch + (0.0 if validation is None else validation_s)
        epoch_s += self._timed(look)[0] if look else 0.0
        self.epochs = min(max(int(budget_s / epoch_s), MIN_EPOCHS), MAX_EPOCHS)

    def _timed(self, work: Callable[[], MadeT]) -> tuple[float, MadeT]:
        """Seconds that it takes, a busy machine counted as `plan_epochs` says; and what it made."""
        wall, processor = self._clock(), self._processor_clock()
        made = work()
        wall_s = self._clock() - wall
        alone_s = (self._processor_clock() - processor) / torch.get_num_threads()
        spent = max(alone_s, wall_s / BUSY_ALLOWANCE) if self.device.type == "cpu" else wall_s
        return spent, made

    def steps(self) -> Generator[Progress, None, None]:
        """Trains from the current epoch to the last, yielding after every step.

        Raises:
            DivergedError: The loss is not finite.
        """
        per_epoch = self.steps_per_epoch
        total = per_epoch * self.epochs
        first = self.epoch * per_epoch
        started = self._clock()
        horizon = self._horizon(total)
        self.network.train()
        for epoch in range(self.epoch, self.epochs):
            for number, batch in enumerate(self._batches(epoch)):
                step = epoch * per_epoch + number
                set_rate(self.optimiser, step, total)
                self._learn(batch, horizon)
                ended = number + 1 == per_epoch
                self.epoch = epoch + int(ended)
                spent = self._clock() - started
                yield Progress(
                    step=step + 1,
                    steps=total,
                    epoch=self.epoch,
                    epochs=self.epochs,
                    loss=self.loss or 0.0,
                    seconds_left=spent / (step + 1 - first) * (total - step - 1),
                    epoch_ended=ended,
                    data_wait=min(self._waited_s / spent, 1.0) if spent > 0 else 0.0,
                    validation=self.task.validate(self.average.model) if ended else None,
                )

    def _horizon(self, steps: int) -> float:
        """Steps that the average of the weights looks back over."""
        decay = self.recipe.ema
        return max(10.0, AVERAGE_SHARE * steps) if decay is None else 1 / (1 - decay)

    def _learn(self, batch: BatchT, horizon: float) -> None:
        loss = self._backward(batch)
        if not math.isfinite(loss):
            raise DivergedError("the loss is not a number; a lower learning rate may help")
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)
        self.optimiser.step()
        self.average.update(self.network, horizon=horizon)
        before = loss if self.loss is None else self.loss
        self.loss = LOSS_MEMORY * before + (1 - LOSS_MEMORY) * loss

    def _backward(self, batch: BatchT) -> float:
        self.optimiser.zero_grad()
        batch = batch.to(self.device)
        images = self._normalise(batch.images).contiguous(memory_format=torch.channels_last)
        with mixed(self.device, bf16=self._bf16):
            loss = self.task.loss(self.network, images, batch)
        torch.autograd.backward(loss)
        return float(loss.detach())

    def _order(self, epoch: int) -> list[int]:
        """Windows of an epoch, wrapped to whole batches."""
        order = self.task.sampler.order(np.random.default_rng([self.recipe.seed, epoch]))
        whole = self.steps_per_epoch * self.recipe.step_windows
        return [int(index) for index in np.resize(order, whole)]

    def _batches(self, epoch: int) -> Iterator[BatchT]:
        """Batches of an epoch in order, the next ones made ahead while one is learnt."""
        size, order = self.recipe.step_windows, self._order(epoch)
        loaders, ahead = LOADERS[self.device.type], deque[Future[BatchT]]()
        with contextlib.ExitStack() as stack:
            pool = ThreadPoolExecutor(loaders, thread_name_prefix="batches")
            stack.callback(pool.shutdown, cancel_futures=True)
            for number in range(self.steps_per_epoch):
                chosen = order[number * size :][:size]
                ahead.append(pool.submit(self._batch, chosen, epoch, number))
                if len(ahead) > loaders:
                    yield self._taken(ahead)
            while ahead:
                yield self._taken(ahead)

    def _taken(self, ahead: deque[Future[BatchT]]) -> BatchT:
        """The next batch, once it is made."""
        began = time.monotonic()
        batch = ahead.popleft().result()
        self._waited_s += time.monotonic() - began
        return batch

    def _batch(self, chosen: Sequence[int], epoch: int, number: int) -> BatchT:
        seed = self.recipe.seed
        rngs = [np.random.default_rng([seed, epoch, number, row]) for row in range(len(chosen))]
        return self.task.batch(chosen, rngs)
