"""How far two answers lie apart."""

import numpy as np
import pytest

from shared.sdk.comparison import Limits, difference
from shared.vision.masks import from_dense, to_text

SIZE = (10, 10)


def boxes(*rows: tuple[int, float, float]) -> dict[str, np.ndarray]:
    """(label, score, x) each, a box of 5 x 5 px."""
    return {
        "label": np.array([row[0] for row in rows], np.int64),
        "score": np.array([row[1] for row in rows], np.float32),
        "box": np.array([[row[2], 0, row[2] + 5, 5] for row in rows], np.float32).reshape(-1, 4),
    }


def masks(**pixels: np.ndarray) -> dict[str, np.ndarray]:
    texts = [to_text(from_dense(one)).encode() for one in pixels.values()]
    return {
        "label": np.array([int(name[1:]) for name in pixels], np.int64),
        "rle": np.frombuffer(b"".join(texts), np.uint8),
        "rle_starts": np.cumsum([0, *(len(text) for text in texts)]),
    }


def test_boxes_of_equal_scores_may_change_places() -> None:
    first, second = boxes((0, 0.5, 1), (0, 0.5, 90)), boxes((0, 0.5, 90), (0, 0.5, 1))
    assert difference(first, second, SIZE).within(Limits())


@pytest.mark.parametrize(
    "other",
    [
        boxes((0, 0.5, 1)),
        boxes((0, 0.5, 1), (1, 0.4, 2), (1, 0.3, 30)),
        boxes((0, 0.5, 1), (0, 0.4, 2)),
        boxes((0, 0.5, 1.2), (1, 0.4, 2)),
        boxes((0, 0.5003, 1), (1, 0.4, 2)),
    ],
    ids=["one less", "one more", "another label", "0.2 px", "score"],
)
def test_another_answer_is_another(other) -> None:
    reported = boxes((0, 0.5, 1), (1, 0.4, 2))
    assert difference(reported, reported, SIZE).within(Limits())
    assert not difference(other, reported, SIZE).within(Limits())


def test_no_boxes_are_an_answer_too() -> None:
    assert difference(boxes(), boxes(), SIZE).within(Limits())
    assert not difference(boxes((0, 0.5, 1)), boxes(), SIZE).within(Limits())


def test_scores_of_a_classifier_are_compared_label_by_label() -> None:
    reported = {"scores": np.array([[0.6, 0.4]], np.float32)}
    near = {"scores": np.array([[0.60005, 0.39995]], np.float32)}
    assert difference(near, reported, SIZE).within(Limits())
    turned = difference({"scores": np.array([[0.4, 0.6]], np.float32)}, reported, SIZE)
    assert not turned.within(Limits())
    assert turned.score == pytest.approx(0.2)


def test_masks_are_compared_by_their_pixels() -> None:
    whole = np.zeros(SIZE, bool)
    whole[:5] = True
    less = whole.copy()
    less[0, 0] = False
    assert difference(masks(l0=whole), masks(l0=whole), SIZE).within(Limits())
    found = difference(masks(l0=less), masks(l0=whole), SIZE)
    assert found.mask_iou == pytest.approx(49 / 50)
    assert not found.within(Limits())
    assert found.within(Limits(mask_iou=0.97))
    assert not difference(masks(l1=whole), masks(l0=whole), SIZE).within(Limits())
    assert not difference(masks(), masks(l0=whole), SIZE).within(Limits())


def test_objects_with_masks_are_compared_by_both() -> None:
    whole = np.zeros(SIZE, bool)
    whole[:5] = True
    less = whole.copy()
    less[0, 0] = False

    def objects(*pixels: np.ndarray) -> dict[str, np.ndarray]:
        drawn = masks(**{f"l{row}": one for row, one in enumerate(pixels)})
        rows = [(0, 0.5, 20.0 * row) for row in range(len(pixels))]
        return {**drawn, **boxes(*rows)}

    assert difference(objects(whole, less), objects(whole, less), SIZE).within(Limits())
    found = difference(objects(whole, less), objects(whole, whole), SIZE)
    assert (found.results, found.reported) == (2, 2)
    assert found.mask_iou == pytest.approx(49 / 50)
    assert not difference(objects(whole), objects(whole, whole), SIZE).within(Limits())
