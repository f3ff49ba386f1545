"""The predictor around a session whose answer is known: it finds white rectangles."""

import cv2
import numpy as np
import pytest

from shared.runtime.manifest import ModelManifest
from shared.runtime.predictor import MAX_BATCH, Predictor
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
