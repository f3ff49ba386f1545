"""A version becomes the one that serves: the line's next state, and the event that says so."""

from datetime import datetime

from services.trainer.repository import Champion, Line, Promoted, Training
from shared.contracts.model_events import ModelPromoted
from shared.contracts.version_names import version_name
from shared.documents.port import Write
from shared.errors import DependencyDown

KEPT = 100  # promotions in a line's history


def crowned(line: Line, training: Training, *, by: str, reason: str, at: datetime) -> Write[Line]:
    """The line whose champion is the training's version from now on.

    Raises:
        DependencyDown: The training's own success has not been heard of yet.
    """
    number, before = training.version_number, line.champion
    if number is None or training.artefacts is None:
        raise DependencyDown(f"training {training.id} is not recorded as succeeded yet")
    order = (before.order if before else 0) + 1
    champion = Champion(
        training_id=training.id,
        version_number=number,
        average_detection_rate=(
            training.figures.average_detection_rate if training.figures else None
        ),
        order=order,
    )
    promoted = Promoted(
        order=order,
        training_id=training.id,
        version_number=number,
        replaced=before.version_number if before else None,
        at=at,
        by=by,
        reason=reason,
    )
    update = {"champion": champion, "promotions": (promoted, *line.promotions)[:KEPT]}
    event = ModelPromoted(
        project_id=training.project_id,
        training_id=training.id,
        version=version_name(number),
        number=number,
        model_key=training.artefacts.model_key,
        model_manifest_key=training.artefacts.model_manifest_key,
        golden_key=training.artefacts.golden_key,
        test_after=training.mode == "train_and_test",
        order=order,
    )
    return Write(line.model_copy(update=update), (event,))
