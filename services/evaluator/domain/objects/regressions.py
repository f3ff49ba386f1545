"""Corrected images as regression tests: once wrong, corrected by a person, watched ever after."""

from collections.abc import Collection, Mapping
from typing import Literal

import numpy as np

from services.evaluator.domain.objects.confusion import Outcomes
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.matching import NOBODY

State = Literal["fixed", "still_wrong", "newly_broken", "still_right"]


def image_passes(evaluation: Evaluation, result: Outcomes) -> dict[str, bool]:
    """Whether each image is free of false detections, misses and wrong labels."""
    arranged = evaluation.arranged
    wrong = result.false | (result.mistaken_for != NOBODY)
    errors = np.bincount(arranged.det_image()[wrong], minlength=arranged.images)
    errors += np.bincount(arranged.truth_image()[result.missed], minlength=arranged.images)
    return {
        name: bool(count == 0)
        for name, count in zip(evaluation.samples.images.ids, errors, strict=True)
    }


def regression_states(
    corrected: Collection[str], now: Mapping[str, bool], before: Mapping[str, bool]
) -> dict[str, State]:
    """State of each corrected image that this version has seen.

    An image that the version before had not seen counts as wrong before: a person had to correct
    it.

    >>> regression_states(["a", "b"], {"a": True, "b": False}, {"b": True})
    {'a': 'fixed', 'b': 'newly_broken'}
    """
    names: dict[tuple[bool, bool], State] = {
        (False, True): "fixed",
        (False, False): "still_wrong",
        (True, False): "newly_broken",
        (True, True): "still_right",
    }
    return {
        image: names[before.get(image, False), now[image]]
        for image in sorted(corrected)
        if image in now
    }
