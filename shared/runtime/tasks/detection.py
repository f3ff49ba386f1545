"""Detection: boxes around objects, from a dense head of scored boxes."""

from collections.abc import Sequence

import numpy as np

from shared.runtime.detections import Detections
from shared.runtime.manifest import ModelManifest
from shared.runtime.postprocess import candidates, drop_empty, merge_overlapping
from shared.runtime.seams import merge_windows
from shared.runtime.session import Tensors
from shared.runtime.tasks.spec import FREE, ColumnSpec, OutputSpec, Reading, TaskSpec, View
from shared.vision.boxes import clip, translate
from shared.vision.tiles import Window


def decode(outputs: Tensors, view: View, manifest: ModelManifest) -> Detections:
    """The boxes of one view after floor and NMS, clipped to its window.

    Args:
        outputs: ``boxes`` ``(A, 4)`` xyxy in input pixels and ``scores`` ``(A, C)`` in [0, 1].
        view: Where they belong.
        manifest: Gives the floor and the merge rule.

    Returns:
        Detections in pixels of the whole image, in falling order of score.
    """
    found = candidates(outputs["boxes"], outputs["scores"], score_floor=manifest.score_floor)
    window = view.window
    boxes = clip(view.placement.to_image(found.boxes_xyxy), window.width, window.height)
    boxes = translate(boxes, window.x, window.y)
    kept = drop_empty(Detections(boxes, found.scores, found.label_indices))
    return merge_overlapping(kept, manifest.merge_rule)


def merge(
    parts: Sequence[Detections], windows: Sequence[Window], manifest: ModelManifest
) -> Detections:
    """The windows' boxes as one list: doubles dropped, boxes cut by a seam joined."""
    return merge_windows(parts, windows, manifest)


def select(found: Detections, threshold: float, manifest: ModelManifest) -> Detections:
    """The best ``max_detections`` at or above the threshold.

    >>> manifest = ModelManifest(task="detection", labels=("a",), input_width=8, input_height=8)
    >>> found = Detections(np.zeros((2, 4), "f4"), np.array([0.9, 0.2], "f4"), np.array([0, 0]))
    >>> len(select(found, 0.3, manifest))
    1
    """
    return found.take(np.arange(min(len(found), manifest.max_detections))).above(threshold)


DETECTION: TaskSpec[Detections] = TaskSpec(
    name="detection",
    shape_kinds=("box", "rotated_box"),
    outputs=(
        OutputSpec("boxes", (FREE, 4), tolerance=0.1, unit="px"),
        OutputSpec("scores", (FREE, "labels"), tolerance=1e-4),
    ),
    columns=(
        ColumnSpec("label", "int64"),
        ColumnSpec("score", "float32"),
        ColumnSpec("box", "float32", (4,)),
        ColumnSpec("angle", "float32", optional=True),
    ),
    reading=Reading(decode=decode, merge=merge, select=select),
)
