"""From annotated images to the training of OCR."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.ocr.lessons import Lessons
from services.trainer.domain.tasks.ocr.network import Stock
from services.trainer.domain.tasks.ocr.samples import (
    Annotated,
    Line,
    Page,
    Sample,
    cut_lines,
    page_of,
)
from services.trainer.domain.tasks.ocr.training import TextTraining
from services.trainer.domain.training.planning import MULTIPLE, WindowPlan, middle
from services.trainer.domain.training.planning import input_size as planned_size
from services.trainer.domain.training.ports import FirstWeights, NothingToTrain, Prepared
from services.trainer.domain.training.validation_split import validating
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.preprocess import Image
from shared.vision.tiles import TilePlan

LINE_PX = 16.0  # that a low line is high in the input, so that it is found
LONG_SIDES = (640, 1280)  # shortest and longest long side of the input
LOW = 0.1  # quantile of the lines' heights
ENOUGH_LINES = 200  # and pages, from which detection learns; with fewer it would forget
ENOUGH_PAGES, MOST_PAGES = 8, 64
MOST_PAGE_PIXELS = 64 << 20  # of all pages together: their features take 11 bytes a pixel
LINES_A_SECOND = 10  # of the budget: a fifth of it on two cores of a CPU
LEAST_BUDGET_S = 60.0
MOST_LINE_PIXELS = 20 << 20  # of all lines' widths together: their features take 96 bytes a pixel


class TextBuilder:
    """The `TaskBuilder` of OCR."""

    def prepare(
        self,
        recipe: Recipe,
        images: Sequence[SnapshotImage],
        labels: Sequence[str],
        read: Callable[[SnapshotImage], Image],
    ) -> Prepared[WindowPlan, Sample]:
        """See `TaskBuilder`."""
        found = [Annotated.of(image, labels) for image in images]
        if not any(one.texts for one in found):
            raise NothingToTrain("no line has a text: write down what the lines say")
        size = input_size(recipe, images, found)
        known = [frozenset({0}) if one.texts else frozenset[int]() for one in found]
        return Prepared(
            WindowPlan(size, TilePlan()), _cut(images, found, validating(images, known), size, read)
        )

    def build(
        self,
        recipe: Recipe,
        plan: WindowPlan,
        windows: Sequence[Sample],
        *,
        labels: int,
        first: FirstWeights | None,
    ) -> TextTraining:
        """See `TaskBuilder`."""
        if first is None or not first.graphs:
            raise NothingToTrain(
                f"OCR goes on from {recipe.backbone}, whose files are not installed: see the"
                " package rapidocr in requirements/weights.txt"
            )
        stock = Stock.of(*first.graphs)
        lines = [one for one in windows if isinstance(one, Line)]
        pages = [one for one in windows if isinstance(one, Page)]
        lessons = Lessons.of(lines, stock.signs, most=_most_lines(recipe, lines))
        return TextTraining(recipe, stock, lessons, pages)


def _most_lines(recipe: Recipe, lines: Sequence[Line]) -> int:
    """How many lines a training has time for, and memory, which holds the features of all."""
    in_time = int(max(recipe.budget_s, LEAST_BUDGET_S) * LINES_A_SECOND)
    width = sum(line.image.shape[1] for line in lines) / max(len(lines), 1)
    return min(in_time, max(1, int(MOST_LINE_PIXELS / max(width, 1))))


def input_size(
    recipe: Recipe, images: Sequence[SnapshotImage], found: Sequence[Annotated]
) -> tuple[int, int]:
    """Width and height of a page's input: of the usual image's shape, its low lines high enough."""
    width, height = middle([(image.width, image.height) for image in images])
    if recipe.input_pixels is not None:
        sides = planned_size((width, height), recipe.input_pixels)
        return recipe.input_width or sides[0], recipe.input_height or sides[1]
    heights = [
        min(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[3] - corners[0]))
        for one in found
        for corners, _ in one.lines
    ]
    scale = LINE_PX / max(float(np.quantile(heights, LOW)), 1.0)
    long = float(np.clip(scale * max(width, height), *LONG_SIDES))
    factor = long / max(width, height)
    sides = (_multiple(width * factor), _multiple(height * factor))
    return recipe.input_width or sides[0], recipe.input_height or sides[1]


def _multiple(side: float) -> int:
    """A side of a page's input: never that of a line's."""
    return max(2, round(side / MULTIPLE)) * MULTIPLE


def _cut(
    images: Sequence[SnapshotImage],
    found: Sequence[Annotated],
    held: Sequence[bool],
    size: tuple[int, int],
    read: Callable[[SnapshotImage], Image],
) -> Iterator[Sample]:
    """Lines of all images, and pages where there are enough to learn from."""
    learns = sum(len(one.lines) for one in found) >= ENOUGH_LINES and len(found) >= ENOUGH_PAGES
    teaches = any(one.texts and not out for one, out in zip(found, held, strict=True))
    most = min(MOST_PAGES, MOST_PAGE_PIXELS // (size[0] * size[1]))
    pages = 0
    for image, one, out in zip(images, found, held, strict=True):
        pixels, validates = read(image), teaches and out
        yield from cut_lines(pixels, one, image.name, validates=validates)
        if learns and one.lines and pages < most:
            pages += 1
            yield page_of(pixels, one, size, validates=validates)
