"""Lines are found on a page, cut out of it at full resolution, and read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from shared.contracts.prediction_columns import PredictionColumns, PredictionsTable
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.preprocess import Image
from shared.runtime.session import ImageBatch, Tensors
from shared.runtime.text_crops import BATCH_WIDTH, LINE_HEIGHT, LONGEST, batches, cut_line
from shared.runtime.text_lines import TextLines
from shared.runtime.text_reader import decode_signs
from shared.vision.strips import Strip
from tests.adapters.inference.text_models import colour_reader, make_reader, written

MODEL = colour_reader()
MANIFEST = replace(make_reader(page=128).manifest, threshold=0.2)


@dataclass
class Watched:
    """A session that remembers what it was asked."""

    session: OnnxSession
    asked: list[tuple[int, ...]]

    def run(self, images: ImageBatch) -> Tensors:
        self.asked.append(images.shape)
        return self.session.run(images)


@dataclass(frozen=True)
class Rows:
    """An image of which only some rows are there at a time."""

    pixels: Image

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    def strips(self) -> Iterator[Strip]:
        for y in range(0, self.height, 16):
            yield Strip(y, self.pixels[y : y + 16])


def page(*lines: tuple[str, int, int, float], size: tuple[int, int] = (400, 300)) -> Image:
    """Lines (text, x, y of the middle, degrees clockwise) on a grey page of (width, height)."""
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    for text, x, y, angle in lines:
        line = written(text)
        height, width = line.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), -angle, 1)
        turn[:, 2] += (x - width / 2, y - height / 2)
        cv2.warpAffine(line, turn, size, dst=image, borderMode=cv2.BORDER_TRANSPARENT)
    return image


def predictor(**changed: object) -> Predictor:
    return Predictor(replace(MANIFEST, **changed), OnnxSession(MODEL, threads=1))


def said(found: TextLines) -> list[str]:
    by_place = sorted(zip(found.corners[:, 0, 1].tolist(), found.texts, strict=True))
    return [text for _, text in by_place]


LINES = (
    ("RGR", 100, 50, 0),
    ("GR RG", 200, 110, 12),
    ("GGG R", 250, 180, -20),
    ("RGGRG", 60, 220, 90),
)


def test_lines_at_any_angle_are_read_and_lie_where_they_are() -> None:
    found = predictor().predict(page(*LINES))
    # Equal signs without a gap between them are one; a line that runs down is read downwards.
    assert said(found) == ["RGR", "GRRG", "RGRG", "GR"]
    assert (np.diff(found.scores) <= 0).all()
    for _, x, y, _ in LINES:
        middles = found.corners.mean(axis=1)
        nearest = np.linalg.norm(middles - (x, y), axis=1).argmin()
        assert np.abs(middles[nearest] - (x, y)).max() < 3


def test_rows_of_an_image_give_the_same_as_all_of_it() -> None:
    image = page(*LINES)
    whole, rows = predictor().predict(image), predictor().predict(Rows(image))
    assert len(whole) == len(LINES)
    assert rows.texts == whole.texts
    assert np.array_equal(rows.corners, whole.corners)
    assert np.array_equal(rows.scores, whole.scores)


def test_small_letters_are_read_of_the_image_and_not_of_the_models_input() -> None:
    """Twelve letters of 16 px: on the page's input each is 3 px wide, less than a step."""
    text = "RGRGRGRGRGRG"
    image = page((text, 300, 200, 0), size=(600, 600))
    assert predictor().predict(image).texts == (text,)


def test_a_higher_threshold_gives_what_a_lower_one_has_above_it() -> None:
    image = page(*LINES)
    low = predictor().predict(image, threshold=0.01)
    limit = float(np.median(low.scores))
    assert low.scores.min() < limit < low.scores.max()
    high = predictor().predict(image, threshold=limit)
    kept = low.take(np.flatnonzero(low.scores >= np.float32(limit)))
    assert high.texts == kept.texts
    assert np.array_equal(high.scores, kept.scores)


def test_what_says_nothing_is_no_line() -> None:
    assert len(predictor().predict(page(("   ", 200, 100, 0)), threshold=0.01)) == 0


def test_an_empty_page_is_not_looked_at_twice() -> None:
    session = Watched(OnnxSession(MODEL, threads=1), [])
    assert len(Predictor(MANIFEST, session).predict(page())) == 0
    assert session.asked == [(1, 128, 128, 3)]


def test_no_more_lines_are_read_than_are_shown() -> None:
    session = Watched(OnnxSession(MODEL, threads=1), [])
    few = replace(MANIFEST, max_detections=2, threshold=0.1)
    found = Predictor(few, session).predict(page(*LINES))
    assert len(found) == 2
    assert sum(shape[0] for shape in session.asked[1:]) == 2


