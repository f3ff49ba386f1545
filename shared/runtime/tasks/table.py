"""The tasks: one line each."""

from typing import Any

from shared.runtime.tasks.classification import CLASSIFICATION
from shared.runtime.tasks.detection import DETECTION
from shared.runtime.tasks.instance_segmentation import INSTANCE_SEGMENTATION
from shared.runtime.tasks.ocr import OCR
from shared.runtime.tasks.semantic_segmentation import SEMANTIC_SEGMENTATION
from shared.runtime.tasks.spec import TaskSpec

_SPECS: tuple[TaskSpec[Any], ...] = (
    CLASSIFICATION,
    DETECTION,
    INSTANCE_SEGMENTATION,
    SEMANTIC_SEGMENTATION,
    OCR,
)
TASKS: dict[str, TaskSpec[Any]] = {spec.name: spec for spec in _SPECS}


class UnknownTask(ValueError):
    """No task has this name."""


def spec_of(task: str) -> TaskSpec[Any]:
    """The task of this name; raises UnknownTask.

    >>> spec_of("detection").output_names
    ('boxes', 'scores')
    """
    try:
        return TASKS[task]
    except KeyError:
        raise UnknownTask(f"{task!r} is no task; there are {', '.join(TASKS)}") from None
