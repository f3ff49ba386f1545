"""Runs a deployed version on Triton behind the same port as ONNX Runtime does."""

import random
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from services.inference.adapters.triton.client import TritonClient
from services.inference.domain.reconciliation import ServedKey
from services.inference.errors import ModelBroken, ModelNotReady, TritonUnavailable
from shared.runtime.session import Tensors

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
        lacking_s: float = 3.0,
        on_not_ready: Callable[[str, bool], None] = lambda _name, _broken: None,
    ) -> None:
        """Bind the client to one model.

        Args:
            client: The process's client.
            served: Triton's model name and version number.
            circuit: Shared by all sessions of the process.
            budget_s: Seconds within which a request may be repeated.
            lacking_s: Seconds after which a model that the server lacks is reported: another
                version may have taken over meanwhile.
            on_not_ready: Called with the model's name when the server lacks it, to wake the
                reconciler; the second argument tells whether it must be loaded anew.
        """
        self._client = client
        self._served = served
        self._circuit = circuit
        self._budget_s = budget_s
        self._lacking_s = lacking_s
        self._on_not_ready = on_not_ready

    def run(self, images: NDArray[np.uint8]) -> Tensors:
        """The model's outputs for ``(B, H, W, 3)`` uint8.

        Raises:
            TritonUnavailable: No answer within the budget.
            ModelNotReady: The server is up and did not get the model in time.
        """
        began = time.monotonic()
        deadline = began + self._budget_s
        pause_s = _FIRST_PAUSE_S
        self._circuit.admit(time.monotonic())
        while True:
            left_s = deadline - time.monotonic()
            try:
                answer = self._client.infer(self._served, images, timeout_s=max(left_s, 0.1))
            except ModelNotReady as error:
                self._on_not_ready(self._served[0], isinstance(error, ModelBroken))
                if left_s <= pause_s or time.monotonic() - began > self._lacking_s:
                    raise
                time.sleep(pause_s)
            except TritonUnavailable:
                if left_s <= pause_s:
                    self._circuit.exhausted()
                    raise
                time.sleep(pause_s * random.uniform(0.5, 1.0))
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            else:
                self._circuit.succeeded()
                return answer
