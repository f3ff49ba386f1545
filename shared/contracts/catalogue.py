"""The catalogue of every event: who says it, on which topic, who listens, and a golden example.

Adding an optional field is fine; anything else is a new type. Topics have several partitions from
day one; the key of every message is ``tenant/aggregate``.
"""

from shared.contracts import (
    annotation_events,
    audit_events,
    image_events,
    model_events,
    project_events,
    tenant_events,
    training_events,
)
from shared.contracts.envelope import EventBody

_MODULES = (
    project_events,
    image_events,
    annotation_events,
    training_events,
    model_events,
    audit_events,
    tenant_events,
)

PARTITIONS: dict[str, int] = {
    "project": 3,
    "image": 12,
    "annotation": 12,
    "label": 3,
    "training": 6,
    "report": 3,
    "model": 3,
    "prediction": 12,
    "audit": 6,
    "tenant": 3,
}
"""Topics and their number of partitions; the chart's topic list is generated from it."""

DEAD_LETTERS_SUFFIX = ".dlq"
"""What a topic's name ends with where its dead letters lie."""

SET_ASIDE_AT = "dlq_at"
"""The header of a dead letter that says when it was set aside."""


def all_events() -> tuple[type[EventBody], ...]:
    """Return every event class, in the order of the modules and of their lines."""
    return tuple(
        value
        for module in _MODULES
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, EventBody) and value is not EventBody
    )


def event_class(event_type: str) -> type[EventBody] | None:
    """Return the class of ``event_type``, or None for a type this release does not know."""
    return next((cls for cls in all_events() if cls.type == event_type), None)
