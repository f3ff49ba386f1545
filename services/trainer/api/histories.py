"""The response that tells how a training goes or went."""

from typing import Literal

from pydantic import BaseModel

from services.trainer.domain.history import DATA_BOUND, CurvePoint, Preview
from services.trainer.repository import History
from shared.clock import Timestamp
from shared.texts.language import Told


class LoggedLine(BaseModel):
    """Something that happened, and when."""

    at: Timestamp
    text: Told


class HistoryResponse(BaseModel):
    """How a training goes or went; kept as long as its record, nothing of early releases.

    ``curve`` has at most 400 points and holds also what was learnt before the training went on from
    a checkpoint. ``previews`` are at most six held-out images, always the same, with what the
    network found on them after ``previews_epoch`` epochs, at last what the exported model finds.
    ``splits`` counts images by split, ``examples`` the shapes of each label that teach (of the
    first 200 labels). ``bound_by`` tells what the time of learning went into: ``data`` where more
    than a tenth of it (``data_wait``) was waited for images. ``log`` has the latest 200 lines.
    """

    training_id: str
    device: Told
    splits: dict[str, int]
    examples: dict[str, int]
    curve: tuple[CurvePoint, ...]
    previews: tuple[Preview, ...]
    previews_epoch: int
    data_wait: float | None
    bound_by: Literal["data", "compute"] | None
    log: tuple[LoggedLine, ...]

    @classmethod
    def of(cls, history: History) -> "HistoryResponse":
        """Build the response of a history."""
        waited = history.data_wait
        late = waited is not None and waited > DATA_BOUND
        return cls(
            training_id=history.id,
            device=history.facts.device,
            splits=history.facts.splits,
            examples=history.facts.examples,
            curve=history.curve,
            previews=history.previews,
            previews_epoch=history.previews_epoch,
            data_wait=waited,
            bound_by=None if waited is None else "data" if late else "compute",
            log=tuple(LoggedLine(at=line.at, text=line.text) for line in history.log),
        )
