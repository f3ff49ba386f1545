"""Keeps how a training goes beside its record, for pages that are opened later or again."""

import time
from collections.abc import Callable

from services.trainer.domain.history import CurvePoint, LogLine, with_lines, with_points
from services.trainer.process.work_order import (
    FactsMessage,
    FailureMessage,
    Message,
    NoteMessage,
    PreviewsMessage,
    ProgressMessage,
    StartMessage,
)
from services.trainer.repository import HISTORIES, History, Training
from shared.clock import Clock, utc_now
from shared.documents.port import Documents, TenantScope
from shared.jobs.job import Job

KEEP_EVERY_S = 5.0  # what a kill takes of the curve at most
STAGES = {
    "reading": "the images are being read",
    "features": "all images are looked at once",
    "training": "the network learns",
    "exporting": "the model is being exported",
    "testing": "the held-out images are predicted",
}


class HistoryWriter:
    """The history of a training during one attempt, which alone may write it."""

    def __init__(
        self,
        documents: Documents,
        training: Training,
        job: Job,
        *,
        clock: Clock = utc_now,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """``job`` tells the attempt; ``seconds`` when it is time to keep what came."""
        self._histories = documents.collection(HISTORIES, TenantScope(training.tenant))
        self._new = History(id=training.id, tenant=training.tenant, project_id=training.project_id)
        self._order = training.resumes, job.attempt
        self._clock, self._seconds = clock, seconds
        self._kept_at = seconds()
        self._update: dict[str, object] = {}
        self._points: list[CurvePoint] = []
        self._lines: list[LogLine] = []
        self._stage = ""

    def note(self, text: str) -> None:
        """Adds a line to the log."""
        self._lines.append(LogLine(at=self._clock(), text=text))

    async def heed(self, message: Message) -> None:
        """Takes in what the training process says; writes it now and then, and what is seen now."""
        if isinstance(message, ProgressMessage):
            self._progress(message)
        elif isinstance(message, FactsMessage):
            self._update["facts"] = message.facts
            self.note(f"it computes on: {message.facts.device}")
        elif isinstance(message, StartMessage):
            self.note(f"first weights: {message.backbone_weights}")
        elif isinstance(message, NoteMessage):
            self.note(message.text)
        elif isinstance(message, FailureMessage):
            self.note(message.reason)
        elif isinstance(message, PreviewsMessage):
            self._update |= {"previews": message.previews, "previews_epoch": message.epoch}
        if isinstance(message, PreviewsMessage) or self._is_due():
            await self.keep()

    async def keep(self) -> None:
        """Writes what came since the last time, unless a later attempt wrote already."""
        self._kept_at = self._seconds()
        if not (self._update or self._points or self._lines):
            return

        def grown(stored: History) -> History | None:
            if (stored.life, stored.attempt) > self._order:
                return None
            life, attempt = self._order
            further = {
                "life": life,
                "attempt": attempt,
                "curve": with_points(stored.curve, self._points),
                "log": with_lines(stored.log, self._lines),
            }
            return stored.model_copy(update=self._update | further)

        await self._histories.change(self._new.id, grown, new=self._new)
        self._update, self._points, self._lines = {}, [], []

    def _is_due(self) -> bool:
        return self._seconds() - self._kept_at >= KEEP_EVERY_S

    def _progress(self, message: ProgressMessage) -> None:
        if message.stage != self._stage:
            self._stage = message.stage
            self.note(STAGES.get(message.stage, message.stage))
        if message.data_wait is not None:
            self._update["data_wait"] = message.data_wait
        if message.stage == "training" and message.loss is not None:
            self._points.append(
                CurvePoint(
                    percent=message.percent,
                    epoch=message.epoch,
                    loss=message.loss,
                    validation=message.validation,
                )
            )
