"""Semantic segmentation: a label for each pixel, or none for the background."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from shared.runtime.manifest import ModelManifest
from shared.runtime.segmentation import Segmentation, joined
from shared.runtime.session import Tensors
from shared.runtime.tasks.spec import FREE, ColumnSpec, OutputSpec, Reading, TaskSpec, View
from shared.vision.boxes import Indices, Scores
from shared.vision.tiles import Window


def decode(outputs: Tensors, view: View, manifest: ModelManifest) -> Segmentation:
    """The labels of one window's pixels.

    Args:
        outputs: ``scores`` ``(C, h, w)`` in [0, 1] of the whole input, on a coarser grid of cells;
            what they lack to 1 is the background's.
        view: Where they belong.
        manifest: Gives the input's size.
    """
    return Segmentation.of_scores(in_window(outputs["scores"], view, manifest))


def in_window(scores: Scores, view: View, manifest: ModelManifest) -> Iterator[Scores]:
    """Each label's scores of cells as those of the window's pixels, ``(H, W)``, bilinear."""
    placement, window = view.placement, view.window
    cell_x = manifest.input_width / scores.shape[2]
    cell_y = manifest.input_height / scores.shape[1]
    # Only cells that show some of the image: what lies beyond it says nothing of its edge.
    across, down = math.ceil(placement.width / cell_x), math.ceil(placement.height / cell_y)
    left, right, share_x = _between(window.width, cell_x / placement.scale_x, across)
    above, below, share_y = _between(window.height, cell_y / placement.scale_y, down)
    for one in scores:
        rows = one[above] + (one[below] - one[above]) * share_y[:, None]
        before = rows[:, left]
        yield before + (rows[:, right] - before) * share_x


def _between(pixels: int, cell_px: float, cells: int) -> tuple[Indices, Indices, Scores]:
    """The two cells between whose middles each pixel's middle lies, and how near the second.

    >>> [part.tolist() for part in _between(4, 2.0, 2)]
    [[0, 0, 0, 1], [1, 1, 1, 1], [0.0, 0.25, 0.75, 0.0]]
    """
    places = np.clip((np.arange(pixels) + 0.5) / cell_px - 0.5, 0, cells - 1)
    first = places.astype(np.int64)
    share = (places - first).astype(np.float32)
    return first, np.minimum(first + 1, cells - 1), share


def merge(
    parts: Sequence[Segmentation], windows: Sequence[Window], manifest: ModelManifest
) -> Segmentation:
    """The windows' pixels as one map."""
    return joined(parts, windows)


def select(found: Segmentation, threshold: float, manifest: ModelManifest) -> Segmentation:
    """The best ``max_detections`` connected parts at or above the threshold.

    >>> facts = {"labels": ("a",), "input_width": 8, "input_height": 8}
    >>> manifest = ModelManifest(task="semantic_segmentation", **facts)
    >>> found = Segmentation.of_scores(np.array([[[0.9, 0.1, 0.6]]], "f4"))
    >>> [len(select(found, threshold, manifest)) for threshold in (0.3, 0.7)]
    [2, 1]
    """
    known = found if found.objects else found.with_objects()
    best = known.objects[: manifest.max_detections]
    return known.keeping([one for one in best if one.score >= threshold])


SEMANTIC_SEGMENTATION: TaskSpec[Segmentation] = TaskSpec(
    name="semantic_segmentation",
    shape_kinds=("polygon", "mask"),
    outputs=(OutputSpec("scores", ("labels", FREE, FREE), tolerance=1e-4),),
    columns=(
        ColumnSpec("label", "int64"),
        ColumnSpec("rle", "uint8", ragged=True),
    ),
    reading=Reading(decode=decode, merge=merge, select=select),
)
