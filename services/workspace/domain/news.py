"""What webhooks tell of the platform's events: a few fields each, which stay as they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.workspace.domain.webhooks import WebhookEvent
from shared.clock import format_time
from shared.contracts.envelope import EventBody
from shared.contracts.model_events import ModelDeployed, TestRunCompleted
from shared.contracts.training_events import ReportCompleted, TrainingEnded

_LONGEST_REASON = 4000
_FIGURES = (
    "average_detection_rate",
    "map_50",
    "map_50_95",
    "precision",
    "recall",
    "f1",
    "best_threshold",
)


@dataclass(frozen=True)
class News:
    """What is told: an event that receivers know, and its data."""

    event: WebhookEvent
    data: dict[str, Any]


def news_of(body: EventBody) -> News | None:
    """Return what is told of an event, None for nothing: a training that a person stopped.

    >>> news_of(ModelDeployed(project_id="p", version="V1"))
    News(event='model.deployed', data={'project_id': 'p', 'version': 'V1'})
    """
    match body:
        case ReportCompleted():
            names = ("project_id", "training_id", "version", "images", *_FIGURES)
            return News("report.completed", {name: getattr(body, name) for name in names})
        case ModelDeployed():
            return News("model.deployed", {"project_id": body.project_id, "version": body.version})
        case TestRunCompleted():
            return News("test_run.completed", body.model_dump(mode="json"))
        case TrainingEnded(state="failed"):
            data = body.model_dump(mode="json", include={"project_id", "training_id"})
            return News("training.failed", {**data, "reason": body.reason[:_LONGEST_REASON]})
    return None


def message_of(event: str, at: datetime, tenant: str, data: dict[str, Any]) -> str:
    """Return the JSON that is sent: what happened, when, to whose, and its data.

    >>> message_of("webhook.test", datetime(2026, 11, 28), "acme", {})
    '{"type":"webhook.test","timestamp":"2026-11-28T00:00:00.000000Z","tenant":"acme","data":{}}'
    """
    told = {"type": event, "timestamp": format_time(at), "tenant": tenant, "data": data}
    return orjson.dumps(told).decode()
