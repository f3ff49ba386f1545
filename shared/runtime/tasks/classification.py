"""Classification: one label for the whole image, with a score for each label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.runtime.manifest import ModelManifest
from shared.runtime.session import Tensors
from shared.runtime.tasks.spec import ColumnSpec, Drawn, OutputSpec, Reading, TaskSpec, View
from shared.vision.boxes import Scores
from shared.vision.tiles import Window


@dataclass(frozen=True, slots=True)
class Classification:
    """What a classifier says about one image.

    Attributes:
        scores: ``(C,)`` float32 in [0, 1], one a label; they add up to 1.
        threshold: Score from which the best label is shown.
    """

    scores: Scores
    threshold: float = 0.0

    def __len__(self) -> int:
        """1 where the best label is sure enough to be shown, else 0."""
        return int(self.scores.size > 0 and bool(self.scores.max() >= np.float32(self.threshold)))

    def drawn(self) -> Iterator[Drawn]:
        """The best label as that of the whole image, if it is sure enough.

        >>> next(Classification(np.array([0.25, 0.75], "f4")).drawn())
        Drawn(label_index=1, score=0.75, kind='image', points=())
        """
        if len(self):
            best = int(self.scores.argmax())
            yield Drawn(best, float(self.scores[best]), "image")

    def columns(self) -> dict[str, NDArray[Any]]:
        """One row with the scores of all labels, however sure the best one is."""
        return {"scores": self.scores[None]}


def decode(outputs: Tensors, view: View, manifest: ModelManifest) -> Classification:
    """The scores ``(C,)`` of one view, which is the whole image."""
    return Classification(np.asarray(outputs["scores"], np.float32))


def merge(
    parts: Sequence[Classification], windows: Sequence[Window], manifest: ModelManifest
) -> Classification:
    """The mean of the windows' scores, weighed by their area; our models look at whole images."""
    weights = np.array([window.width * window.height for window in windows], np.float64)
    scores = np.average([part.scores for part in parts], axis=0, weights=weights)
    return Classification(scores.astype(np.float32))


def select(found: Classification, threshold: float, manifest: ModelManifest) -> Classification:
    """The same, its best label shown only at or above the threshold.

    >>> facts = {"labels": ("a",), "input_width": 8, "input_height": 8}
    >>> manifest = ModelManifest(task="classification", **facts)
    >>> len(select(Classification(np.array([0.4], "f4")), 0.5, manifest))
    0
    """
    return Classification(found.scores, threshold)


CLASSIFICATION: TaskSpec[Classification] = TaskSpec(
    name="classification",
    shape_kinds=("image",),
    outputs=(OutputSpec("scores", ("labels",), tolerance=1e-4),),
    columns=(ColumnSpec("scores", "float32", ("labels",)),),
    reading=Reading(decode=decode, merge=merge, select=select),
    most_shapes=1,
)
