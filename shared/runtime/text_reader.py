"""The second look at an image: what its lines of text say."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from shared.runtime.manifest import ModelManifest
from shared.runtime.pixels import Pixels
from shared.runtime.preprocess import Image
from shared.runtime.session import TensorSession
from shared.runtime.text_boxes import Floats
from shared.runtime.text_crops import batches, cut_line, window_of
from shared.runtime.text_lines import TextLines

BLANK = 0


def read_lines(
    found: TextLines, pixels: Pixels, session: TensorSession, manifest: ModelManifest
) -> TextLines:
    """Read lines that were found, each cut out of the image at its full resolution.

    A line's score is the map's mean in its box times the mean score of its signs: a line is one
    that is there *and* is read right. Lines in which nothing is read fall out.
    """
    texts, scores = [""] * len(found), np.zeros(len(found), np.float32)
    for batch in batches(_cut(found, pixels)):
        answer = session.run(batch.images)
        for row, signs, sure in zip(
            batch.rows.tolist(), answer["signs"], answer["sign_scores"], strict=True
        ):
            texts[row], confidence = decode_signs(signs, sure, manifest.alphabet)
            scores[row] = found.scores[row] * np.float32(confidence)
    read = TextLines(found.corners, scores.clip(0, 1), tuple(texts))
    said = np.array([bool(text) for text in texts], np.bool_)
    return read.take(np.flatnonzero(said)).by_score()


def decode_signs(
    signs: NDArray[np.int64], scores: Floats, alphabet: Sequence[str]
) -> tuple[str, float]:
    """The text of one line by greedy CTC: repeats fall out, then blanks; and how sure it is.

    Graves et al., "Connectionist Temporal Classification", ICML 2006, section 3.2.

    Args:
        signs: ``(T,)`` the best sign of each step; 0 is none, k the alphabet's (k - 1)th.
        scores: ``(T,)`` the probability of each.
        alphabet: The signs.

    Returns:
        The text without space around it, and the mean score of the signs that it is made of; 0
        where there is none.

    Raises:
        ValueError: A sign is none of the alphabet.

    >>> scores = np.array([0.9, 0.1, 0.2, 0.7, 0.5], np.float32)
    >>> decode_signs(np.array([1, 1, 0, 1, 2]), scores, "AB")[0]
    'AAB'
    """
    begins = np.flatnonzero(np.diff(signs, prepend=BLANK) * (signs != BLANK))
    if not begins.size:
        return "", 0.0
    kept = signs[begins]
    if not 0 < kept.min() <= kept.max() <= len(alphabet):
        raise ValueError(f"the model reads a sign that is none of its alphabet of {len(alphabet)}")
    text = "".join(alphabet[sign - 1] for sign in kept.tolist())
    return text.strip(), float(scores[begins].mean())


def _cut(found: TextLines, pixels: Pixels) -> Iterator[tuple[int, Image]]:
    windows = [
        window_of(corners, index=row, size=pixels.size) for row, corners in enumerate(found.corners)
    ]
    for window, part in pixels.of(windows):
        origin = np.array([window.x, window.y], np.float32)
        yield window.row, cut_line(part, found.corners[window.row] - origin)
