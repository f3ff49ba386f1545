"""The predictor around a session whose answer is known: it finds white rectangles."""

import cv2
import numpy as np
import pytest

from shared.runtime.cuts import PlanRefused
from shared.runtime.manifest import ModelManifest
from shared.runtime.predictor import BATCH_PIXELS, MAX_BATCH, Predictor
from shared.vision.merging import MergeMethod, MergeRule, Overlap
from shared.vision.strips import Strip
from shared.vision.tiles import TilePlan


class WhiteBlobSession:
    """Answers one box around each white blob, with the score 0.9 and label 1 of 2."""

    def __init__(self, score=0.9, slots=12):
        self.score, self.slots, self.batches = score, slots, []

    def run(self, images):
        self.batches.append(len(images))
        boxes = np.zeros((len(images), self.slots, 4), "f4")
        scores = np.zeros((len(images), self.slots, 2), "f4")
        for index, image in enumerate(images):
            mask = (image.min(axis=2) > 200).astype("u1")
            _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
            for slot, (x, y, w, h, _) in enumerate(stats[1 : self.slots + 1]):
                boxes[index, slot] = x, y, x + w, y + h
                scores[index, slot, 1] = self.score
        return {"boxes": boxes, "scores": scores}


def picture(size, *rectangles):
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for x1, y1, x2, y2 in rectangles:
        image[y1:y2, x1:x2] = 255
    return image


def manifest(**changes):
    base = {"task": "detection", "labels": ("a", "b"), "input_width": 128, "input_height": 128}
    return ModelManifest(**(base | changes))


def rounded(found):
    return sorted(tuple(box) for box in np.round(found.boxes_xyxy).astype(int).tolist())


@pytest.mark.parametrize(
    ("size", "resize"),
    [
        ((128, 128), "letterbox"),
        ((256, 128), "letterbox"),
        ((64, 64), "letterbox"),
        ((128, 256), "letterbox"),
        ((256, 64), "stretch"),
    ],
)
def test_boxes_come_back_in_image_pixels(size, resize):
    box = (8, 16, 40, 48)
    found = Predictor(manifest(resize=resize), WhiteBlobSession()).predict(picture(size, box))
    assert found.label_indices.tolist() == [1]
    np.testing.assert_allclose(found.boxes_xyxy, [box], atol=2.0)


def test_an_image_without_objects_gives_no_detections():
    assert len(Predictor(manifest(), WhiteBlobSession()).predict(picture((90, 70)))) == 0


@pytest.mark.parametrize("overlap", [0, 32])
def test_a_box_on_a_seam_is_reported_once(overlap):
    plan = TilePlan(tile_size=(128, 128), overlap_px=overlap)
    box = (110, 40, 146, 70)
    found = Predictor(manifest(tile_plan=plan), WhiteBlobSession()).predict(
        picture((256, 128), box)
    )
    assert rounded(found) == [box]


def test_a_target_over_four_grid_tiles_is_one_box():
    plan = TilePlan(grid=(2, 2))
    box = (100, 100, 160, 150)
    found = Predictor(manifest(tile_plan=plan), WhiteBlobSession()).predict(
        picture((256, 256), box)
    )
    assert rounded(found) == [box]


def test_batches_of_large_inputs_hold_fewer_windows():
    large = {"input_width": 1280, "input_height": 1024, "tile_plan": TilePlan(grid=(2, 2))}
    session, box = WhiteBlobSession(), (10, 10, 60, 50)
    found = Predictor(manifest(**large), session).predict(picture((256, 256), box))
    assert rounded(found) == [box]
    assert session.batches == [3, 1]
    assert 3 * 1280 * 1024 <= BATCH_PIXELS < 4 * 1280 * 1024


def test_neighbours_at_a_seam_that_do_not_face_each_other_stay_apart():
    plan = TilePlan(grid=(1, 2))
    boxes = [(100, 10, 128, 30), (128, 60, 150, 90)]
    found = Predictor(manifest(tile_plan=plan), WhiteBlobSession()).predict(
        picture((256, 128), *boxes)
    )
    assert rounded(found) == boxes


