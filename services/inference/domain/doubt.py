"""How unsure a version was about an image: whom a person helps most by annotating it."""

from collections.abc import Iterable

from shared.contracts.shapes import Shape

_FLOOR = 0.25  # tests leave out what is surer to be nothing, proposals do not: it counts in neither


def doubt_of(shapes: Iterable[Shape]) -> float:
    """Return the sum of a prediction's doubts, from 0 (sure of each finding, or of none).

    A finding with the score s is right or not: its margin is abs(s - (1 - s)), its doubt
    (1 - margin)², 1 at 0.5 and 0 at 0 and 1 (1-vs-2 with sum: Brust, Käding and Denzler, Active
    learning for deep object detection, VISAPP 2019). For a label of the whole image, of which only
    the first is known, it is 1 - s (least confidence). What has no score has no doubt.

    >>> from shared.contracts.shapes import Shape
    >>> box = {"label": "pore", "kind": "box", "points": ((0, 0), (5, 5))}
    >>> [doubt_of([Shape(**box, score=score)]) for score in (0.5, 0.75, 1.0, 0.2)]
    [1.0, 0.25, 0.0, 0.0]
    >>> doubt_of([])
    0.0
    """
    return float(sum(_doubt(shape) for shape in shapes))


def _doubt(shape: Shape) -> float:
    if shape.score is None:
        return 0.0
    if shape.kind == "image":
        return 1 - shape.score
    margin = abs(2 * shape.score - 1)
    return 0.0 if shape.score < _FLOOR else (1 - margin) ** 2
