"""Interactive segmentation: what clicks on a picture mean, and as which shape it is told."""

import cv2
import numpy as np
import pytest

from services.inference.adapters.admission import Admission
from services.inference.adapters.pictures import ClickedPicture, Pictures
from services.inference.domain.clicks.clicks import Click, check_clicks, read_clicks
from services.inference.domain.clicks.findings import meant
from services.inference.domain.clicks.outlines import OutlineKind, outlined
from services.inference.domain.clicks.patches import patch_of
from services.inference.domain.clicks.segmenter import Segment, segment, segment_box
from shared.contracts.shapes import Shape
from shared.errors import InvalidInput
from shared.vision.masks import from_text, to_dense
from shared.vision.rotated_boxes import corners, from_wire

SIZE = (300, 400)  # height and width


def ground() -> np.ndarray:
    noise = np.random.default_rng(0).normal(150, 2, (*SIZE, 3))
    return noise.clip(0, 255).astype(np.uint8)


def pore(image: np.ndarray, x: int, y: int, radius: int, colour: int = 60) -> np.ndarray:
    """Draw one, and return where it is."""
    mask = np.zeros(SIZE, np.uint8)
    cv2.circle(mask, (x, y), radius, 1, -1)
    image[mask > 0] = colour
    return mask > 0


def meaning(image: np.ndarray, *clicks: Click) -> Segment:
    return segment(image, clicks, ClickedPicture(image).look)


def drawn(found: Segment) -> np.ndarray:
    rle = outlined(found, "mask").rle
    assert rle is not None
    assert rle.size == SIZE
    return to_dense(from_text(rle.counts), *rle.size)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("radius", [5, 20, 90])
def test_one_click_finds_a_pore_whatever_its_size(radius: int) -> None:
    image = ground()
    there = pore(image, 200, 150, radius)
    assert overlap(drawn(meaning(image, Click(200.5, 150.5))), there) > 0.8


def test_a_pore_at_the_images_corner_is_found_whole() -> None:
    image = ground()
    there = pore(image, 5, 6, 30)
    assert overlap(drawn(meaning(image, Click(8, 8))), there) > 0.75


def test_a_crack_that_is_no_blob_is_followed() -> None:
    image = ground()
    mask = np.zeros(SIZE, np.uint8)
    cv2.polylines(mask, [np.array([[150, 100], [180, 140], [170, 180], [220, 210]])], False, 1, 5)
    image[mask > 0] = 60
    assert overlap(drawn(meaning(image, Click(180, 140))), mask > 0) > 0.7


def test_a_second_click_inside_adds_the_part_that_was_missed() -> None:
    image = ground()
    first, second = pore(image, 120, 150, 20), pore(image, 170, 150, 20)
    once = drawn(meaning(image, Click(120, 150)))
    twice = drawn(meaning(image, Click(120, 150), Click(170, 150)))
    assert overlap(once, first) > 0.85
    assert overlap(twice, first | second) > 0.8


def test_a_click_outside_takes_away_what_was_too_much() -> None:
    image = ground()
    body, tail = pore(image, 150, 150, 24), pore(image, 192, 150, 18, colour=64)
    both = drawn(meaning(image, Click(150, 150), Click(192, 150)))
    less = drawn(meaning(image, Click(150, 150), Click(192, 150, inside=False)))
    assert both[150, 192]
    assert not less[150, 192]
    assert overlap(less, body & ~tail) > overlap(both, body & ~tail)


@pytest.mark.parametrize("y", [0, 299.99])
def test_on_a_picture_of_nothing_there_is_still_an_area_about_the_click(y: float) -> None:
    image = np.full((*SIZE, 3), 128, np.uint8)
    found = drawn(meaning(image, Click(399.99, y)))
    assert found[int(y), 399]


def test_the_same_clicks_mean_the_same_again() -> None:
    image = ground()
    pore(image, 200, 150, 20)
    picture = ClickedPicture(image)
    clicks = [Click(200, 150), Click(230, 150, inside=False)]
    first = segment(image, clicks, picture.look)
    again = segment(image, clicks, picture.look)
    assert np.array_equal(first.mask, again.mask)
    assert first.patch.box == again.patch.box


def test_a_box_reaches_clicks_inside_and_stops_before_clicks_outside() -> None:
    image = ground()
    pore(image, 200, 150, 20)
    look = ClickedPicture(image).look
    box, score = segment_box((400, 300), [Click(200, 150)], look)
    assert np.abs(np.array(box) - (180, 130, 221, 171)).max() <= 3
    assert 0 < score <= 1
    wider, _ = segment_box((400, 300), [Click(200, 150), Click(260, 150)], look)
    assert wider[2] > 260
    narrower, _ = segment_box((400, 300), [Click(200, 150), Click(212, 150, inside=False)], look)
    assert narrower[2] <= 212