def test_tiling_finds_what_it_finds_without_a_seam():
    plan = TilePlan(tile_size=(128, 128), overlap_px=40)
    rng = np.random.default_rng(7)
    boxes = []
    for row in range(6):
        for column in range(7):
            x, y = column * 60 + int(rng.integers(0, 20)), row * 60 + int(rng.integers(0, 20))
            boxes.append((x, y, x + int(rng.integers(6, 30)), y + int(rng.integers(6, 30))))
    found = Predictor(manifest(tile_plan=plan), WhiteBlobSession(slots=40)).predict(
        picture((440, 390), *boxes)
    )
    assert rounded(found) == sorted(boxes)


def test_windows_go_through_the_session_in_bounded_batches():
    session = WhiteBlobSession()
    plan = TilePlan(grid=(5, 5))
    Predictor(manifest(tile_plan=plan), session).predict(picture((640, 640)))
    assert sum(session.batches) == 25
    assert max(session.batches) <= MAX_BATCH


def test_the_threshold_cuts_and_the_floor_holds():
    session = WhiteBlobSession(score=0.2)
    predictor = Predictor(manifest(threshold=0.3, score_floor=0.1), session)
    image = picture((128, 128), (5, 5, 20, 20))
    assert len(predictor.predict(image)) == 0
    assert len(predictor.predict(image, threshold=0.0)) == 1
    session.score = 0.05
    assert len(predictor.predict(image, threshold=0.0)) == 0


def test_no_more_than_the_manifests_maximum():
    predictor = Predictor(manifest(max_detections=2), WhiteBlobSession())
    image = picture((128, 128), (5, 5, 20, 20), (40, 40, 60, 60), (80, 80, 90, 90))
    assert len(predictor.predict(image)) == 2


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_arrays_that_are_no_image_are_refused(image):
    with pytest.raises(ValueError, match="image"):
        Predictor(manifest(), WhiteBlobSession()).predict(image)


class Rows:
    """An array that is only given away strip by strip; remembers how far it was read."""

    def __init__(self, image, rows):
        self.image, self.rows = image, rows
        self.height, self.width = image.shape[:2]

    def strips(self):
        for y in range(0, self.height, self.rows):
            yield Strip(y, self.image[y : y + self.rows])


class HashSession:
    """Answers boxes and scores that follow from every pixel of the input and its place."""

    def run(self, images):
        sums = images.reshape(len(images), -1).astype("u8") @ np.arange(images[0].size, dtype="u8")
        boxes = np.zeros((len(images), 3, 4), "f4")
        scores = np.zeros((len(images), 3, 2), "f4")
        for index, value in enumerate(sums.tolist()):
            rng = np.random.default_rng(value)
            corners = rng.uniform(0, 100, (3, 2))
            boxes[index] = np.concatenate([corners, corners + rng.uniform(5, 40, (3, 2))], 1)
            scores[index] = rng.uniform(0, 1, (3, 2))
        return {"boxes": boxes, "scores": scores}


@pytest.mark.parametrize("rows", [1, 7, 32, 1000])
@pytest.mark.parametrize(
    "plans",
    [
        {},
        {"tile_plan": TilePlan(tile_size=(90, 70), overlap_px=13)},
        {"tile_plan": TilePlan(grid=(3, 2))},
        {"input_plan": TilePlan(grid=(2, 3), overlap_px=9)},
        {
            "input_plan": TilePlan(grid=(2, 2)),
            "tile_plan": TilePlan(tile_size=(64, 50), overlap_px=5),
        },
    ],
)
def test_rows_give_bit_for_bit_what_the_whole_array_gives(rows, plans):
    image = np.random.default_rng(3).integers(0, 256, (331, 257, 3), np.uint8)
    predictor = Predictor(manifest(**plans), HashSession())
    whole = predictor.predict(image, threshold=0.05)
    read = predictor.predict(Rows(image, rows), threshold=0.05)
    assert len(whole) > 0
    np.testing.assert_array_equal(read.boxes_xyxy, whole.boxes_xyxy)
    np.testing.assert_array_equal(read.scores, whole.scores)
    np.testing.assert_array_equal(read.label_indices, whole.label_indices)


