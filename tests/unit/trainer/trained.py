"""One whole training of each task, done once for all tests that only look at what it delivers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.trainer.domain.history import Facts
from services.trainer.domain.recipe import Recipe
from services.trainer.process.work_order import (
    FactsMessage,
    PreviewsMessage,
    ProgressMessage,
    ResultMessage,
    WorkOrder,
)
from shared.contracts.snapshot import Snapshot
from tests.unit.trainer.marks import write_marked
from tests.unit.trainer.parts import write_parts
from tests.unit.trainer.pictures import write_snapshot
from tests.unit.trainer.texts import write_pages
from tests.unit.trainer.whole import said_here

Given = tuple[Snapshot, dict[str, Path]]


@dataclass(frozen=True)
class Lesson:
    """What is learnt: a recipe, and pictures by the letters of their splits."""

    recipe: Recipe
    write: Callable[[Path, str], Given]
    splits: str

    @property
    def held_out(self) -> int:
        return self.splits.lower().count("e")


@dataclass(frozen=True)
class Trained:
    """What a training was given, what it delivered, and what it said on the way."""

    snapshot: Snapshot
    files: dict[str, Path]
    manifest: Path
    result: ResultMessage
    progress: list[ProgressMessage]
    looks: list[PreviewsMessage]
    facts: Facts


def write_objects(folder: Path, splits: str) -> Given:
    """Each mark as an object."""
    snapshot, files = write_marked(folder, splits)
    return snapshot.model_copy(update={"task": "instance_segmentation"}), files


LESSONS = {
    "detection": Lesson(
        Recipe(
            epochs=3, batch_size=4, channels=16, pretrained=False, input_width=96, input_height=96
        ),
        write_snapshot,
        "t" * 8 + "v" * 4 + "e" * 6,
    ),
    # From pretrained features; wrong labels, views or scores would leave it at a half.
    "classification": Lesson(
        Recipe(epochs=2, batch_size=8, input_width=64, input_height=64, backbone="mobilenet_v2"),
        write_parts,
        "t" * 20 + "v" * 6 + "e" * 12,
    ),
    # Mostly parts without a mark teach; wrong labels, views or scores would find nothing.
    "semantic_segmentation": Lesson(
        Recipe(epochs=2, batch_size=4, input_width=128, input_height=96, budget_s=60, channels=16),
        write_marked,
        "tT" * 10 + "vvV" + "eeeeEE",
    ),
    "instance_segmentation": Lesson(
        Recipe(
            epochs=2, batch_size=4, input_width=128, input_height=96, channels=16, pretrained=False
        ),
        write_objects,
        "t" * 8 + "v" * 4 + "e" * 6,
    ),
    "ocr": Lesson(Recipe(epochs=1, input_width=320, input_height=192), write_pages, "ttttvvee"),
}


class Trainings:
    """The trainings of a test session, each done when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done: dict[str, Trained] = {}

    def of(self, task: str) -> Trained:
        if task not in self._done:
            self._done[task] = train(LESSONS[task], task, self._folder / task)
        return self._done[task]


def train(lesson: Lesson, task: str, folder: Path) -> Trained:
    snapshot, files = lesson.write(folder / "pictures", lesson.splits)
    manifest, work = folder / "snapshot.json", folder / "work"
    manifest.write_text(snapshot.model_dump_json())
    work.mkdir()
    order = WorkOrder(
        recipe=lesson.recipe.of_task(task), snapshot=manifest, images=files, version="V1",
        folder=work, checkpoint_every_s=0, threads=1,
    )  # fmt: skip
    said = said_here(order)
    result = said[-1]
    assert isinstance(result, ResultMessage), said
    progress = [message for message in said if isinstance(message, ProgressMessage)]
    assert [m.percent for m in progress] == sorted(m.percent for m in progress)
    looks = [message for message in said if isinstance(message, PreviewsMessage)]
    (told,) = [message.facts for message in said if isinstance(message, FactsMessage)]
    return Trained(snapshot, files, manifest, result, progress, looks, told)
