"""OCR in training: what reads and what finds, on features of the stock's graphs that are kept."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from services.trainer.domain.losses.ctc import BLANK
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.ocr import features, replay
from services.trainer.domain.tasks.ocr.alphabet import Alphabet
from services.trainer.domain.tasks.ocr.batches import LineGroup, PageView, TextBatch, WidthSampler
from services.trainer.domain.tasks.ocr.export import ExportableText
from services.trainer.domain.tasks.ocr.judging import (
    Reading,
    is_better,
    likely,
    missed_area,
    reading_of,
    texts_of,
)
from services.trainer.domain.tasks.ocr.lessons import Lessons
from services.trainer.domain.tasks.ocr.network import Stock, TextNetwork
from services.trainer.domain.tasks.ocr.samples import Page
from services.trainer.domain.training.precision import exact
from services.trainer.domain.training.validation import Validation

REPLAYED = 0.25  # made lines a line that teaches
FEWEST_REPLAYED = 24
RIVALS = 1024  # signs that are not learnt, but that the first network finds most likely somewhere
SHARES = (0.7, 0.8)  # of what comes before the first step: lines until here, then made ones, pages


@dataclass(frozen=True)
class _Known:
    """What was looked at once: features of lines and of pages, and what the lines say."""

    lines: list[Tensor]
    signs: list[list[int]]
    validating: list[Tensor]
    pages: list[list[Tensor]]
    judged: list[list[Tensor]]


@dataclass(frozen=True)
class _First:
    """The network before the first step, and how it did."""

    network: TextNetwork
    reading: Reading | None
    missed: np.ndarray[Any, np.dtype[np.float64]]


class TextTraining:
    """The `TrainingTask` of OCR."""

    label_tensors: tuple[str, ...] = ()

    def __init__(
        self, recipe: Recipe, stock: Stock, lessons: Lessons, pages: Sequence[Page]
    ) -> None:
        """Builds the network; first weights of new signs follow from the recipe's seed."""
        self._stock, self._lessons, self._recipe = stock, lessons, recipe
        self._pages = [page for page in pages if not page.validates]
        self._judged = [page for page in pages if page.validates]
        self.network = TextNetwork(stock, lessons.alphabet, seed=recipe.seed)
        made = max(FEWEST_REPLAYED, min(replay.LINES, round(REPLAYED * len(lessons.taught))))
        rng = np.random.default_rng([recipe.seed, 1 << 20])
        self._made = replay.made_lines(stock.signs, rng, made)
        widths = [one.image.shape[1] for one in lessons.taught]
        widths += [one.shape[1] for one in self._made]
        self.sampler = WidthSampler(widths, recipe.step_windows)
        self.description: Mapping[str, Any] = {"alphabet": list(lessons.alphabet.signs)}
        self.choices: tuple[str, ...] = lessons.told()
        self._known: _Known | None = None
        self._first: _First | None = None

    @property
    def alphabet(self) -> Alphabet:
        """What the network reads."""
        return self._lessons.alphabet

    def begin(self, network: TextNetwork, told: Callable[[float], None]) -> bool:
        """See `TrainingTask`: looks at all lines and pages once."""
        stock, lessons = self._stock, self._lessons
        ends = SHARES if self._pages else (0.8, 1.0)
        lines = [one.image for one in (*lessons.taught, *lessons.validating)]
        seen = features.of_lines(stock, lines, lambda share: told(share * ends[0]))
        made = features.of_lines(
            stock, self._made, lambda share: told(ends[0] + share * (ends[1] - ends[0]))
        )
        read = texts_of(network.eval(), made, self.alphabet.signs)
        rows = [*lessons.rows, *(self.alphabet.rows(text) or [] for text in read)]
        learnt = torch.tensor(sorted({BLANK, *(row for one in lessons.rows for row in one)}))
        rivals = torch.tensor(sorted({row for one in rows for row in one}))
        lines_seen = seen[: len(lessons.taught)] + made
        network.head.compete(learnt, torch.cat([rivals, likely(network, lines_seen, RIVALS)]))
        place_of = {row: place for place, row in enumerate(network.head.rows.tolist())}
        pages = [page.image for page in (*self._pages, *self._judged)]
        looked = features.of_pages(
            stock, pages, lambda share: told(ends[1] + share * (1 - ends[1])), len(pages)
        )
        taught = len(lessons.taught)
        self._known = _Known(
            lines=lines_seen,
            signs=[[place_of[row] for row in one] for one in rows],
            validating=seen[taught:],
            pages=looked[: len(self._pages)],
            judged=looked[len(self._pages) :],
        )
        first = copy.deepcopy(network).requires_grad_(False)
        self._first = _First(first, self._reading(first), self._missed(first))
        return True

    def batch(self, windows: Sequence[int], rngs: Sequence[np.random.Generator]) -> TextBatch:
        """See `TrainingTask`."""
        known = self._looked_at()
        groups: dict[int, list[int]] = {}
        for row in windows:
            groups.setdefault(known.lines[row].shape[-1], []).append(row)
        made = [
            LineGroup.of([known.lines[row] for row in rows], [known.signs[row] for row in rows])
            for _, rows in sorted(groups.items())
        ]
        page = None
        if self._pages:
            chosen = int(rngs[0].integers(len(self._pages)))
            area = torch.from_numpy(np.array(self._pages[chosen].area))
            page = PageView(tuple(known.pages[chosen]), area).part(rngs[0])
        return TextBatch(tuple(made), page)

    def loss(self, network: TextNetwork, images: Tensor, batch: TextBatch) -> Tensor:
        """See `TrainingTask`."""
        with exact(images):
            return batch.loss(network)

    def exportable(self, network: TextNetwork) -> ExportableText:
        """See `TrainingTask`."""
        return ExportableText(network, self._stock)

    def validate(self, network: TextNetwork) -> Validation | None:
        """See `TrainingTask`: the share of signs that are read right in validation lines."""
        reading = self._reading(network)
        return None if reading is None else reading.validation()

    def chosen(self, network: TextNetwork) -> TextNetwork:
        """See `TrainingTask`: of each half the first one where validation shows none better."""
        first = self._first
        if first is None:
            return network
        best = copy.deepcopy(network)
        reading = self._reading(network)
        if reading is None or first.reading is None or not reading.is_better_than(first.reading):
            best.reader.load_state_dict(first.network.reader.state_dict())
            best.head.load_state_dict(first.network.head.state_dict())
        self.choices += (_of_reading(reading, first.reading),)
        missed = self._missed(network)
        finds = bool(self._pages) and is_better(missed, first.missed)
        if not finds:
            best.finder.load_state_dict(first.network.finder.state_dict())
        self.choices += (_of_finding(len(self._pages), missed, first.missed, better=finds),)
        return best

    def _looked_at(self) -> _Known:
        if self._known is None:
            raise RuntimeError("a batch is asked for before the lines were looked at")
        return self._known

    def _reading(self, network: TextNetwork) -> Reading | None:
        lines = self._lessons.validating
        if not lines:
            return None
        read = texts_of(network, self._looked_at().validating, self.alphabet.signs)
        texts = [line.text for line in lines]
        return reading_of(read, texts, is_cased=self._lessons.is_cased)

    def _missed(self, network: TextNetwork) -> np.ndarray[Any, np.dtype[np.float64]]:
        areas = [page.area for page in self._judged]
        return missed_area(network, self._looked_at().judged, areas)


