"""What the demo shows: progress bars while it works, a table at the end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

DETECTION_THRESHOLD = 0.3  # C-097: where the average detection rate is read

_ROWS = (
    (f"average detection rate at {DETECTION_THRESHOLD}", "rate_at_threshold"),
    ("mAP@0.5", "map_50"),
    ("precision at best F1", "precision"),
    ("recall at best F1", "recall"),
    ("best F1", "f1"),
)


class Stage:
    """One step of the loop with its bar."""

    def __init__(self, progress: Progress, task: Any) -> None:  # noqa: ANN401  rich's TaskID
        self._progress = progress
        self._task = task

    def advance(self, count: int = 1) -> None:
        """Move on by `count`."""
        self._progress.advance(self._task, count)

    def set(self, done: float, *, total: float | None = None, note: str = "") -> None:
        """Set how much is done, and what is going on."""
        self._progress.update(self._task, completed=done, total=total, note=note)


class Show:
    """The demo's screen."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def stage(self, title: str, total: float) -> Iterator[Stage]:
        """Show a bar for the length of the block; it ends full, as the block ends well."""
        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=28),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
        )
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task(title, total=total, note="")
            yield Stage(progress, task)
            final = progress.tasks[0].total
            progress.update(task, completed=final, note="")

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, highlight=False)

    def warn(self, text: str) -> None:
        """Print one line that wants attention."""
        self.console.print(f"[yellow]{text}", highlight=False)

    def versions(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
        """Print the table of two versions."""
        self.console.print(versions_table(first, second))


def versions_table(first: Mapping[str, Any], second: Mapping[str, Any]) -> Table:
    """Build the table of two training records, with the change between them."""
    table = Table(title="V1 against V2, on the same held-out images")
    table.add_column("")
    for record in (first, second):
        table.add_column(str(record["version"]), justify="right")
    table.add_column("change", justify="right")
    for title, name in _ROWS:
        old, new = (((record.get("figures") or {}).get(name)) for record in (first, second))
        change = f"{(new - old) * 100:+.1f}" if old is not None and new is not None else ""
        table.add_row(title, shown(old), shown(new), change)
    images = [record["annotated_images"] for record in (first, second)]
    table.add_row("images", *map(str, images), f"{images[1] - images[0]:+d}")
    table.add_row("duration", *(_duration(record) for record in (first, second)), "")
    table.add_row("serving", *("yes" if r["promoted"] else "no" for r in (first, second)), "")
    return table


def shown(share: float | None) -> str:
    """Return a share in percent; a dash when it is not known.

    >>> shown(0.9041), shown(None)
    ('90.4 %', '-')
    """
    return "-" if share is None else f"{share * 100:.1f} %"


def _duration(record: Mapping[str, Any]) -> str:
    seconds = record.get("duration_seconds")
    return "-" if seconds is None else f"{int(seconds) // 60} min {int(seconds) % 60} s"
