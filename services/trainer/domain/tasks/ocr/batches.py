"""What one step learns from: lines of equal width together, and a page."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from services.trainer.domain.losses.ctc import ctc
from services.trainer.domain.losses.differentiable_binarization import (
    TextMaps,
    differentiable_binarization,
)
from services.trainer.domain.tasks.ocr.network import TextNetwork
from services.trainer.domain.tasks.ocr.samples import IGNORED
from shared.vision.boxes import Indices

CELL_PX = 4  # pixels of a page to a side of its finest features


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines of one width: features ``(B, C, 1, T)``, their signs ``(B, L)``, how many.

    A sign is told by its place among the rows that compete.
    """

    features: Tensor
    signs: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, features: Sequence[Tensor], signs: Sequence[Sequence[int]]) -> "LineGroup":
        """The group of some lines."""
        lengths = torch.tensor([len(one) for one in signs])
        padded = torch.zeros((len(signs), int(lengths.max())), dtype=torch.int64)
        for place, one in enumerate(signs):
            padded[place, : len(one)] = torch.tensor(one)
        return cls(torch.stack(list(features)), padded, lengths)

    def loss(self, network: TextNetwork) -> Tensor:
        """A sign's loss in each line, ``(B,)``: long texts count as short ones do."""
        told = ctc(network.learn(self.features.float()), self.signs, self.lengths)
        return told / self.lengths

    def to(self, device: torch.device) -> "LineGroup":
        """The group in the memory of ``device``."""
        return LineGroup(*(one.to(device) for one in (self.features, self.signs, self.lengths)))


@dataclass(frozen=True, slots=True)
class PageView:
    """A page: its features ``(C, h, w)`` from the finest on, and its map ``(H, W)``."""

    features: tuple[Tensor, ...]
    area: Tensor

    def part(self, rng: np.random.Generator) -> "PageView":
        """A random half of its height and of its width, cut between cells of the coarsest features.

        All features halve from one to the next, and the map has `CELL_PX` pixels to a finest cell.
        """
        coarsest = self.features[-1].shape[-2:]
        sides = [-(-side // 2) for side in coarsest]
        first = [
            int(rng.integers(0, side - part + 1))
            for side, part in zip(coarsest, sides, strict=True)
        ]

        def cut(whole: Tensor, cells: int) -> Tensor:
            (top, left), (height, width) = first, sides
            rows = slice(top * cells, (top + height) * cells)
            return whole[..., rows, left * cells : (left + width) * cells]

        last = len(self.features) - 1
        features = [cut(one, 2 ** (last - level)) for level, one in enumerate(self.features)]
        return PageView(tuple(features), cut(self.area, CELL_PX << last))

    def loss(self, network: TextNetwork) -> Tensor:
        """How far the found text is from the truth; of ignored pixels nothing, whatever is found.

        The graph has no map of thresholds: the one of all pixels stays in the middle.
        """
        found = network.find([one[None].float() for one in self.features])
        area = self.area[None]
        counted = area != IGNORED
        truth = TextMaps(
            (area == 1).float(), counted, torch.zeros_like(found), torch.zeros_like(counted)
        )
        return differentiable_binarization(found, torch.zeros_like(found), truth)[0]

    def to(self, device: torch.device) -> "PageView":
        """The page in the memory of ``device``."""
        return PageView(tuple(one.to(device) for one in self.features), self.area.to(device))


def no_images() -> Tensor:
    """The loss is of features that are kept: there is nothing more to look at."""
    return torch.empty((0, 1, 1, 3), dtype=torch.uint8)


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Groups of lines, and a page where detection learns, too."""

    groups: tuple[LineGroup, ...]
    page: PageView | None
    images: Tensor = field(default_factory=no_images)

    def to(self, device: torch.device) -> "TextBatch":
        """See `Batch`."""
        return replace(
            self,
            groups=tuple(group.to(device) for group in self.groups),
            page=None if self.page is None else self.page.to(device),
            images=self.images.to(device),
        )

    def loss(self, network: TextNetwork) -> Tensor:
        """The mean of its lines' losses, and the page's."""
        lines = torch.cat([group.loss(network) for group in self.groups]).mean()
        return lines if self.page is None else lines + self.page.loss(network)


class WidthSampler:
    """Shows every line once an epoch, those of like width in one step.

    Attributes:
        count: Lines of one epoch.
    """

    def __init__(self, widths: Sequence[int], batch: int) -> None:
        """Takes the width of each line; raises ValueError without any."""
        if not widths:
            raise ValueError("a training needs at least one line")
        self._widths, self._batch = np.array(widths, np.int64), batch
        self.count = len(widths)

    def order(self, rng: np.random.Generator) -> Indices:
        """All lines, steps in random order.

        >>> order = WidthSampler([8, 16, 8, 16], 2).order(np.random.default_rng(0)).tolist()
        >>> sorted(map(sorted, (order[:2], order[2:])))
        [[0, 2], [1, 3]]
        """
        drawn = rng.permutation(self.count)
        drawn = drawn[np.argsort(self._widths[drawn], kind="stable")]
        steps = [drawn[at : at + self._batch] for at in range(0, self.count, self._batch)]
        return np.concatenate([steps[at] for at in rng.permutation(len(steps))]).astype(np.int64)
