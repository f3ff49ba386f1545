"""What a detector says about one image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shared.runtime.tasks.spec import Drawn
from shared.vision.boxes import Boxes, Indices, Scores


@dataclass(frozen=True, slots=True)
class Detections:
    """Detections of one image in falling order of score.

    Attributes:
        boxes_xyxy: ``(N, 4)`` float32 in pixels of the EXIF-upright image.
        scores: ``(N,)`` float32 in [0, 1].
        label_indices: ``(N,)`` int64 into the manifest's labels.
    """

    boxes_xyxy: Boxes
    scores: Scores
    label_indices: Indices

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def empty(cls) -> Self:
        """No detections at all.

        >>> len(Detections.empty())
        0
        """
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def above(self, threshold: float) -> "Detections":
        """Those with ``score >= threshold``, order kept.

        >>> found = Detections(np.zeros((2, 4), "f4"), np.array([0.9, 0.2], "f4"), np.array([0, 1]))
        >>> len(found.above(0.3))
        1
        """
        return self.take(np.flatnonzero(self.scores >= np.float32(threshold)))

    def take(self, rows: Indices) -> "Detections":
        """The given rows in the given order."""
        return Detections(self.boxes_xyxy[rows], self.scores[rows], self.label_indices[rows])

    def drawn(self) -> Iterator[Drawn]:
        """Each detection as a box.

        >>> found = Detections(np.zeros((1, 4), "f4"), np.array([0.5], "f4"), np.array([2]))
        >>> next(found.drawn())
        Drawn(label_index=2, score=0.5, kind='box', points=((0.0, 0.0), (0.0, 0.0)))
        """
        columns = (self.label_indices, self.scores, self.boxes_xyxy)
        for label, score, (x1, y1, x2, y2) in zip(*(c.tolist() for c in columns), strict=True):
            yield Drawn(label, score, "box", ((x1, y1), (x2, y2)))

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns ``label``, ``score`` and ``box`` of stored predictions."""
        return {"label": self.label_indices, "score": self.scores, "box": self.boxes_xyxy}

    @staticmethod
    def join(parts: "list[Detections]") -> "Detections":
        """All parts one after the other, not sorted; no parts give no detections."""
        if not parts:
            return Detections.empty()
        return Detections(
            np.concatenate([part.boxes_xyxy for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.label_indices for part in parts]),
        )