def _of_reading(now: Reading | None, before: Reading | None) -> str:
    """Which reading is exported, and why."""
    if now is None or before is None:
        return (
            "lines are read as before: none validates, so that nothing shows whether the training"
            " reads better; annotate more"
        )
    told = (
        f"{now.rate:.1%} of the signs of {len(now.errors)} validation lines wrong,"
        f" before {before.rate:.1%}"
    )
    if not now.is_cased:
        told += (
            f"; case left aside, since all letters are of one; with it {now.strict_rate:.1%},"
            f" before {before.strict_rate:.1%}"
        )
    if now.is_better_than(before):
        return f"lines are read as was learnt: {told}"
    return f"lines are read as before, since what was learnt is not surely better: {told}"


def _of_finding(
    pages: int,
    now: np.ndarray[Any, np.dtype[np.float64]],
    before: np.ndarray[Any, np.dtype[np.float64]],
    *,
    better: bool,
) -> str:
    """Which detection is exported, and why."""
    if not pages:
        return "lines are found as before: there are too few annotated ones to learn from"
    if not len(now):
        return "lines are found as before: no image validates whether the training finds better"
    told = f"F1 of text on {len(now)} validation images {1 - now.mean():.3f}"
    before_told = f"before {1 - before.mean():.3f}"
    if better:
        return f"lines are found as was learnt: {told}, {before_told}"
    return (
        "lines are found as before, since what was learnt is not surely better:"
        f" {told}, {before_told}"
    )
