"""What the training process says: JSON lines on its standard output, progress not too often."""

import sys
import time

from pydantic import BaseModel

from services.trainer.process.work_order import ProgressMessage

PROGRESS_EVERY_S = 0.5


def say(message: BaseModel) -> None:
    """Writes one message line."""
    sys.stdout.write(message.model_dump_json() + "\n")
    sys.stdout.flush()


class ProgressReports:
    """Says how far the work is, at most every `PROGRESS_EVERY_S`."""

    def __init__(self) -> None:
        self._said_at = 0.0

    def say(self, message: ProgressMessage, *, always: bool = False) -> None:
        """Says it if it is ``always`` to be said, or the last word is long enough ago."""
        now = time.monotonic()
        if always or now - self._said_at >= PROGRESS_EVERY_S:
            self._said_at = now
            say(message)
