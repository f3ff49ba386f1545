"""From the trained network to the ONNX file that is evaluated, served and shipped."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

OPSET = 18


@runtime_checkable
class WrittenGraph(Protocol):
    """A network that writes its graph by itself, since tracing could not."""

    def written(self) -> bytes:
        """The ONNX file, with the outputs of its task in order."""
        ...


def to_onnx(model: nn.Module, input_size: tuple[int, int], outputs: Sequence[str]) -> bytes:
    """The network with normalisation and decoding inside, batch size free.

    Args:
        model: From uint8 ``(B, H, W, 3)`` RGB to the task's outputs.
        input_size: Width and height of its input in pixels.
        outputs: Their names, in order.
    """
    if isinstance(model, WrittenGraph):
        return model.written()
    width, height = input_size
    example = torch.zeros((2, height, width, 3), dtype=torch.uint8)
    with _nothing_in_place(model):
        program = torch.onnx.export(
            model.eval(),
            (example,),
            input_names=["image"],
            output_names=list(outputs),
            dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("the exporter gave no program")
    return bytes(program.model_proto.SerializeToString())


@contextlib.contextmanager
def _nothing_in_place(model: nn.Module) -> Iterator[None]:
    """Let activations make new tensors meanwhile: the graph is the same, traced in 3/4 of the time.

    The exporter takes one that overwrites its input apart into its smallest steps, and then puts
    them together again.
    """
    changed: list[Any] = [
        module for module in model.modules() if getattr(module, "inplace", False) is True
    ]
    try:
        for module in changed:
            module.inplace = False
        yield
    finally:
        for module in changed:
            module.inplace = True
