"""OCR: lines of text, where they are and what they say."""

from collections.abc import Sequence

import numpy as np

from shared.runtime.manifest import ModelManifest
from shared.runtime.session import ImageBatch, Tensors
from shared.runtime.tasks.spec import FREE, ColumnSpec, OutputSpec, Reading, TaskSpec, View
from shared.runtime.text_boxes import find_boxes
from shared.runtime.text_crops import LINE_HEIGHT
from shared.runtime.text_lines import TextLines
from shared.runtime.text_reader import read_lines
from shared.vision.tiles import Window

LEAST_SIDE = 2  # of a line in pixels of the image, once it is cut at the image's edges


def decode(outputs: Tensors, view: View, manifest: ModelManifest) -> TextLines:
    """The lines of one view, not read yet; a line's score is the map's mean within its box.

    Args:
        outputs: ``map`` ``(H, W)`` of the whole input.
        view: Where it belongs.
        manifest: Gives the floor.

    Returns:
        Lines in pixels of the whole image, in falling order of score, their corners drawn in to
        the window.
    """
    window, placement = view.window, view.placement
    corners, scores = find_boxes(outputs["map"][: placement.height, : placement.width])
    scale = np.array([placement.scale_x, placement.scale_y], np.float32)
    edge = np.array([window.width, window.height], np.float32)
    inside = (corners / scale).clip(0, edge)
    sides = np.linalg.norm(inside - np.roll(inside, -1, axis=1), axis=2)
    kept = (scores >= np.float32(max(manifest.score_floor, view.limit))) & (
        sides.min(axis=1, initial=np.inf) >= LEAST_SIDE
    )
    origin = np.array([window.x, window.y], np.float32)
    return TextLines.unread(inside[kept] + origin, scores[kept])


def merge(
    parts: Sequence[TextLines], windows: Sequence[Window], manifest: ModelManifest
) -> TextLines:
    """The windows' lines as one list; our models look at whole images."""
    return TextLines.join(parts)


def select(found: TextLines, threshold: float, manifest: ModelManifest) -> TextLines:
    """The best ``max_detections`` at or above the threshold."""
    best = found.scores[: manifest.max_detections]
    return found.take(np.flatnonzero(best >= np.float32(threshold)))


def page_and_line(page: ImageBatch) -> tuple[ImageBatch, ...]:
    """A page ``(1, H, W, 3)``, and its middle rows as if they were a line."""
    top = max(0, (page.shape[1] - LINE_HEIGHT) // 2)
    return page, page[:, top : top + LINE_HEIGHT]


OCR: TaskSpec[TextLines] = TaskSpec(
    name="ocr",
    shape_kinds=("box", "rotated_box", "polygon"),
    # The graph has two halves: images of 48 rows are lines and are read, others are pages on which
    # lines are found. What the other half would say has an empty side.
    outputs=(
        OutputSpec("map", (FREE, FREE), tolerance=1e-4),
        OutputSpec("signs", (FREE,), tolerance=0.5, dtype="int64"),
        OutputSpec("sign_scores", (FREE,), tolerance=1e-4),
    ),
    columns=(
        ColumnSpec("score", "float32"),
        ColumnSpec("points", "float32", (2,), ragged=True),
        ColumnSpec("text", "uint8", ragged=True),
    ),
    sides_are_free=True,
    questions=page_and_line,
    reading=Reading(decode=decode, merge=merge, select=select, look_closer=read_lines),
)
