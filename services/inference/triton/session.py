"""Runs a deployed version on Triton behind the same port as ONNX Runtime does."""

import random
import threading
import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from services.inference.domain.reconciliation import ServedKey
from services.inference.errors import ModelNotReady, TritonUnavailable
from services.inference.triton.client import TritonClient

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.5


class Circuit:
    """Remembers that the model server is down, so that callers do not queue up behind it.

    Opens when a whole retry budget was spent in vain; while open, one caller every
    ``probe_every_s`` is let through to try.
    """

    def __init__(self, *, probe_every_s: float = 1.0) -> None:
        """Start closed."""
        self._lock = threading.Lock()
        self._probe_every_s = probe_every_s
        self._open = False
        self._next_probe = 0.0

    def admit(self, now: float) -> None:
        """Let the caller pass, or raise TritonUnavailable at once."""
        with self._lock:
            if self._open and now < self._next_probe:
                raise TritonUnavailable("the model server is down, it is being restarted")
            self._next_probe = now + self._probe_every_s

    def succeeded(self) -> None:
        """Close."""
        with self._lock:
            self._open = False

    def exhausted(self) -> None:
        """Open."""
        with self._lock:
            self._open = True


class TritonSession:
    """A ``TensorSession`` of one deployed version.

    A killed server is back within about a second; requests that fall into the gap are repeated
    until the budget is spent. Inference has no side effects, so repeating is safe.
    """

    def __init__(
        self,
        client: TritonClient,
        served: ServedKey,
        *,
        circuit: Circuit,
        budget_s: float = 10.0,
        on_not_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Bind the client to one model.

        Args:
            client: The process's client.
            served: Triton's model name and version number.
            circuit: Shared by all sessions of the process.
            budget_s: Seconds within which a request may be repeated.
            on_not_ready: Called when the server lacks the model, to wake the reconciler.
        """
        self._client = client
        self._served = served
        self._circuit = circuit
        self._budget_s = budget_s
        self._on_not_ready = on_not_ready

    def run(self, images: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        """The model's outputs for ``(B, H, W, 3)`` uint8.

        Raises:
            TritonUnavailable: No answer within the budget.
            ModelNotReady: The server is up and did not get the model within the budget.
        """
        deadline = time.monotonic() + self._budget_s
        pause_s = _FIRST_PAUSE_S
        self._circuit.admit(time.monotonic())
        while True:
            left_s = deadline - time.monotonic()
            try:
                answer = self._client.infer(self._served, images, timeout_s=max(left_s, 0.1))
            except (TritonUnavailable, ModelNotReady) as error:
                if isinstance(error, ModelNotReady):
                    self._on_not_ready()
                if left_s <= pause_s:
                    if isinstance(error, TritonUnavailable):
                        self._circuit.exhausted()
                    raise
                time.sleep(pause_s * random.uniform(0.5, 1.0))
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            else:
                self._circuit.succeeded()
                return answer
