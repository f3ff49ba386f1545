"""Judging a few changed images again gives what judging all of them gives, to the bit."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import SIDE, random_samples

from services.evaluator.domain.changed_images import evaluate_changed
from services.evaluator.domain.evaluation import Evaluation, evaluate
from services.evaluator.domain.samples import BadSamples, Detections, Regions, Samples, Truths
from shared.vision.masks import areas, from_polygons, table

IMAGES = 12


def rows_of(one: Any, other: Any, chosen: np.ndarray) -> Any:
    """Rows of the chosen images from ``other``, those of the rest from ``one``, any order."""
    kept, taken = ~chosen[one.image], chosen[other.image]
    columns = {
        f.name: np.concatenate([getattr(other, f.name)[taken], getattr(one, f.name)[kept]])
        for f in fields(one)
        if f.name not in ("masks", "ids")
    }
    return replace(one, **columns)


def with_masks(samples: Samples) -> Samples:
    def of(rows: Truths | Detections) -> Any:
        codes = [
            from_polygons([[x, y, x + w, y, x + w, y + h]], SIDE, SIDE)
            for x, y, w, h in rows.boxes_xywh.tolist()
        ]
        masks = table(codes, [(SIDE, SIDE)] * len(codes))
        return replace(rows, masks=masks, area=areas(masks))

    return replace(samples, truths=of(samples.truths), detections=of(samples.detections))


def assert_equal(one: Evaluation, other: Evaluation) -> None:
    for part in ("arranged", "overlaps", "matches"):
        for field in fields(getattr(one, part)):
            mine = getattr(getattr(one, part), field.name)
            full = getattr(getattr(other, part), field.name)
            if isinstance(full, np.ndarray):
                assert mine.dtype == full.dtype, field.name
                np.testing.assert_array_equal(mine, full, err_msg=field.name)
            else:
                assert mine == full


def changed_samples(before: Samples, chosen: np.ndarray, seed: int) -> Samples:
    """The chosen images with other truths and detections, some of them crowds."""
    drawn = random_samples(seed=seed, images=IMAGES, per_image=seed % 9)
    crowd = np.random.default_rng(seed).random(len(drawn.truths)) < 0.2
    other = replace(drawn, truths=replace(drawn.truths, crowd=crowd))
    return replace(
        before,
        truths=rows_of(before.truths, other.truths, chosen),
        detections=rows_of(before.detections, other.detections, chosen),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.lists(st.booleans(), min_size=IMAGES, max_size=IMAGES),
    st.sampled_from(["box", "mask"]),
)
def test_changed_images_give_the_full_result(seed: int, flags: list[bool], kind: Any) -> None:
    before, chosen = random_samples(seed=seed, images=IMAGES), np.array(flags)
    now = changed_samples(before, chosen, seed + 1)
    if kind == "mask":
        before, now = with_masks(before), with_masks(now)
    else:
        region = Regions(np.array([3]), np.array([[0.0, 0.0, 60.0, 60.0]]))
        before, now = replace(before, regions=region), replace(now, regions=region)
    previous = evaluate(before, kind=kind, max_detections=3)
    again = evaluate_changed(previous, now, chosen, max_detections=3)
    assert_equal(again, evaluate(now, kind=kind, max_detections=3))


def test_a_change_that_was_not_told_is_refused() -> None:
    before = random_samples(seed=1, images=IMAGES)
    now = changed_samples(before, np.arange(IMAGES) < 2, 5)
    with pytest.raises(BadSamples, match="not among the changed"):
        evaluate_changed(evaluate(before), now, np.arange(IMAGES) < 1)
    fewer = random_samples(seed=1, images=IMAGES - 1)
    with pytest.raises(BadSamples, match="images or labels"):
        evaluate_changed(evaluate(before), fewer, np.zeros(IMAGES - 1, np.bool_))


def test_no_images_at_all() -> None:
    nothing = random_samples(seed=1, images=0)
    again = evaluate_changed(evaluate(nothing), nothing, np.zeros(0, np.bool_))
    assert_equal(again, evaluate(nothing))
