"""How far two answers lie apart."""

import numpy as np
import pytest

from shared.sdk.comparison import Columns, Difference, Edges, Limits
from shared.sdk.comparison import difference as measured
from shared.vision.masks import from_dense, to_text

SIZE = (10, 10)
EDGES = Edges(floor=0.01, most=4)


def difference(found: Columns, reported: Columns, size: tuple[int, int]) -> Difference:
    return measured(found, reported, size, EDGES)


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
        boxes((0, np.nan, 1), (1, 0.4, 2)),
        boxes((0, 0.5, np.nan), (1, 0.4, 2)),
    ],
    ids=["one less", "one more", "another label", "0.2 px", "score", "no score", "no place"],
)
def test_another_answer_is_another(other) -> None:
    reported = boxes((0, 0.5, 1), (1, 0.4, 2))
    assert difference(reported, reported, SIZE).within(Limits())
    assert not difference(other, reported, SIZE).within(Limits())


def test_no_boxes_are_an_answer_too() -> None:
    assert difference(boxes(), boxes(), SIZE).within(Limits())
    assert not difference(boxes((0, 0.5, 1)), boxes(), SIZE).within(Limits())


def test_what_the_last_bits_of_a_score_tell_or_not_is_no_difference() -> None:
    some = boxes((0, 0.5, 1), (0, 0.3, 20))
    at_the_floor = boxes((0, 0.5, 1), (0, 0.3, 20), (1, 0.010001, 60))
    above = boxes((0, 0.5, 1), (0, 0.3, 20), (1, 0.0103, 60))
    for one, other in ((some, at_the_floor), (at_the_floor, some)):
        assert difference(one, other, SIZE).within(Limits())
    for one, other in ((some, above), (above, some)):
        assert not difference(one, other, SIZE).within(Limits())


def test_of_a_full_answer_the_last_rank_may_be_another_result() -> None:
    first = ((0, 0.5, 1), (0, 0.4, 20), (0, 0.3, 40))
    last, rival, weak = (0, 0.200001, 60), (0, 0.200002, 80), (0, 0.19, 80)
    assert difference(boxes(*first, last), boxes(*first, rival), SIZE).within(Limits())
    assert not difference(boxes(*first[:2], last), boxes(*first[:2], rival), SIZE).within(Limits())
    assert not difference(boxes(*first, last), boxes(*first[1:], weak, last), SIZE).within(Limits())
    cut = boxes(*first[:1])  # as of a manifest that was changed to tell one result alone
    assert not measured(cut, boxes(*first), SIZE, Edges(0.01, most=1)).within(Limits())


def test_of_a_hundred_results_one_may_lack_its_partner() -> None:
    """Of boxes that overlap by just the merge rule's limit the last bits choose which one stays."""
    many = [(0, 0.9 - place / 200, 20.0 * place) for place in range(150)]
    two = [(0, 0.7, 5.0), (0, 0.6, 15.0)]
    wide = Edges(0.01, most=300)
    for limit, extra in ((True, two[:1]), (False, two)):
        found = measured(boxes(*many, *extra), boxes(*many), SIZE, wide)
        assert found.unpaired == len(extra)
        assert found.within(Limits()) is limit


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
    less, border = whole.copy(), whole.copy()
    less[0, :5] = False
    border[0, :4] = False
    assert difference(masks(l0=whole), masks(l0=whole), SIZE).within(Limits())
    found = difference(masks(l0=less), masks(l0=whole), SIZE)
    assert (found.mask_iou, found.mask_px) == (pytest.approx(45 / 50), 5)
    assert not found.within(Limits())
    assert found.within(Limits(mask_iou=0.89))
    assert difference(masks(l0=border), masks(l0=whole), SIZE).within(Limits())
    assert not difference(masks(l1=whole), masks(l0=whole), SIZE).within(Limits())
    assert not difference(masks(), masks(l0=whole), SIZE).within(Limits())
    assert difference(masks(l0=whole, l1=whole & ~border), masks(l0=whole), SIZE).within(Limits())


def test_objects_with_masks_are_compared_by_both() -> None:
    whole = np.zeros(SIZE, bool)
    whole[:5] = True
    less, edge = whole.copy(), whole.copy()
    edge[4] = False
    less[:3, :3] = False

    def objects(*pixels: np.ndarray) -> dict[str, np.ndarray]:
        drawn = masks(**{f"l{row}": one for row, one in enumerate(pixels)})
        rows = [(0, 0.5, 20.0 * row) for row in range(len(pixels))]
        return {**drawn, **boxes(*rows)}

    assert difference(objects(whole, less), objects(whole, less), SIZE).within(Limits())
    found = difference(objects(whole, less), objects(whole, whole), SIZE)
    assert (found.results, found.reported) == (2, 2)
    assert found.mask_iou == pytest.approx(41 / 50)
    assert found.mask_px == 6
    assert not found.within(Limits())
    assert difference(objects(edge), objects(whole), SIZE).within(Limits())
    assert not difference(objects(whole), objects(whole, whole), SIZE).within(Limits())
