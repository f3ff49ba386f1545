"""How a training went: what is kept of it beside its record, in a size that has a bound."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Timestamp
from shared.contracts.shapes import Shape

MOST_POINTS = 400  # more say nothing more on a screen
MOST_LINES = 200
MOST_CHARACTERS = 400  # of a line
DATA_BOUND = 0.1  # of the time: who waits longer for images would be faster with more readers


class CurvePoint(BaseModel):
    """Where the training stood: percent done, epochs done, running loss.

    ``validation`` is the figure of images that do not teach, in [0, 1]; None before the first.
    """

    model_config = ConfigDict(frozen=True)

    percent: float
    epoch: int
    loss: float
    validation: float | None = None


class LogLine(BaseModel):
    """Something that happened, and when."""

    model_config = ConfigDict(frozen=True)

    at: Timestamp
    text: str


class Preview(BaseModel):
    """A held-out image and what the network finds on it.

    ``shapes`` are those shown from the model's threshold on, best first, of a classifier its
    likeliest labels with their scores; ``left_out`` counts those that the bound leaves no room for.
    ``annotated`` counts the targets of each label.
    """

    model_config = ConfigDict(frozen=True)

    image_id: str
    name: str
    width: int
    height: int
    annotated: dict[str, int]
    shapes: tuple[Shape, ...]
    left_out: int = 0


class Facts(BaseModel):
    """What a training learns from, and where.

    ``splits`` counts images by split, ``examples`` the shapes of each label that teach; ``device``
    says what computes.
    """

    model_config = ConfigDict(frozen=True)

    splits: dict[str, int] = Field(default_factory=dict)
    examples: dict[str, int] = Field(default_factory=dict)
    device: str = ""


def with_points(
    curve: tuple[CurvePoint, ...], further: Sequence[CurvePoint]
) -> tuple[CurvePoint, ...]:
    """The curve with further points, at most `MOST_POINTS`.

    A percentage that falls back means that the training went on from a checkpoint: the points
    behind it did not count, and go. Of too many points every second one goes.

    >>> first = [CurvePoint(percent=p, epoch=0, loss=1) for p in (10, 20, 30)]
    >>> [p.percent for p in with_points(tuple(first), [CurvePoint(percent=15, epoch=0, loss=1)])]
    [10.0, 15.0]
    """
    for point in further:
        while curve and curve[-1].percent >= point.percent:
            curve = curve[:-1]
        curve = (*curve, point)
        if len(curve) > MOST_POINTS:
            curve = curve[::2]  # of an odd number: the first and the last stay
    return curve


def with_lines(log: tuple[LogLine, ...], further: Sequence[LogLine]) -> tuple[LogLine, ...]:
    """The log with further lines: the latest `MOST_LINES`, each cut to `MOST_CHARACTERS`."""
    cut = (
        line.model_copy(update={"text": line.text[:MOST_CHARACTERS]})
        if len(line.text) > MOST_CHARACTERS
        else line
        for line in further
    )
    return (*log, *cut)[-MOST_LINES:]