def test_a_line_out_of_the_page_ends_at_its_edge() -> None:
    found = predictor().predict(page(("RGRG", 10, 5, 0)))
    assert len(found) == 1
    assert found.corners.min() == 0
    assert found.texts == ("GRG",)


def test_lines_wait_for_others_of_their_width_and_no_batch_is_too_large() -> None:
    widths = [60, 64, 65, LONGEST, *[30] * 9, LONGEST]
    lines = [(k, np.zeros((LINE_HEIGHT, width, 3), np.uint8)) for k, width in enumerate(widths)]
    found = list(batches(lines))
    assert sorted(row for batch in found for row in batch.rows.tolist()) == list(range(len(widths)))
    for batch in found:
        assert batch.images.shape[0] * batch.images.shape[2] <= BATCH_WIDTH
        assert batch.images.shape[2] % 64 == 0
    assert max(len(batch.rows) for batch in found) == 8


def test_a_line_is_padded_with_what_is_nothing_to_the_graph() -> None:
    (batch,) = batches([(0, np.full((LINE_HEIGHT, 70, 3), 9, np.uint8))])
    assert (batch.images[0, :, :70] == 9).all()
    assert (batch.images[0, :, 70:] == 128).all()


def test_a_very_long_line_is_squeezed() -> None:
    corners = np.array([[0, 0], [4000, 0], [4000, 20], [0, 20]], np.float32)
    assert cut_line(np.zeros((20, 4000, 3), np.uint8), corners).shape == (48, LONGEST, 3)


def test_an_upright_line_is_cut_to_the_pixel() -> None:
    image = np.random.default_rng(1).integers(0, 256, (100, 200, 3), np.uint8)
    corners = np.array([[20, 30], [120, 30], [120, 78], [20, 78]], np.float32)
    assert np.array_equal(cut_line(image, corners), image[30:78, 20:120])


def test_a_line_that_runs_down_is_turned_to_the_left() -> None:
    image = np.random.default_rng(1).integers(0, 256, (200, 100, 3), np.uint8)
    corners = np.array([[30, 20], [78, 20], [78, 120], [30, 120]], np.float32)
    assert np.array_equal(cut_line(image, corners), np.rot90(image[20:120, 30:78]))


@pytest.mark.parametrize(
    ("signs", "text"),
    [
        ([], ""),
        ([0, 0], ""),
        ([1, 1, 1], "A"),
        ([1, 0, 1], "AA"),
        ([2, 1, 1, 0, 3, 3], "BA"),  # the last one is space
        ([3, 1], "A"),
    ],
)
def test_repeats_fall_out_before_blanks_and_space_around(signs, text) -> None:
    scores = np.linspace(0.2, 0.9, len(signs)).astype(np.float32)
    assert decode_signs(np.array(signs, np.int64), scores, ("A", "B", " "))[0] == text


def test_a_line_is_as_sure_as_its_signs_are_on_average() -> None:
    scores = np.array([0.1, 0.8, 0.1, 0.4], np.float32)
    assert decode_signs(np.array([0, 1, 1, 2]), scores, "AB")[1] == pytest.approx(0.6)


@pytest.mark.parametrize("sign", [-1, 3])
def test_a_sign_of_no_alphabet_is_refused(sign) -> None:
    with pytest.raises(ValueError, match="none of its alphabet of 2"):
        decode_signs(np.array([1, sign]), np.ones(2, np.float32), "AB")


def test_lines_are_stored_and_come_back() -> None:
    found = predictor(alphabet=("红", "绿")).predict(page(*LINES))
    table = PredictionsTable("ocr", ("text",))
    table.add("a", found.columns())
    table.add("b", predictor().predict(page()).columns())
    stored = PredictionColumns.from_bytes(table.gathered("V1", threshold=0.3).to_bytes())
    one = stored.of_image(0)
    ends = one["text_starts"].tolist()
    texts = [one["text"][a:b].tobytes().decode() for a, b in pairwise(ends)]
    assert tuple(texts) == found.texts
    assert set("".join(texts)) == {"红", "绿"}
    assert np.array_equal(one["points"].reshape(-1, 4, 2), found.corners)
    assert stored.starts.tolist() == [0, len(LINES), len(LINES)]


def test_an_alphabet_travels_with_the_model() -> None:
    manifest = replace(MANIFEST, alphabet=("红", "é", " "))
    assert ModelManifest.from_json(manifest.to_json()) == manifest
