"""Traits that are planted are told; noise is not."""

import numpy as np
import pytest
from scenes import random_samples

from services.evaluator.domain.evaluation import evaluate
from services.evaluator.domain.traits import (
    ImageTraits,
    common_traits,
    detection_features,
    truth_features,
)


def test_planted_traits_are_found_and_said() -> None:
    r = np.random.default_rng(0)
    size, device = r.uniform(5, 100, 600), r.choice(["A", "B", "C"], 600)
    wrong = (r.random(600) < 0.1) | ((size < 25) & (r.random(600) < 0.6))
    wrong |= (device == "B") & (r.random(600) < 0.4)
    found = common_traits(wrong, {"size": size, "device": device}, kind="trait_miss")
    told = {(trait.name, trait.value) for trait in found}
    assert told == {("size", "low"), ("device", "B")}
    small = next(trait for trait in found if trait.name == "size")
    assert small.inside > 1.5 * small.outside
    assert "较小的目标" in small.words["zh-CN"]
    assert "targets are small" in small.words["en"]


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
    assert common_traits(wrong, {"size": np.arange(52.0)}, kind="trait_miss") == []


def test_dark_images_and_neighbours_reach_the_features() -> None:
    evaluation = evaluate(random_samples(seed=1, images=30))
    images = ImageTraits(np.linspace(0, 1, 30), np.ones(30), np.array(["cam"] * 30))
    truths = np.arange(evaluation.arranged.truth_label.size)
    features = truth_features(evaluation, truths, images)
    assert features["brightness"][0] <= features["brightness"][-1]
    assert set(features) >= {"size", "edge", "aspect", "crowding", "sharpness", "device", "label"}
    rows = np.arange(evaluation.arranged.score.size)
    near = detection_features(evaluation, rows, None)["near"]
    assert set(near.tolist()) <= {*evaluation.samples.labels, ""}
    assert len(set(near.tolist())) > 1


@pytest.mark.parametrize("value", [np.full(40, 3.0), np.full(40, np.nan)])
def test_a_feature_without_spread_is_left_out(value: np.ndarray) -> None:
    wrong = np.arange(40) < 20
    assert common_traits(wrong, {"size": value}, kind="trait_miss") == []