def bar() -> Segment:
    """A bar of 120 x 20 px about (200, 150), turned by 30 degrees clockwise."""
    image = ground()
    ring = cv2.boxPoints(((200, 150), (120, 20), 30))
    cv2.fillPoly(image, [np.rint(ring).astype(np.int32)], (60, 60, 60))
    return meaning(image, Click(200, 150))


def test_a_rotated_box_lies_along_the_object() -> None:
    told = outlined(bar(), "rotated_box")
    assert told.angle is not None
    ring = corners(from_wire(np.ravel(told.points)[None], [told.angle]))[0]
    wanted = cv2.boxPoints(((200, 150), (120, 20), 30))
    for corner in wanted:
        assert np.hypot(*(ring - corner).T).min() < 8
    Shape(label="bar", kind="rotated_box", points=told.points, angle=told.angle)


def test_a_polygon_covers_what_the_mask_covers_with_few_points() -> None:
    found = bar()
    told = outlined(found, "polygon")
    filled = np.zeros(SIZE, np.uint8)
    cv2.fillPoly(filled, [np.rint(np.array(told.points) - 0.5).astype(np.int32)], 1)
    assert overlap(filled > 0, drawn(found)) > 0.9
    assert 4 <= len(told.points) <= 50
    Shape(label="bar", kind="polygon", points=told.points)


@pytest.mark.parametrize("kind", ["mask", "polygon", "rotated_box"])
@pytest.mark.parametrize("side", [129, 150, 195, 300])
def test_an_area_of_one_cell_is_still_an_area(kind: OutlineKind, side: int) -> None:
    """Its cell is 1.01 to 2.3 pixels wide: half a pixel must not round to nothing."""
    patch = patch_of(ground(), (0, 0, side, side))
    for cell in range(0, 128, 7):
        mask = np.zeros(patch.pixels.shape[:2], bool)
        mask[cell, cell] = True
        told = outlined(Segment(patch, mask, 0.5), kind)
        if kind == "mask":
            assert drawn(Segment(patch, mask, 0.5)).any()
        else:
            Shape(label="pore", kind=kind, points=told.points, angle=told.angle)


def finding(kind: OutlineKind, *points: tuple[float, float], score: float = 0.9) -> Shape:
    return Shape(label="pore", kind=kind, points=points, score=score)


def test_a_versions_finding_is_meant_where_all_clicks_agree_with_it() -> None:
    wide = finding("box", (0, 0), (100, 100))
    close = finding("box", (10, 10), (50, 50), score=0.6)
    unsure = finding("box", (20, 20), (40, 40), score=0.2)
    shapes = [wide, close, unsure, finding("polygon", (0, 0), (90, 0), (0, 90))]
    of_one = meant(shapes, [Click(30, 30)], "box", version="V2")
    assert of_one is not None
    assert (of_one.points, of_one.score, of_one.version) == (close.points, 0.6, "V2")
    of_two = meant(shapes, [Click(30, 30), Click(70, 30)], "box", version="V2")
    assert of_two is not None
    assert of_two.points == wide.points
    against_close = [Click(30, 30), Click(45, 45, inside=False)]
    assert meant(shapes, against_close, "box", version="V2") is None
    assert meant(shapes, [Click(30, 30)], "mask", version="V2") is None


def test_clicks_are_read_and_those_that_cannot_be_are_named() -> None:
    clicks = read_clicks("in:3.5,4;out:400,2")
    assert clicks == (Click(3.5, 4), Click(400, 2, inside=False))
    check_clicks(clicks, 401, 300)
    with pytest.raises(InvalidInput) as caught:
        check_clicks(clicks, 400, 300)
    assert [error.field for error in caught.value.errors] == ["clicks.1"]
    with pytest.raises(InvalidInput, match="must be inside"):
        check_clicks(read_clicks("out:3,4"), 400, 300)


async def test_what_is_kept_of_pictures_and_of_clicks_on_them_has_a_bound() -> None:
    """Two pictures of 0.35 MB fit; with what is known of a few clicks on one they do not."""
    line = Admission(concurrency=1, queue_length=1, memory_bytes=1 << 20)
    pictures = Pictures(line, line.memory, size_bytes=1_000_000)
    data, reads = cv2.imencode(".png", ground())[1].tobytes(), []

    async def click(name: str, *places: tuple[float, float]) -> int:
        async def read() -> bytes:
            reads.append(name)
            return data

        def work(picture: ClickedPicture) -> int:
            return sum(len(picture.look(x, y)) for x, y in places)

        return await pictures.look(name, read, work, tenant="t")

    for name in "abab":
        await click(name)
    assert reads == ["a", "b"]
    assert await click("b", *((x, 150.0) for x in range(100, 300, 20))) > 50
    await click("b")
    await click("a")
    assert reads == ["a", "b", "a"]
