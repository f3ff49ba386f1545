"""Merging an import into what is drawn: the same object once, at a cost that grows in step."""

from collections.abc import Callable

import numpy as np
import pytest

from services.annotation.domain import conflicts
from services.annotation.domain.conflicts import merged
from shared.contracts.shapes import Rle, Shape
from shared.vision import masks


def mask(number: int) -> Shape:
    before, covered = divmod(number, 90)
    runs = np.array([before, covered + 1, 10_000 - before - covered - 1], np.uint32)
    return Shape(label="pit", kind="mask", rle=Rle(size=(100, 100), counts=masks.to_text(runs)))


def box(at: float) -> Shape:
    return Shape(label="pit", kind="box", points=((at, 5), (at + 9, 20)))


@pytest.mark.parametrize("make", [mask, lambda number: box(2.0 * number)])
def test_a_shape_is_compared_with_its_neighbours_only(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[int], Shape]
) -> None:
    compared = 0
    is_near = conflicts._is_near

    def counted(one: Shape, other: Shape) -> bool:
        nonlocal compared
        compared += 1
        return is_near(one, other)

    monkeypatch.setattr(conflicts, "_is_near", counted)
    drawn, imported = [make(n) for n in range(400)], [make(n) for n in range(200, 600)]
    shapes = merged(drawn, imported, "i", "instance_segmentation")
    assert shapes is not None
    assert len(shapes) == 600
    assert compared <= 3 * 400


def test_the_same_object_within_half_a_pixel_is_one_and_another_label_is_not() -> None:
    moved, named = box(10.4), box(10).model_copy(update={"label": "dent"})
    shapes = merged([box(10)], [moved, named], "i", "detection")
    assert shapes is not None
    assert [shape.label for shape in shapes] == ["pit", "dent"]
