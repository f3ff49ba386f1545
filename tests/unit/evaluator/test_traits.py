"""Traits that are planted are told; noise is not."""

import cv2
import numpy as np
import pytest
from scenes import random_samples
from scipy.stats import fisher_exact, hypergeom

from services.evaluator.domain.numbers.fisher import fisher_tail
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.readers.dataset import DatasetImage
from services.evaluator.domain.report.traits import (
    Categories,
    ImageTraits,
    common_traits,
    detection_features,
    truth_features,
)
from services.evaluator.work.image_traits import look_at
from shared.blobs.content import put_by_hash
from shared.hosting.stores import Stores


def test_planted_traits_are_found_and_said() -> None:
    r = np.random.default_rng(0)
    size, device = r.uniform(5, 100, 600), r.choice(["A", "B", "C"], 600)
    wrong = (r.random(600) < 0.1) | ((size < 25) & (r.random(600) < 0.6))
    wrong |= (device == "B") & (r.random(600) < 0.4)
    found = common_traits(wrong, {"size": size, "device": Categories.of(device)}, kind="trait_miss")
    told = {(trait.name, trait.value) for trait in found}
    assert told == {("size", "low"), ("device", "B")}
    small = next(trait for trait in found if trait.name == "size")
    assert small.inside > 1.5 * small.outside
    assert "较小的目标" in small.words["zh-CN"]
    assert "targets are small" in small.words["en"]


async def test_an_image_with_other_bytes_than_were_stored_has_no_traits(stores: Stores) -> None:
    def picture(light: int) -> bytes:
        return cv2.imencode(".png", np.full((64, 64), light, np.uint8))[1].tobytes()

    await stores.blobs.open()
    key = await put_by_hash(stores.blobs, picture(51), tenant="t", project_id="P")
    image = DatasetImage("I", "a.png", key, 64, 64, judges=True, corrected=False, exif_device="")
    whole = await look_at(stores.blobs, [image], most=1)
    await stores.blobs.put(key, picture(204))
    other = await look_at(stores.blobs, [image], most=1)
    assert whole.brightness[0] == pytest.approx(0.2)
    assert np.isnan([*other.brightness, *other.sharpness]).all()


def test_noise_tells_nothing_in_nineteen_of_twenty_searches() -> None:
    told = 0
    for seed in range(100):
        r = np.random.default_rng(seed)
        features = {f"size{k}": r.random(300) for k in range(6)}
        wrong = r.random(300) < 0.2
        told += bool(common_traits(wrong, {"size": features["size0"]}, kind="trait_miss"))
    assert told <= 12


def test_few_errors_tell_nothing() -> None:
    wrong = np.array([True, True] + [False] * 50)
    assert common_traits(wrong, {"size": np.arange(52.0)}, kind="trait_miss") == ()


def test_dark_images_and_neighbours_reach_the_features() -> None:
    evaluation = evaluate(random_samples(seed=1, images=30))
    images = ImageTraits(np.linspace(0, 1, 30), np.ones(30), np.array(["cam"] * 30))
    truths = np.arange(evaluation.arranged.truth_label.size)
    features = truth_features(evaluation, truths, images)
    assert features["brightness"][0] <= features["brightness"][-1]
    assert set(features) >= {"size", "edge", "aspect", "crowding", "sharpness", "device", "label"}
    rows = np.arange(evaluation.arranged.score.size)
    for near in (features["near"], detection_features(evaluation, rows, None)["near"]):
        assert set(near.texts()) <= {*evaluation.samples.labels, ""}
        assert len(set(near.texts())) > 1
    pairs = zip(features["label"].texts(), features["near"].texts(), strict=True)
    assert not any(own == near for own, near in pairs)


@pytest.mark.parametrize("value", [np.full(40, 3.0), np.full(40, np.nan)])
def test_a_feature_without_spread_is_left_out(value: np.ndarray) -> None:
    wrong = np.arange(40) < 20
    assert common_traits(wrong, {"size": value}, kind="trait_miss") == ()


def test_the_end_of_a_long_tail_is_not_missed() -> None:
    """Only part of the tail is summed where there are many objects."""
    r = np.random.default_rng(0)
    for _ in range(300):
        total = int(10 ** r.uniform(3, 5.3))
        within, errors = (int(n) for n in r.integers(1, total + 1, 2))
        mean, least = within * errors / total, max(0, within + errors - total)
        both = int(np.clip(mean + 3 * r.normal() * np.sqrt(mean), least, min(within, errors)))
        expected = hypergeom.sf(both - 1, total, errors, within)
        found = fisher_tail(both, within=within, errors=errors, total=total)
        assert found == pytest.approx(expected, rel=1e-7, abs=1e-250)


def test_the_chance_of_a_gathering_is_fishers_exact_test() -> None:
    r = np.random.default_rng(0)
    for _ in range(60):
        total = int(r.integers(2, 400))
        inside, wrong = r.random(total) < r.random(), r.random(total) < r.random()
        both = int((inside & wrong).sum())
        rows = [
            [both, int((inside & ~wrong).sum())],
            [int((~inside & wrong).sum()), int((~inside & ~wrong).sum())],
        ]
        expected = fisher_exact(rows, alternative="greater").pvalue
        found = fisher_tail(both, within=int(inside.sum()), errors=int(wrong.sum()), total=total)
        assert found == pytest.approx(expected, rel=1e-9)


def test_holms_steps_keep_the_whole_search_at_one_in_twenty() -> None:
    """Seven features: tried one by one they tell something in far more searches."""
    names = ("size", "brightness", "sharpness", "edge", "aspect", "crowding", "device")
    told = alone = 0
    for seed in range(200):
        r = np.random.default_rng(seed)
        features: dict[str, np.ndarray | Categories] = {name: r.random(300) for name in names[:-1]}
        features["device"] = Categories.of(r.choice([f"camera {k}" for k in range(6)], 300))
        wrong = r.random(300) < 0.2
        told += bool(common_traits(wrong, features, kind="trait_miss"))
        alone += any(
            common_traits(wrong, {name: values}, kind="trait_miss")
            for name, values in features.items()
        )
    assert told <= 20  # P(more than 20 of 200 at one in twenty) is under 1 in 500
    assert alone > 2 * told


def test_the_corrected_p_value_is_holms() -> None:
    """Sorted p-values times the number of tests that are left, worked by hand."""
    wrong = np.arange(40) < 12
    device = Categories.of(np.where(np.arange(40) < 9, "A", "B"))
    pits = (np.arange(40) >= 2) & (np.arange(40) < 12)
    label = Categories.of(np.where(pits, "pit", "dent"))
    found = {
        (trait.name, trait.value): trait.p_value
        for trait in common_traits(wrong, {"device": device, "label": label}, kind="trait_miss")
    }
    pit = fisher_tail(10, within=10, errors=12, total=40)
    camera = fisher_tail(9, within=9, errors=12, total=40)
    assert found["label", "pit"] == pytest.approx(4 * pit)
    assert found["device", "A"] == pytest.approx(3 * camera)
