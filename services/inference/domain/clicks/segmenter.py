"""The segmenter: from clicks on an image to the one area, or the one box, that they mean.

Candidates vote, each with the weight of what speaks for it and of the clicks that it agrees with:
the middle of many is better than the best of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from services.inference.domain.clicks.candidates import Candidate
from services.inference.domain.clicks.clicks import Click
from services.inference.domain.clicks.floods import part_at
from services.inference.domain.clicks.patches import Bits, Box, Floats, Patch, Pixels, patch_of

_SHARPNESS = 10.0  # of the votes: e to the power of so many scores
_CONTRADICTED = 0.05  # of its vote is left to a candidate for each click against it
_VOTERS = 15
_MARGIN = 0.5
_HALF = 0.5
_SMOOTH = 0.7  # of the votes' edges, in cells
_DOT_PX = 3.0


@dataclass(frozen=True, slots=True)
class Segment:
    """What clicks mean.

    Attributes:
        patch: The part of the image that was looked at.
        mask: ``(h, w)`` on its grid; not empty.
        score: What speaks for it, in [0, 1].
    """

    patch: Patch
    mask: Bits
    score: float


Look = Callable[[float, float], Sequence[Candidate]]
"""Tells what a click at a place may mean; the answers may be kept."""
Voters = list[tuple[Candidate, float]]


def segment(image: Pixels, clicks: Sequence[Click], look: Look) -> Segment:
    """Return the area that clicks mean.

    The first click inside tells most: people begin in an object's middle. Others choose among what
    it may mean; where none of that has them inside, what they mean themselves is added, or taken
    away.

    Args:
        image: ``(H, W, 3)`` RGB.
        clicks: At least one is inside.
        look: See `Look`.
    """
    inside, outside = _sorted(clicks)
    voters = _voters(look(inside[0].x, inside[0].y), clicks, Candidate.covers)
    patch = patch_of(image, _about(voters, clicks))
    cells = [patch.cell(click.x, click.y) for click in inside]
    mask = _voted(voters, patch, cells[0]) > _HALF
    for click, cell in zip(inside[1:], cells[1:], strict=True):
        if not mask[cell[1], cell[0]]:
            more = _voters(look(click.x, click.y), [click, *outside], Candidate.covers)
            mask |= _voted(more, patch, cell) > _HALF
    for click in outside:
        cell = patch.cell(click.x, click.y)
        if mask[cell[1], cell[0]]:
            others = [click, *(Click(one.x, one.y, inside=False) for one in inside)]
            against = _voters(look(click.x, click.y), others, Candidate.covers)
            mask &= _voted(against, patch, cell) <= _HALF
    parts = np.zeros_like(mask)
    for column, row in cells:
        mask[row, column] = True
        parts |= part_at(mask, (column, row))
    return Segment(patch, parts, _score(voters))


def segment_box(size: tuple[int, int], clicks: Sequence[Click], look: Look) -> tuple[Box, float]:
    """Return the box that clicks mean, in image pixels, and what speaks for it.

    Args:
        size: Width and height of the image.
        clicks: At least one is inside.
        look: See `Look`.
    """
    inside, outside = _sorted(clicks)
    voters = _voters(look(inside[0].x, inside[0].y), clicks, _boxes)
    first = inside[0]
    dot = (first.x - _DOT_PX, first.y - _DOT_PX, first.x + _DOT_PX, first.y + _DOT_PX)
    box = _middle(voters) or dot
    for click in inside:
        left, top = min(box[0], click.x - 1), min(box[1], click.y - 1)
        box = left, top, max(box[2], click.x + 1), max(box[3], click.y + 1)
    for click in outside:
        box = _without(box, click, inside)
    left, top, right, bottom = box
    width, height = size
    within = max(0.0, left), max(0.0, top), min(width, right), min(height, bottom)
    return within, _score(voters)


def _sorted(clicks: Sequence[Click]) -> tuple[list[Click], list[Click]]:
    return [one for one in clicks if one.inside], [one for one in clicks if not one.inside]


def _boxes(one: Candidate, x: float, y: float) -> bool:
    left, top, right, bottom = one.box
    return left <= x < right and top <= y < bottom


def _voters(
    pool: Sequence[Candidate],
    clicks: Sequence[Click],
    covers: Callable[[Candidate, float, float], bool],
) -> Voters:
    """The candidates with the most weight, and their weights, which sum to 1."""
    weights = np.array([
        one.times
        * one.precision
        * np.exp(_SHARPNESS * one.score)
        * _CONTRADICTED ** sum(covers(one, click.x, click.y) != click.inside for click in clicks)
        for one in pool
    ])  # fmt: skip
    first = np.argsort(-weights)[:_VOTERS]
    total = weights[first].sum()
    return [(pool[int(place)], float(weights[place] / total)) for place in first]


def _voted(voters: Voters, patch: Patch, cell: tuple[int, int]) -> Floats:
    """``(h, w)``: the share of votes for each pixel; a dot where there is no voter."""
    shape = patch.pixels.shape[:2]
    if not voters:
        rows, columns = np.indices(shape)
        across, down = patch.scale
        near = np.hypot((columns - cell[0]) * across, (rows - cell[1]) * down) <= _DOT_PX
        return np.asarray(near, np.float32)
    share = np.zeros(shape, np.float32)
    for one, weight in voters:
        share += np.float32(weight) * one.patch.redrawn(one.mask, patch)
    return np.asarray(cv2.GaussianBlur(share, (0, 0), _SMOOTH), np.float32)


def _middle(voters: Voters) -> Box | None:
    """The weighted median of each side of the voters' boxes."""
    if not voters:
        return None
    boxes = np.array([one.box for one, _ in voters])
    weights = np.array([weight for _, weight in voters])
    sides = []
    for values in boxes.T:
        order = np.argsort(values)
        reached = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
        sides.append(float(values[order[min(int(reached), len(order) - 1)]]))
    return sides[0], sides[1], sides[2], sides[3]


def _without(box: Box, click: Click, inside: Sequence[Click]) -> Box:
    """The box with the side cut off that costs least; itself where each would cut off a click."""
    left, top, right, bottom = box
    if not (left <= click.x < right and top <= click.y < bottom):
        return box
    cuts: list[Box] = [
        (click.x, top, right, bottom), (left, click.y, right, bottom),
        (left, top, click.x, bottom), (left, top, right, click.y),
    ]  # fmt: skip
    kept = [
        cut for cut in cuts
        if min(cut[2] - cut[0], cut[3] - cut[1]) >= 1
        and all(cut[0] <= one.x <= cut[2] and cut[1] <= one.y <= cut[3] for one in inside)
    ]  # fmt: skip
    return max(kept, key=lambda cut: (cut[2] - cut[0]) * (cut[3] - cut[1]), default=box)


def _about(voters: Voters, clicks: Sequence[Click]) -> Box:
    xs, ys = [click.x for click in clicks], [click.y for click in clicks]
    around: Box = (min(xs) - 8, min(ys) - 8, max(xs) + 8, max(ys) + 8)
    middle = _middle(voters) or around
    left, top = min(around[0], middle[0]), min(around[1], middle[1])
    right, bottom = max(around[2], middle[2]), max(around[3], middle[3])
    across, down = _MARGIN * (right - left), _MARGIN * (bottom - top)
    return left - across, top - down, right + across, bottom + down


def _score(voters: Voters) -> float:
    """The weighted mean of the voters' scores; 0 without any."""
    return sum(one.score * weight for one, weight in voters)
