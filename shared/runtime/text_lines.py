"""What a reader of text says about one image."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shared.runtime.tasks.spec import Drawn
from shared.runtime.text_boxes import Corners
from shared.vision.boxes import Indices, Scores


@dataclass(frozen=True, slots=True)
class TextLines:
    """Lines of one image in falling order of score.

    Attributes:
        corners: ``(N, 4, 2)`` float32 in pixels of the EXIF-upright image, from the upper left
            clockwise.
        scores: ``(N,)`` float32 in [0, 1].
        texts: What they say; empty where nobody has read yet.
    """

    corners: Corners
    scores: Scores
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def unread(cls, corners: Corners, scores: Scores) -> Self:
        """Lines that were found and not read, in any order.

        >>> len(TextLines.unread(np.zeros((0, 4, 2), np.float32), np.zeros(0, np.float32)))
        0
        """
        order = np.argsort(-scores, kind="stable")
        return cls(corners[order], scores[order], ("",) * len(scores))

    def take(self, rows: Indices) -> "TextLines":
        """The given rows in the given order."""
        texts = tuple(self.texts[row] for row in rows.tolist())
        return TextLines(self.corners[rows], self.scores[rows], texts)

    def by_score(self) -> "TextLines":
        """The best first."""
        return self.take(np.argsort(-self.scores, kind="stable"))

    def drawn(self) -> Iterator[Drawn]:
        """Each line as a polygon of four points that says something; they have one label.

        >>> corners = np.array([[[0, 0], [9, 0], [9, 4], [0, 4]]], np.float32)
        >>> next(TextLines(corners, np.array([0.5], np.float32), ("A1",)).drawn()).text
        'A1'
        """
        columns = (self.scores.tolist(), self.corners.tolist(), self.texts)
        for score, corners, text in zip(*columns, strict=True):
            yield Drawn(0, score, "polygon", tuple((x, y) for x, y in corners), text=text)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns ``score``, ``points`` and ``text`` (UTF-8) of stored predictions."""
        written = [text.encode() for text in self.texts]
        return {
            "score": self.scores,
            "points": self.corners.reshape(-1, 2),
            "points_starts": np.arange(len(self) + 1, dtype=np.int64) * 4,
            "text": np.frombuffer(b"".join(written), np.uint8),
            "text_starts": _starts([len(text) for text in written]),
        }

    @staticmethod
    def join(parts: "Sequence[TextLines]") -> "TextLines":
        """The lines of all parts, the best first; at least one part."""
        return TextLines(
            np.concatenate([part.corners for part in parts]),
            np.concatenate([part.scores for part in parts]),
            tuple(text for part in parts for text in part.texts),
        ).by_score()


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.cumsum([0, *lengths], dtype=np.int64)
