"""Instance segmentation: the outline of each object, from boxes and mask prototypes."""

from collections.abc import Sequence

import numpy as np

from shared.runtime.detections import Detections
from shared.runtime.instance_masks import MaskReader
from shared.runtime.instance_seams import merge_windows
from shared.runtime.instances import Instances, Patch, united
from shared.runtime.manifest import ModelManifest
from shared.runtime.postprocess import best_pairs
from shared.runtime.session import Tensors
from shared.runtime.tasks.spec import FREE, ColumnSpec, OutputSpec, Reading, TaskSpec, View
from shared.vision.boxes import Indices, clip, has_area, translate
from shared.vision.merging import MergeMethod
from shared.vision.merging import merge as merge_boxes
from shared.vision.tiles import Window


def decode(outputs: Tensors, view: View, manifest: ModelManifest) -> Instances:
    """The objects of one view after floor and the merging of their boxes.

    Args:
        outputs: ``boxes`` ``(A, 4)`` xyxy in input pixels, ``scores`` ``(A, C)`` in [0, 1],
            ``coefficients`` ``(A, K)``, and ``prototypes`` ``(K, h, w)`` of the whole input, on a
            coarser grid of cells.
        view: Where they belong.
        manifest: Gives the input's size, the floor and the merge rule.

    Returns:
        Objects in pixels of the whole image, in falling order of score; those without a pixel fall
        out, and so do those that nobody would see: behind the best ``max_detections``, or below
        the view's limit and out of other views' reach. The pixels of these are never made.
    """
    anchors, labels = best_pairs(outputs["scores"], manifest.score_floor)
    scores = outputs["scores"][anchors, labels]
    window = view.window
    inside = clip(view.placement.to_image(outputs["boxes"][anchors]), window.width, window.height)
    solid = np.flatnonzero(has_area(inside))
    boxes = translate(inside[solid], window.x, window.y)
    anchors, labels, scores = anchors[solid], labels[solid], scores[solid]
    rule = manifest.merge_rule
    merged = merge_boxes(boxes, scores, labels=labels, rule=rule)
    kept = merged.kept[: manifest.max_detections]
    grown = merged.boxes_xyxy[: len(kept)]
    reader = MaskReader(outputs["prototypes"], view, manifest)
    groups = _groups(kept, merged.stands_for, grows=rule.method is not MergeMethod.NMS)
    seen = scores[kept] >= np.float32(view.limit)
    patches: dict[int, Patch] = {}
    for place, group in enumerate(groups):
        if seen[place] or not all(reader.is_inner(boxes[row]) for row in group):
            mixes = ((boxes[row], outputs["coefficients"][anchors[row]]) for row in group)
            if patch := _united([reader.read(box, mix) for box, mix in mixes]):
                patches[place] = patch
    found = Detections(grown, scores[kept], labels[kept]).take(np.array([*patches], np.int64))
    frame = (window.x, window.y, window.width, window.height)
    return Instances(found, tuple(patches.values()), frame)


def _groups(kept: Indices, stands_for: Indices, *, grows: bool) -> list[list[int]]:
    """The boxes whose pixels each standing box has: its own, or all that it stands for."""
    if not grows:
        return [[row] for row in kept.tolist()]
    return [np.flatnonzero(stands_for == row).tolist() for row in kept.tolist()]


def _united(patches: Sequence[Patch | None]) -> Patch | None:
    there = [one for one in patches if one is not None]
    return united(there) if there else None


def merge(
    parts: Sequence[Instances], windows: Sequence[Window], manifest: ModelManifest
) -> Instances:
    """The windows' objects as one list: what two windows show of one object becomes one."""
    return merge_windows(parts, windows)


def select(found: Instances, threshold: float, manifest: ModelManifest) -> Instances:
    """The best ``max_detections`` at or above the threshold."""
    best = found.found.scores[: manifest.max_detections]
    return found.take(np.flatnonzero(best >= np.float32(threshold)))


INSTANCE_SEGMENTATION: TaskSpec[Instances] = TaskSpec(
    name="instance_segmentation",
    shape_kinds=("polygon", "mask"),
    outputs=(
        OutputSpec("boxes", (FREE, 4), tolerance=0.1, unit="px"),
        OutputSpec("scores", (FREE, "labels"), tolerance=1e-4),
        # An object's mask: its coefficients times the prototypes (YOLACT, arXiv:1904.02689).
        OutputSpec("coefficients", (FREE, FREE), tolerance=1e-3),
        OutputSpec("prototypes", (FREE, FREE, FREE), tolerance=1e-3),
    ),
    columns=(
        ColumnSpec("label", "int64"),
        ColumnSpec("score", "float32"),
        ColumnSpec("box", "float32", (4,)),
        ColumnSpec("rle", "uint8", ragged=True),
    ),
    reading=Reading(decode=decode, merge=merge, select=select),
)
