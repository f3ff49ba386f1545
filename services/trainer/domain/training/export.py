"""From the trained network to the ONNX file that is evaluated, served and shipped."""

from collections.abc import Sequence

import torch
from torch import nn

OPSET = 18


def to_onnx(model: nn.Module, input_size: tuple[int, int], outputs: Sequence[str]) -> bytes:
    """The network with normalisation and decoding inside, batch size free.

    Args:
        model: From uint8 ``(B, H, W, 3)`` RGB to the task's outputs.
        input_size: Width and height of its input in pixels.
        outputs: Their names, in order.
    """
    width, height = input_size
    example = torch.zeros((2, height, width, 3), dtype=torch.uint8)
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