def test_windows_are_looked_at_while_the_image_is_still_being_read():
    session, seen = WhiteBlobSession(), []
    image = picture((128, 1280))

    class Watched(Rows):
        def strips(self):
            for strip in super().strips():
                seen.append(sum(session.batches))
                yield strip

    Predictor(manifest(tile_plan=TilePlan(tile_size=(128, 64))), session).predict(
        Watched(image, 32)
    )
    assert sum(session.batches) == 20
    assert seen[-1] >= MAX_BATCH


def test_a_tile_of_another_plan_is_refused():
    predictor = Predictor(manifest(input_plan=TilePlan(grid=(2, 2))), WhiteBlobSession())
    tile, box = picture((128, 128), (5, 5, 20, 20)), (5, 5, 20, 20)
    with pytest.raises(PlanRefused, match="another plan"):
        predictor.predict(tile, tile_plan_hash=TilePlan(grid=(2, 2), overlap_px=8).hash)
    assert rounded(predictor.predict(tile, tile_plan_hash=TilePlan(grid=(2, 2)).hash)) == [box]


def test_a_whole_image_of_a_tiled_project_is_cut_like_its_tiles_and_merged():
    plan, box = TilePlan(grid=(2, 2)), (100, 100, 160, 150)
    predictor = Predictor(manifest(input_plan=plan), WhiteBlobSession())
    assert rounded(predictor.predict(picture((256, 256), box))) == [box]


def test_a_target_over_tiles_that_the_model_cuts_further_is_one_box():
    plans = {"input_plan": TilePlan(grid=(1, 2)), "tile_plan": TilePlan(tile_size=(64, 64))}
    box = (90, 40, 170, 90)
    predictor = Predictor(manifest(**plans), WhiteBlobSession())
    assert rounded(predictor.predict(picture((256, 128), box))) == [box]


class FixedSession:
    """Always the same two overlapping boxes of label 0, and one of label 1 inside them."""

    def run(self, images):
        boxes = np.array([[0, 0, 40, 40], [20, 0, 60, 40], [0, 0, 40, 40]], "f4")
        scores = np.array([[0.9, 0], [0.8, 0], [0, 0.7]], "f4")
        return {
            "boxes": np.repeat(boxes[None], len(images), 0),
            "scores": np.repeat(scores[None], len(images), 0),
        }


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (None, [(0, 0, 40, 40), (0, 0, 40, 40), (20, 0, 60, 40)]),
        (MergeRule(threshold=0.3), [(0, 0, 40, 40), (0, 0, 40, 40)]),
        (MergeRule(MergeMethod.NMS, Overlap.IOS, 0.5, per_label=False), [(0, 0, 40, 40)]),
        (MergeRule(MergeMethod.GREEDYNMM, Overlap.IOS, 0.5), [(0, 0, 40, 40), (0, 0, 60, 40)]),
        (MergeRule(MergeMethod.NMM, Overlap.IOU, 0.3), [(0, 0, 40, 40), (0, 0, 60, 40)]),
    ],
)
@pytest.mark.parametrize("cut", [False, True])
def test_overlapping_boxes_become_one_by_the_manifests_rule(rule, expected, cut):
    plan = TilePlan(tile_size=(128, 128)) if cut else None
    predictor = Predictor(manifest(merge=rule, tile_plan=plan), FixedSession())
    found = predictor.predict(picture((256 if cut else 128, 128)))
    if cut:
        expected = sorted(
            [*expected, *((x1 + 128, y1, x2 + 128, y2) for x1, y1, x2, y2 in expected)]
        )
    assert rounded(found) == expected
