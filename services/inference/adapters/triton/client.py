"""The one client of Triton in this process: gRPC, always with a deadline."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferenceServerClient, InferInput
from tritonclient.utils import InferenceServerException

from services.inference.domain.model_config import PLAN_PARAMETER, is_model_name
from services.inference.domain.reconciliation import ServedKey
from services.inference.errors import ModelBroken, ModelNotReady, TritonUnavailable
from shared.errors import Internal
from shared.runtime.session import Tensors

Result = TypeVar("Result")

PROTOCOL_KEY = "loupe"
_MESSAGE_LIMIT = 2**31 - 1
_CHANNEL = [
    ("grpc.max_send_message_length", _MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
    # A restarted server must be found at once; gRPC's own back-off grows to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.use_local_subchannel_pool", 1),
]
_DOWN = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN")
_NOT_READY = ("is not ready", "unknown model", "is not found", "has no available versions")


class TritonClient:
    """Model control and inference over one gRPC channel.

    Calls may come from several threads at once: the channel and its stub are thread-safe, and
    the streaming methods of the library, which are not, are never used.
    """

    def __init__(self, address: str, *, access_key: str = "", timeout_s: float = 10.0) -> None:
        """Prepare the channel; it connects with the first call.

        Args:
            address: ``host:port`` of Triton's gRPC endpoint, or ``unix:`` and a path.
            access_key: Value of the restricted-protocol header; empty for an open server.
            timeout_s: Deadline of a call that names no other.
        """
        self._client = InferenceServerClient(address, channel_args=_CHANNEL)
        self._headers = {f"triton-grpc-protocol-{PROTOCOL_KEY}": access_key} if access_key else None
        self._timeout_s = timeout_s
        self._closed = threading.Event()

    def close(self) -> None:
        """Close the channel; later calls raise TritonUnavailable."""
        if not self._closed.is_set():
            self._closed.set()
            self._client.close()

    def is_live(self, *, timeout_s: float = 2.0) -> bool:
        """Whether the server answers; never raises."""
        try:
            return bool(self._call(self._client.is_server_live, timeout_s))
        except TritonUnavailable:
            return False

    def ready_models(self) -> frozenset[ServedKey]:
        """Return the (name, version number) pairs of ours that the server serves at this moment.

        Raises:
            TritonUnavailable: The server does not answer.
        """
        index = self._call(self._client.get_model_repository_index)
        return frozenset(
            (model.name, int(model.version))
            for model in index.models
            if model.state == "READY" and is_model_name(model.name)
        )

    def load(self, name: str, *, timeout_s: float = 60.0) -> None:
        """Load the published model ``name``; returns when it is READY.

        Raises:
            ModelNotReady: The server refused it; the detail says why.
            TritonUnavailable: The server does not answer.
        """
        self._call(self._client.load_model, timeout_s, name)

    def unload(self, name: str, *, timeout_s: float = 60.0) -> None:
        """Unload ``name``; a model that is not loaded is fine."""
        self._call(self._client.unload_model, timeout_s, name)

    def plan_hash(self, served: ServedKey) -> str:
        """Return the tile plan's hash in the loaded model's configuration; empty without one.

        Raises:
            ModelNotReady: The server does not serve this version.
            TritonUnavailable: The server does not answer.
        """
        name, number = served
        answer = self._call(self._client.get_model_config, None, name, model_version=str(number))
        parameters = answer.config.parameters
        return str(parameters[PLAN_PARAMETER].string_value) if PLAN_PARAMETER in parameters else ""

    def infer(
        self, served: ServedKey, images: NDArray[np.uint8], *, timeout_s: float | None = None
    ) -> Tensors:
        """Run one batch ``(B, H, W, 3)`` uint8 and return the model's outputs by name.

        Raises:
            ModelNotReady: The server answers and does not serve this version.
            ModelBroken: It does, and the model's process is dead.
            TritonUnavailable: The server does not answer within the deadline.
            Internal: The server answered for another model or version than asked.
        """
        name, number = served
        tensor = InferInput("image", list(images.shape), "UINT8")
        tensor.set_data_from_numpy(np.ascontiguousarray(images))
        result = self._call(
            self._client.infer,
            timeout_s,
            name,
            [tensor],
            model_version=str(number),
        )
        answer = result.get_response()
        if (answer.model_name, answer.model_version) != (name, str(number)):
            raise Internal(f"{answer.model_name}/{answer.model_version} answered for {served}")
        return {output.name: result.as_numpy(output.name) for output in answer.outputs}

    def _call(
        self,
        method: Callable[..., Result],
        timeout_s: float | None = None,
        *arguments: Any,  # noqa: ANN401  # the client library is untyped
        **options: Any,  # noqa: ANN401
    ) -> Result:
        if self._closed.is_set():
            raise TritonUnavailable("the client of the model server is closed")
        try:
            return method(
                *arguments,
                headers=self._headers,
                client_timeout=timeout_s or self._timeout_s,
                **options,
            )
        except InferenceServerException as error:
            raise translate(error) from error
        except ValueError as error:
            # "Cannot invoke RPC on closed channel", raised by a racing close().
            raise TritonUnavailable(f"the call to the model server failed: {error}") from error


def translate(error: InferenceServerException) -> ModelNotReady | TritonUnavailable | Internal:
    """Turn the client library's error into one of ours, by its status and words."""
    status = str(error.status() or "").removeprefix("StatusCode.")
    message = str(error.message() or "")
    if "Stub process" in message:
        return ModelBroken(f"the model's process died: {message}")
    if any(words in message for words in _NOT_READY):
        return ModelNotReady(f"the model server does not serve this model: {message}")
    if status in _DOWN:
        return TritonUnavailable(f"the model server does not answer ({status.lower()})")
    if "load failed" in message or "failed to load" in message:
        return ModelNotReady(message)
    return Internal(f"the model server refused a call: {status} {message}")
