"""The generator promises exact, repeatable annotations on pictures that are not trivial."""

import base64
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from services.cli.synthetic.dataset import (
    DatasetPlan,
    PartPlan,
    generate_images,
    plan_scenes,
    to_labelme,
    write_dataset,
)
from services.cli.synthetic.defects import DEFECT_LABELS, DefectLook, draw_defect
from services.cli.synthetic.scenes import SceneSpec, render_scene

SMALL = PartPlan(small=6, large=0, anodised_share=0.3, dim_share=0.2)
PLAN = DatasetPlan(train=SMALL, test=SMALL, unseen=SMALL)


def scene(*, surface: str = "cast", defects: int = 4, large: bool = False) -> SceneSpec:
    width, height = (1600, 1200) if large else (640, 480)
    return SceneSpec("one.jpg", "train", surface, width, height, 1.0, defects, large)


def test_same_seed_gives_same_pixels_and_shapes() -> None:
    first, again = (list(generate_images(PLAN, seed=3)) for _ in range(2))
    assert len(first) == 18
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.pixels_rgb, other.pixels_rgb)
        assert [d.box for d in one.defects] == [d.box for d in other.defects]


def test_other_seed_gives_other_pixels() -> None:
    one = next(generate_images(PLAN, seed=3))
    other = next(generate_images(PLAN, seed=4))
    assert not np.array_equal(one.pixels_rgb, other.pixels_rgb)


@pytest.mark.parametrize("label", DEFECT_LABELS)
@pytest.mark.parametrize("inverted", [False, True])
def test_a_drawn_defect_changes_the_pixels_of_its_mask(label: str, inverted: bool) -> None:
    look = DefectLook(size_px=40, strength=0.6, light_angle=1.0, inverted=inverted)
    patch = draw_defect(label, look, rng=np.random.default_rng(5))
    grey = np.full(patch.mask.shape, 0.5)
    changed = np.abs(grey * patch.factor[..., 0] + patch.offset[..., 0] - grey)
    assert changed[patch.mask].mean() > 0.08
    assert changed[~patch.mask].mean() < 0.3 * changed[patch.mask].mean()


@pytest.mark.parametrize("surface", ["brushed", "cast", "coated", "machined", "anodised"])
def test_boxes_are_the_extent_of_their_masks_inside_the_picture(surface: str) -> None:
    image = render_scene(scene(surface=surface), rng=np.random.default_rng(11))
    assert image.pixels_rgb.std() > 4  # a texture, not a plain colour
    assert image.defects
    for defect in image.defects:
        x1, y1, x2, y2 = defect.box
        assert 0 <= x1 < x2 <= 640
        assert 0 <= y1 < y2 <= 480
        assert defect.mask.shape == (y2 - y1, x2 - x1)
        edges = (defect.mask[0], defect.mask[-1], defect.mask[:, 0], defect.mask[:, -1])
        assert all(edge.any() for edge in edges)


def test_polygons_follow_their_masks() -> None:
    image = render_scene(scene(defects=6), rng=np.random.default_rng(2))
    for defect in image.defects:
        scale = 8
        canvas = np.zeros(np.array(defect.mask.shape) * scale, np.uint8)
        local = (defect.polygon - np.array(defect.box[:2])) * scale
        cv2.fillPoly(canvas, [np.round(local).astype(np.int32)], 1)
        filled = cv2.resize(canvas * 255, defect.mask.shape[::-1], interpolation=cv2.INTER_AREA)
        drawn = filled >= 128
        union = (drawn | defect.mask).sum()
        assert (drawn & defect.mask).sum() / union > 0.85, defect.label


def test_large_pictures_hold_holes_of_about_twelve_pixels() -> None:
    boxes = []
    for seed in range(4):
        image = render_scene(scene(defects=14, large=True), rng=np.random.default_rng(seed))
        boxes += [d.box for d in image.defects if d.label == "puncture"]
    longest = [max(box[2] - box[0], box[3] - box[1]) for box in boxes]
    assert 9 <= np.median(longest) <= 15


def test_defects_do_not_touch_one_another() -> None:
    image = render_scene(scene(defects=8), rng=np.random.default_rng(9))
    covered = np.zeros((480, 640), int)
    for x1, y1, x2, y2 in (d.box for d in image.defects):
        covered[y1:y2, x1:x2] += 1
    assert covered.max() == 1


def test_the_unseen_part_holds_the_style_that_training_lacks() -> None:
    specs = plan_scenes(DatasetPlan(), seed=7)
    share = {}
    for split in ("train", "test", "unseen"):
        kinds = [spec.surface for spec in specs if spec.split == split and not spec.large]
        share[split] = kinds.count("anodised") / len(kinds)
    assert share["train"] < 0.06 < share["test"] < 0.2 < share["unseen"]
    assert any(spec.defect_count == 0 for spec in specs)
    assert len({spec.name for spec in specs}) == len(specs)


def test_written_folder_is_labelme_with_lists_and_an_unseen_part(tmp_path: Path) -> None:
    seen: list[str] = []
    names = write_dataset(tmp_path, seed=3, plan=PLAN, on_image=seen.append)
    assert sorted(seen) == sorted(names)
    assert (tmp_path / "train.txt").read_text().split() == [f"train_{i:04d}" for i in range(6)]
    listed = (tmp_path / "test.txt").read_text().split()
    assert listed == [f"test_{i:04d}" for i in range(6)]
    assert sum(name.startswith("unseen/") for name in names) == 6
    for name in names:
        document = json.loads((tmp_path / name).with_suffix(".json").read_text())
        picture = cv2.imread(str(tmp_path / name))
        assert picture is not None
        height, width = picture.shape[:2]
        assert (document["imageWidth"], document["imageHeight"]) == (width, height)
        assert document["imageData"] is None
        assert {shape["shape_type"] for shape in document["shapes"]} <= {"rectangle"}


def test_rerun_after_a_crash_makes_only_what_is_missing(tmp_path: Path) -> None:
    names = write_dataset(tmp_path, seed=3, plan=PLAN)
    before = {name: (tmp_path / name).read_bytes() for name in names}
    (tmp_path / names[4]).with_suffix(".json").unlink()
    kept = (tmp_path / names[0]).stat().st_mtime_ns
    write_dataset(tmp_path, seed=3, plan=PLAN)
    assert (tmp_path / names[0]).stat().st_mtime_ns == kept
    assert {name: (tmp_path / name).read_bytes() for name in names} == before


def test_mask_and_text_shapes_are_labelme_s_own() -> None:
    spec = scene(defects=3, large=True)  # large pictures always carry a date code
    image = render_scene(spec, rng=np.random.default_rng(1))
    for shape, defect in zip(
        to_labelme(image, shape_kind="mask")["shapes"], image.defects, strict=True
    ):
        png = np.frombuffer(base64.b64decode(shape["mask"]), np.uint8)
        decoded = np.asarray(cv2.imdecode(png, cv2.IMREAD_GRAYSCALE))
        assert np.array_equal(decoded > 0, defect.mask)
    texts = [shape["label"] for shape in to_labelme(image, shape_kind="text")["shapes"]]
    assert texts == [code.text for code in image.date_codes]
    assert texts
