"""The SDK predicts what the platform predicts, typed, from many threads, and says what is wrong."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

import shared.sdk
from shared.runtime.images import decode_rgb
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.table import TASKS
from shared.sdk import ImageUnreadable, Model, read_image
from shared.sdk.bundle import MANIFEST, MODEL
from shared.vision.tiles import TilePlan
from tests.unit.inference.exporting import pictures
from tests.unit.sdk.bundles import bundle_of


def test_the_public_names_are_these() -> None:
    assert shared.sdk.__all__ == [
        "Bundle", "BundleError", "Found", "ImageUnreadable", "Limits", "Model", "Prediction",
        "Verification", "read_image", "verify",
    ]  # fmt: skip
    public = {name for name in dir(Model) if not name.startswith("_")}
    assert public == {
        "labels",
        "load",
        "predict",
        "results",
        "task",
        "threshold",
        "unchecked",
        "version",
    }


@pytest.mark.parametrize("plan", [None, TilePlan(tile_size=(96, 64), overlap_px=16)])
@pytest.mark.parametrize("task", TASKS)
def test_results_are_those_of_the_platform(task, plan) -> None:
    if plan is not None and not TASKS[task].may_be_cut:
        pytest.skip("images of this task are never cut")
    bundle = bundle_of(task, tile_plan=plan)
    manifest = ModelManifest.from_json(bundle.files[MANIFEST])
    platform = Predictor(manifest, OnnxSession(bundle.files[MODEL]))
    for file in pictures(2):
        mine = Model.load(bundle).predict(file)
        theirs = list(platform.predict(decode_rgb(file)).drawn())
        assert theirs
        assert [(manifest.labels[one.label_index], one.score, one.points) for one in theirs] == [
            (one.label, one.score, one.points) for one in mine.found
        ]
        assert [one.mask.counts for one in theirs if one.mask] == [
            one.mask_counts for one in mine.found if one.mask_counts
        ]
        assert [one.text for one in theirs] == [one.text for one in mine.found]


def test_the_threshold_is_a_parameter() -> None:
    model = Model.load(bundle_of())
    few, many = (model.predict(pictures(2)[1], threshold=limit) for limit in (0.3, 0.02))
    assert 0 < len(few.found) < len(many.found)
    assert (many.threshold, model.predict(pictures(1)[0]).threshold) == (0.02, model.threshold)
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="a threshold is in"):
            model.predict(pictures(1)[0], threshold=wrong)


def test_results_are_typed_by_their_kind() -> None:
    box = Model.load(bundle_of("detection")).predict(pictures(1)[0]).found[0]
    assert box.box is not None
    assert box.box[0] < box.box[2]
    with pytest.raises(ValueError, match="no pixels"):
        box.pixels()
    mask = Model.load(bundle_of("semantic_segmentation")).predict(pictures(1)[0]).found[0]
    assert mask.box is None
    assert mask.pixels().shape == (96, 128)
    assert mask.pixels().any()
    lines = Model.load(bundle_of("ocr")).predict(pictures(1)[0]).found
    assert {(one.kind, len(one.points), one.text) for one in lines} == {
        ("polygon", 4, "R"),
        ("polygon", 4, "G"),
    }
    (whole,) = Model.load(bundle_of("classification")).predict(pictures(1)[0], threshold=0).found
    assert (whole.kind, whole.points) == ("image", ())


def test_many_threads_get_the_same_from_one_model() -> None:
    model = Model.load(bundle_of(), threads=1)
    files = pictures(4) * 8
    alone = [model.predict(file).found for file in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda file: model.predict(file).found, files))
    assert together == alone


@pytest.mark.parametrize("data", [b"", b"GIF89a", pictures(1)[0][:200]])
def test_a_file_that_is_no_image_is_refused_in_words(data) -> None:
    with pytest.raises(ImageUnreadable):
        read_image(data)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_pixels_of_another_kind_are_refused(shape) -> None:
    with pytest.raises(ValueError, match="an image must"):
        Model.load(bundle_of()).predict(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("kind", ["jpg", "png", "bmp"])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_files_give_the_pixels_that_the_platform_reads(kind, channels) -> None:
    small = np.random.default_rng(3).integers(0, 256, (30, 40, *channels), np.uint8)
    pixels = cv2.resize(small, (203, 131), interpolation=cv2.INTER_CUBIC)
    data = cv2.imencode(f".{kind}", pixels)[1].tobytes()
    np.testing.assert_array_equal(read_image(data), decode_rgb(data))


@pytest.mark.parametrize(("highest", "shift"), [(4095, 4), (65535, 8)])
def test_of_16_bits_those_stay_that_the_platform_keeps(highest, shift) -> None:
    values = np.random.default_rng(4).integers(0, highest + 1, (9, 8), np.uint16)
    values[0, 0] = highest
    data = cv2.imencode(".png", values)[1].tobytes()
    np.testing.assert_array_equal(read_image(data)[..., 0], values >> shift)
