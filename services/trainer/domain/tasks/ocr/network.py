"""The two graphs that OCR goes on from: what of them learns, as one network."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from services.trainer.domain.networks.onnx_graph import OnnxGraph
from services.trainer.domain.tasks.ocr.alphabet import Alphabet

INPUT = "x"
LINE_FEATURES = ("p2o.pd_op.pool2d.1.0",)
READ = "p2o.pd_op.transpose.8.0"  # (B, T, width), from which the last layer tells signs
PAGE_FEATURES = tuple(f"p2o.pd_op.add.{place}.0" for place in (14, 27, 50, 63))
FOUND = "p2o.pd_op.add.97.0"  # (B, 1, H, W), before the sigmoid
HEAD = ("linear_8.w_0", "linear_8.b_0")  # (width, signs) and (signs,)
NEW_SPREAD = 0.01  # of a new sign's first weights around the mean of all


@dataclass(frozen=True)
class Stock:
    """The graphs of PP-OCRv6 that recognise lines and detect text, as ONNX files."""

    recognition: onnx.ModelProto
    detection: onnx.ModelProto

    @classmethod
    def of(cls, recognition: bytes, detection: bytes) -> "Stock":
        """Reads both files."""
        return cls(onnx.load_from_string(recognition), onnx.load_from_string(detection))

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """What recognition reads: its dictionary, and the space that the dictionary leaves out."""
        facts = {fact.key: fact.value for fact in self.recognition.metadata_props}
        return (*facts["character"].split("\n"), " ")

    def initialiser(self, name: str) -> Tensor:
        """One tensor of the recognition."""
        found = next(one for one in self.recognition.graph.initializer if one.name == name)
        return torch.from_numpy(numpy_helper.to_array(found).copy())


class SignHead(nn.Module):
    """The last layer: a row a sign, of which only those that lines teach are learnt.

    The optimiser would move the others, too, by whole steps for the slightest gradient, and what
    they read would be forgotten.

    Attributes:
        weight: ``(1 + signs, width)``.
        bias: ``(1 + signs,)``.
        rows: Those that compete in training, rising: what is learnt, and its rivals.
        learnt: ``(rows, 1)``, whether each of them is learnt.
    """

    rows: Tensor
    learnt: Tensor

    def __init__(self, stock: Stock, alphabet: Alphabet) -> None:
        """Rows of new signs begin as the mean of all, a little apart."""
        super().__init__()
        weight, bias = stock.initialiser(HEAD[0]).T.contiguous(), stock.initialiser(HEAD[1])
        if alphabet.added:
            spread = weight.std() * NEW_SPREAD
            new = weight.mean(0) + spread * torch.randn(alphabet.added, weight.shape[1])
            weight = torch.cat([weight, new])
            bias = torch.cat([bias, bias.mean().expand(alphabet.added)])
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.register_buffer("rows", torch.arange(len(bias)), persistent=False)
        self.register_buffer("learnt", torch.ones(len(bias), 1).bool(), persistent=False)

    def compete(self, learnt: Tensor, rivals: Tensor) -> None:
        """Says which rows are learnt, and which others they are to be told from."""
        device = self.weight.device
        self.rows = torch.unique(torch.cat([learnt, rivals])).to(device)
        self.learnt = torch.isin(self.rows, learnt.to(device))[:, None]

    def forward(self, seen: Tensor) -> Tensor:
        """Logits ``(B, T, 1 + signs)`` of ``(B, T, width)``."""
        return nn.functional.linear(seen, self.weight, self.bias)

    def competing(self, seen: Tensor) -> Tensor:
        """Logits ``(B, T, rows)``; those that are not learnt have no gradient of their own."""
        weight, bias = self.weight[self.rows], self.bias[self.rows]
        weight = torch.where(self.learnt, weight, weight.detach())
        bias = torch.where(self.learnt[:, 0], bias, bias.detach())
        return nn.functional.linear(seen, weight, bias)


class TextNetwork(nn.Module):
    """Finds lines and reads them, from features that the rest of the graphs sees and never learns.

    Attributes:
        reader: From features of lines to what the head tells signs from.
        head: Tells signs.
        finder: From features of pages to logits of text.
        alphabet: Empty; its name says which signs the head's rows are, so that weights of another
            alphabet are those of another network.
    """

    def __init__(self, stock: Stock, alphabet: Alphabet, *, seed: int) -> None:
        """The stock's network, and random first weights for the signs that it lacks."""
        super().__init__()
        torch.manual_seed(seed)
        self.reader = OnnxGraph(stock.recognition, LINE_FEATURES, (READ,))
        self.head = SignHead(stock, alphabet)
        self.finder = OnnxGraph(stock.detection, PAGE_FEATURES, (FOUND,))
        self.register_buffer(f"alphabet_{alphabet.digest}", torch.empty(0))

    def read(self, features: Tensor) -> Tensor:
        """Logits ``(B, T, 1 + signs)`` from features of lines ``(B, C, 1, T)``."""
        (seen,) = self.reader(features)
        told: Tensor = self.head(seen)
        return told

    def learn(self, features: Tensor) -> Tensor:
        """Logits ``(B, T, rows)`` of the rows that compete, from features of lines."""
        (seen,) = self.reader(features)
        return self.head.competing(seen)

    def find(self, features: Sequence[Tensor]) -> Tensor:
        """Logits of text ``(B, H, W)`` from features of pages."""
        found: Tensor = self.finder(*features)[0]
        return found[:, 0]
