"""A detector that goes on from YOLOX's ONNX graph, whose initialisers are its parameters.

YOLOX (Ge et al., 2021, https://arxiv.org/abs/2107.08430): each of three levels has a branch for
scores and one for boxes, which ends in four numbers a point and one that says whether an object is
there. All of it stays but the scores of COCO's labels, in whose place a new layer tells ours.
"""

import math
import re
from collections.abc import Mapping

import onnx
import torch
from google.protobuf.message import DecodeError
from torch import Tensor, nn

from services.trainer.domain.detector.network import (
    DetectorShape,
    PointDetector,
    RawOutput,
    flat,
)
from services.trainer.domain.networks.backbones import STRIDES as MAP_STRIDES
from services.trainer.domain.networks.normalisation import DEVIATION, MEAN
from services.trainer.domain.networks.onnx_graph import OnnxGraph, held_as

STRIDES = (8, 16, 32)
PREDICTION = re.compile(r"head\.(cls|reg|obj)_preds\.([012])\.weight")
PROBE_SIDE = 64  # px of an image by which the strides of the graph's maps are learnt
LARGEST = 8.0  # logarithm of a box's side in strides, beyond which it would not be a number
NEW_SPREAD = 0.01  # of the first weights of the layer that tells labels


class GraphDetector(PointDetector):
    """The graph as ``backbone``, and a layer of scores a level.

    A label's score begins as that of any object of the graph, shared by all labels.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: DetectorShape, graph: onnx.ModelProto) -> None:
        """Cuts a graph that was `read` before its labels; raises UnknownOperator."""
        super().__init__(shape)
        (image,) = _images_of(graph)
        ends = _ends_of(graph)
        kinds, levels = ("cls", "reg", "obj"), range(len(STRIDES))
        names = [ends[kind, level] for level in levels for kind in kinds]
        self.backbone = OnnxGraph(graph, (image,), names)
        maps = self._probed()
        self.scores = nn.ModuleList(
            nn.Conv2d(maps[name].shape[1], shape.labels, 1) for name in names[::3]
        )
        for layer in self.scores:
            assert isinstance(layer, nn.Conv2d)  # noqa: S101  made above
            assert layer.bias is not None  # noqa: S101  built with a bias above
            nn.init.normal_(layer.weight, std=NEW_SPREAD)
            nn.init.constant_(layer.bias, -math.log(shape.labels))
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None] * 255, persistent=False)
        self.register_buffer(
            "deviation", torch.tensor(DEVIATION)[:, None, None] * 255, persistent=False
        )
        self.label_tensors = tuple(
            f"scores.{level}.{name}" for level in range(len(STRIDES)) for name in ("weight", "bias")
        )

    def freeze(self, *, stages: int) -> None:
        """Keeps all that comes before the first map of the stage after the first ``stages``."""
        if not stages:
            return
        for name in self._before(MAP_STRIDES[stages - 1]):
            held = getattr(self.backbone, held_as(name))
            if isinstance(held, nn.Parameter):
                held.requires_grad_(False)

    def forward(self, images: Tensor) -> RawOutput:
        """See `PointDetector`; the graph takes numbers from 0 to 255, blue first."""
        pixels = (images * self.deviation + self.mean).flip(1)
        answers = self.backbone(pixels)
        scores, boxes = [], []
        for level, layer in enumerate(self.scores):
            features, box, present = answers[3 * level :][:3]
            scores.append(flat(layer(features) + present))
            boxes.append(flat(box))
        return RawOutput(torch.cat(scores, 1), torch.cat(boxes, 1)[..., None])

    def decode(self, distance_logits: Tensor) -> Tensor:
        """See `PointDetector`: centres from a cell's corner, logarithms of sides, in strides."""
        raw, strides = distance_logits[..., 0], self.strides[:, None]
        centres = self.points + (raw[..., :2] - 0.5) * strides
        halves = raw[..., 2:].clamp(max=LARGEST).exp() * strides / 2
        return torch.cat([centres - halves, centres + halves], -1)

    def _probed(self) -> dict[str, Tensor]:
        """What the graph's steps give for an empty image."""
        with torch.no_grad():
            return self.backbone.values(torch.zeros(1, 3, PROBE_SIDE, PROBE_SIDE))

    def _before(self, stride: int) -> list[str]:
        """Inputs of the steps before the first map of a larger stride."""
        maps = self._probed()
        names: list[str] = []
        for step in self.backbone.steps:
            if maps[step.output].shape[-1] * stride < PROBE_SIDE:
                break
            names += step.inputs
        return [name for name in names if name not in maps]


def read(file: bytes) -> onnx.ModelProto:
    """The graph of an ONNX file; raises ValueError where it is none of YOLOX's."""
    try:
        graph = onnx.load_from_string(file)
    except DecodeError as error:
        raise ValueError("the file is no ONNX graph") from error
    if len(_ends_of(graph)) != 3 * len(STRIDES) or len(_images_of(graph)) != 1:
        raise ValueError("the graph is none of YOLOX's with three levels")
    return graph


def _images_of(graph: onnx.ModelProto) -> list[str]:
    stored = {one.name for one in graph.graph.initializer}
    return [one.name for one in graph.graph.input if one.name not in stored]


def _ends_of(graph: onnx.ModelProto) -> Mapping[tuple[str, int], str]:
    """What the layers of the head take (of labels) or give (of boxes and objects), by level."""
    ends = {}
    for node in graph.graph.node:
        found = PREDICTION.fullmatch(node.input[1]) if len(node.input) > 1 else None
        if node.op_type == "Conv" and found is not None:
            kind, level = found[1], int(found[2])
            ends[kind, level] = node.input[0] if kind == "cls" else node.output[0]
    return ends
