"""Candidates: what a click may mean, found at several scales by colour and by edges."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from services.inference.domain.clicks.contours import contours
from services.inference.domain.clicks.evidence import edges_of, evidence
from services.inference.domain.clicks.floods import floods
from services.inference.domain.clicks.patches import Bits, Box, Patch, Pixels, patches_about
from shared.vision.boxes import iou_matrix

_FEWEST_CELLS = 9
_FEW_CELLS = 60  # what is smaller was seen better on the grid before
_FINE_CELLS = 500
_ALIKE = 0.6  # IoU of boxes from which on two candidates agree
_MANY = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """An area that a click may mean.

    Attributes:
        patch: Where it was found.
        mask: ``(h, w)`` on the patch's grid.
        box: Around it, in image pixels.
        score: What speaks for it, in [0, 1].
        times: How often just this one was found.
    """

    patch: Patch
    mask: Bits
    box: Box
    score: float
    times: int

    @property
    def precision(self) -> float:
        """How finely its outline is known, in (0, 1]: the image's own pixels say all there is."""
        if self.patch.scale[0] <= 1:
            return 1.0
        return min(1.0, float(self.mask.sum()) / _FINE_CELLS)

    def covers(self, x: float, y: float) -> bool:
        """Tell whether a place of the image is within."""
        left, top, right, bottom = self.box
        if not (left <= x < right and top <= y < bottom):
            return False
        column, row = self.patch.cell(x, y)
        return bool(self.mask[row, column])


def candidates_at(image: Pixels, x: float, y: float) -> tuple[Candidate, ...]:
    """Return what a click at a place of an image ``(H, W, 3)`` may mean, in no order.

    A candidate is scored by how many others, found on other grids or by the other method, agree
    with it, and by how it stands out from what is around it.
    """
    found: list[tuple[Patch, Bits, int]] = []
    facts: list[NDArray[np.float64]] = []
    for patch in patches_about(image, x, y):
        lab, cell = patch.lab(), patch.cell(x, y)
        edges = edges_of(lab)
        for mask, times in _counted(chain(floods(lab, cell), contours(lab, cell)), patch):
            found.append((patch, mask, times))
            facts.append(evidence(lab, edges, mask))
    if not found:
        return ()
    boxes = np.array([patch.box_of(mask) for patch, mask, _ in found])
    counts = np.array([count for _, _, count in found])
    agreeing = np.minimum((iou_matrix(boxes, boxes) > _ALIKE) @ counts / _MANY, 1.5)
    strengths, contrasts = np.array(facts).T
    scores = np.clip(0.08 + 0.24 * agreeing + 0.025 * strengths + 0.05 * contrasts, 0, 1)
    return tuple(
        Candidate(patch, mask, tuple(box), float(score), count)
        for (patch, mask, count), box, score in zip(found, boxes.tolist(), scores, strict=True)
    )


def _counted(masks: Iterable[Bits], patch: Patch) -> Iterable[tuple[Bits, int]]:
    """The masks that may be whole objects, and how often each was found."""
    least = _FEWEST_CELLS if patch.scale[0] <= 1 else _FEW_CELLS
    counts: dict[bytes, tuple[Bits, int]] = {}
    for mask in masks:
        if mask.sum() >= least and not patch.cuts(mask):
            name = mask.tobytes()
            counts[name] = mask, counts.get(name, (mask, 0))[1] + 1
    return counts.values()
