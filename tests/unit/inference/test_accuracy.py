"""What counts as right, and which loss of accuracy an export is refused for."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import f1_score

from services.inference.domain.accuracy import drawn, rows_of, tally, told
from services.inference.domain.accuracy_change import agreement, changes, verdict
from shared.contracts.shapes import Rle, Shape
from shared.contracts.snapshot import SnapshotImage
from shared.vision.masks import from_dense, to_text

LABELS = ("red", "green")
SIZE = (20, 30)


def image(*shapes: Shape) -> SnapshotImage:
    return SnapshotImage(
        image_id="i", name="i.png", blob_key="k", width=SIZE[1], height=SIZE[0],
        split="test", group="g", shapes=shapes,
    )  # fmt: skip


def box(label: str, left: float, top: float, right: float, bottom: float) -> Shape:
    return Shape(label=label, kind="box", points=((left, top), (right, bottom)))


def block(top: int, left: int, side: int) -> np.ndarray:
    pixels = np.zeros(SIZE, bool)
    pixels[top : top + side, left : left + side] = True
    return pixels


def mask(label: str, pixels: np.ndarray) -> Shape:
    rle = Rle(size=SIZE, counts=to_text(from_dense(pixels)))
    return Shape(label=label, kind="mask", rle=rle)


def ragged(*parts: bytes) -> dict[str, np.ndarray]:
    starts = np.cumsum([0, *map(len, parts)])
    return {"values": np.frombuffer(b"".join(parts), np.uint8), "starts": starts}


def objects(*rows: tuple[int, float, tuple[float, ...]]) -> dict[str, np.ndarray]:
    return {
        "label": np.array([row[0] for row in rows], np.int64),
        "score": np.array([row[1] for row in rows], np.float32),
        "box": np.array([row[2] for row in rows], np.float32).reshape(-1, 4),
    }


def test_boxes_are_right_once_where_they_overlap_enough_with_their_own_label() -> None:
    truth = drawn("detection", image(box("red", 0, 0, 10, 10), box("green", 15, 0, 25, 10)), LABELS)
    columns = objects(
        (0, 0.9, (0, 0, 10, 9)),  # right
        (0, 0.8, (0, 0, 9, 10)),  # a second one of the same object
        (0, 0.7, (15, 0, 25, 10)),  # the other label's place
        (1, 0.6, (15, 0, 19, 10)),  # less than half of it
        (1, 0.1, (15, 0, 25, 10)),  # below the threshold
    )
    found = told("detection", columns, SIZE, 0.3)
    assert tally(found, truth, 2).tolist() == [[1, 2, 0], [0, 1, 1]]


def test_a_turned_box_is_the_upright_one_around_it() -> None:
    points = ((5.0, 8.0), (25.0, 12.0))
    turned = Shape(label="red", kind="rotated_box", points=points, angle=90)
    found = told("detection", objects((0, 0.9, (13, 0, 17, 20))), SIZE, 0.3)
    assert tally(found, drawn("detection", image(turned), LABELS), 2)[0].tolist() == [1, 0, 0]


def test_masks_of_objects_count_as_objects_and_those_of_a_segmentation_as_pixels() -> None:
    truth = image(mask("red", block(0, 0, 6)), mask("red", block(10, 10, 6)))
    codes = ragged(
        *(to_text(from_dense(one)).encode() for one in (block(0, 1, 6), block(12, 20, 3)))
    )
    columns = {
        "label": np.zeros(2, np.int64),
        "rle": codes["values"],
        "rle_starts": codes["starts"],
    }
    counted = {
        task: tally(told(task, columns | score, SIZE, 0.3), drawn(task, truth, LABELS), 2).tolist()
        for task, score in (
            ("instance_segmentation", {"score": np.array([0.9, 0.8], np.float32)}),
            ("semantic_segmentation", {}),
        )
    }
    assert counted["instance_segmentation"] == [[1, 1, 1], [0, 0, 0]]
    assert counted["semantic_segmentation"] == [[30, 6 + 9, 6 + 36], [0, 0, 0]]


def test_polygons_are_their_pixels() -> None:
    ring = ((2.0, 2.0), (10.0, 2.0), (10.0, 8.0), (2.0, 8.0))
    truth = drawn(
        "semantic_segmentation", image(Shape(label="green", kind="polygon", points=ring)), LABELS
    )
    pixels = np.zeros(SIZE, bool)
    pixels[2:8, 2:10] = True
    code = ragged(to_text(from_dense(pixels)).encode())
    columns = {"label": np.array([1]), "rle": code["values"], "rle_starts": code["starts"]}
    found = told("semantic_segmentation", columns, SIZE, 0.3)
    assert tally(found, truth, 2).tolist() == [[0, 0, 0], [48, 0, 0]]


def test_lines_are_right_where_they_are_read_exactly() -> None:
    said = [Shape(label="line", kind="box", points=((0, 0), (9, 9)), text=text) for text in "aab"]
    texts = ragged(b"a", b"b", b"c", b"b")
    columns = {
        "score": np.array([0.9, 0.8, 0.7, 0.1], np.float32),
        "text": texts["values"],
        "text_starts": texts["starts"],
    }
    truth, found = drawn("ocr", image(*said), LABELS), told("ocr", columns, SIZE, 0.3)
    assert tally(found, truth, len(rows_of("ocr", LABELS))).tolist() == [[2, 1, 1]]


def test_f1_of_a_classifier_is_scikit_learns() -> None:
    rng = np.random.default_rng(5)
    right, best = rng.integers(0, 2, 40), rng.integers(0, 2, 40)
    tallies = [
        tally(
            told("classification", {"scores": np.eye(2)[None, said]}, SIZE, 0.3),
            drawn("classification", image(Shape(label=LABELS[truth], kind="image")), LABELS),
            2,
        )
        for truth, said in zip(right, best, strict=True)
    ]
    found = changes(LABELS, tallies, tallies)
    assert [one.label for one in found] == ["", *LABELS]
    assert [one.truths for one in found[1:]] == [Counter(right.tolist())[k] for k in (0, 1)]
    oracle = [f1_score(right, best, average="macro"), *f1_score(right, best, average=None)]
    assert [one.reported for one in found] == pytest.approx(oracle)
    assert {(one.low, one.high) for one in found} == {(0.0, 0.0)}
    assert agreement(tallies) == pytest.approx((right == best).mean())


def of_images(right: int, missing: int) -> list[np.ndarray]:
    """So many images of which one object of the only label is right, and missing."""
    return [np.array([[1, 0, 0]])] * right + [np.array([[0, 0, 1]])] * missing


@pytest.mark.parametrize(
    ("missing", "expected"),
    [(0, "kept"), (1, "degraded"), (2, "degraded"), (20, "lost")],
)
def test_a_loss_is_judged_by_its_interval(missing: int, expected: str) -> None:
    """F1 of 100 images with one object each, all found before."""
    found = changes(("red",), of_images(100, 0), of_images(100 - missing, missing))
    assert verdict(found) == expected
    assert all(one.low <= one.exported - one.reported <= one.high for one in found)


def test_one_label_that_is_lost_is_not_made_up_for_by_others() -> None:
    before = [np.array([[1, 0, 0], [0, 0, 0]])] * 90 + [np.array([[0, 0, 0], [1, 0, 0]])] * 10
    after = [*before[:90], *[np.array([[0, 0, 0], [0, 0, 1]])] * 10]
    assert verdict(changes(LABELS, before, after)) == "lost"


@pytest.mark.parametrize("spurious_in", ["before", "after"])
def test_a_rare_label_weighs_in_the_mean_only_where_an_image_shows_it(spurious_in: str) -> None:
    """One label of two on one image of 40, and once where it is not: half of its change at most."""
    clean = [np.array([[5, 0, 0], [3, 0, 0]]), *[np.array([[5, 0, 0], [0, 0, 0]])] * 39]
    spoilt = [clean[0], np.array([[5, 0, 0], [0, 1, 0]]), *clean[2:]]
    pair = (spoilt, clean) if spurious_in == "before" else (clean, spoilt)
    mean, _, rare = changes(LABELS, *pair)
    assert mean.low >= rare.low / 2 - 1e-9
    assert mean.high <= rare.high / 2 + 1e-9


def test_the_interval_is_that_of_the_bootstrap() -> None:
    """Of a share of images, whose standard deviation is known: sqrt(p (1 - p) / n)."""
    lost = 30
    found = changes(("red",), of_images(400, 0), of_images(400 - lost, lost))[1]
    # F1 = 2(1 - p) / (2 - p), whose slope at p is -2 / (2 - p)^2.
    share = lost / 400
    spread = 1.96 * np.sqrt(share * (1 - share) / 400) * 2 / (2 - share) ** 2
    assert found.high - found.low == pytest.approx(2 * spread, rel=0.1)


def test_where_no_image_shows_a_label_there_is_nothing_to_tell() -> None:
    assert changes(LABELS, [], []) == []
    assert changes(LABELS, [np.zeros((2, 3), int)], [np.zeros((2, 3), int)]) == []
