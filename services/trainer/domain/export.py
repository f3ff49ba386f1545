"""From the trained network to the ONNX file that is evaluated, served and shipped."""

import torch

from services.trainer.domain.detector import Detector, ExportableDetector

OPSET = 18


def to_onnx(detector: Detector) -> bytes:
    """The detector with normalisation and decoding inside, batch size free.

    Input ``image`` uint8 ``(B, H, W, 3)`` RGB; outputs ``boxes`` float32 ``(B, A, 4)`` xyxy in
    input pixels and ``scores`` float32 ``(B, A, C)``.
    """
    model = ExportableDetector(detector).eval()
    width, height = detector.shape.input_size
    example = torch.zeros((2, height, width, 3), dtype=torch.uint8)
    program = torch.onnx.export(
        model,
        (example,),
        input_names=["image"],
        output_names=["boxes", "scores"],
        dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("the exporter gave no program")
    return bytes(program.model_proto.SerializeToString())
