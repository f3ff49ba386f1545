"""What a demo remembers between two starts: its name. All else is asked of the platform."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from shared.ids import new_id


@dataclass(frozen=True)
class DemoRun:
    """One walk through the loop; its id makes every request of it recognisable when repeated."""

    run_id: str
    source: str
    seed: int

    @property
    def project_name(self) -> str:
        """Return the project's name, at most 20 characters."""
        return f"demo {self.run_id[-6:].lower()}"

    def key(self, step: str) -> str:
        """Return the idempotency key of a step."""
        return f"demo-{self.run_id}-{step}"


def open_run(place: Path, *, source: str, seed: int, fresh: bool) -> DemoRun:
    """Return the run to go on with, or begin one and remember it first.

    Args:
        place: The file that remembers.
        source: The user's folder, empty for generated images; another source is another run.
        seed: Of the generated images; another seed is another run.
        fresh: Begin a new run in any case.

    Returns:
        The run.
    """
    known = _read(place)
    if known is not None and not fresh and (known.source, known.seed) == (source, seed):
        return known
    run = DemoRun(new_id(), source, seed)
    place.parent.mkdir(parents=True, exist_ok=True)
    staged = place.with_suffix(".new")
    with staged.open("w") as file:
        json.dump(asdict(run), file)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(place)
    return run


def _read(place: Path) -> DemoRun | None:
    try:
        return DemoRun(**json.loads(place.read_text()))
    except (OSError, ValueError, TypeError):
        return None
