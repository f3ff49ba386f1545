"""A storm of events as a busy plant makes them, and what the services remember of it."""

import random
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.clock import utc_now
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event, EventBody, EventStamp, PendingEvent, pack, unpack
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.contracts.model_events import PredictionCompleted
from shared.contracts.project_events import ProjectCreated, ProjectUpdated
from shared.errors import LoupeError
from shared.events.subscriptions import by_event
from shared.hosting.service import Service

TENANTS = ("acme", "bolt", "cog")
_LABELS = ("scratch", "stain", "dent")
_UPLOADED = utc_now()


@dataclass
class _Aggregate:
    tenant: str
    subject: str
    sequence: int = 0

    def say(self, body: EventBody) -> PendingEvent:
        self.sequence += 1
        return pack([body], EventStamp.of(self.tenant, self.subject, self.sequence))[0]


def storm(number: int, *, seed: int) -> list[PendingEvent]:
    """Make `number` events in an order in which they could happen: each aggregate's in sequence."""
    chance = random.Random(seed)
    events: list[PendingEvent] = []
    projects = [_Aggregate(TENANTS[n % 3], f"P{n:03d}") for n in range(12)]
    for project in projects:
        created = ProjectCreated(project_id=project.subject, name="first", task="detection")
        events.append(project.say(created))
    images: list[tuple[_Aggregate, _Aggregate, _Aggregate, _Aggregate]] = []
    while len(events) < number:
        if not images or chance.random() < 0.25:
            project = chance.choice(projects)
            image = _Aggregate(project.tenant, f"I{len(images):06d}")
            events.append(image.say(_uploaded(project.subject, image.subject)))
            annotation = _Aggregate(project.tenant, image.subject)
            images.append((project, image, annotation, _Aggregate(project.tenant, "none")))
            continue
        events.append(_change(chance, *chance.choice(images)[:3]))
    return events


def _change(
    chance: random.Random, project: _Aggregate, image: _Aggregate, annotation: _Aggregate
) -> PendingEvent:
    names = tuple(chance.choices(_LABELS, k=chance.randrange(4)))
    draw = chance.random()
    if draw < 0.6:
        return annotation.say(
            AnnotationSaved(
                project_id=project.subject,
                image_id=image.subject,
                labels=names,
                annotated=chance.random() < 0.9,
                image_area=307200,
                target_areas=tuple(100.0 for _ in names),
                target_sides=tuple(10.0 for _ in names),
            )
        )
    if draw < 0.8:
        prediction = _Aggregate(project.tenant, f"R{chance.randrange(1 << 40):012d}")
        return prediction.say(
            PredictionCompleted(
                project_id=project.subject,
                prediction_id=prediction.subject,
                image_id=image.subject,
                version=f"V{chance.randrange(1, 4)}",
                labels=names,
            )
        )
    if draw < 0.95:
        name = f"name {chance.randrange(100)}"
        return project.say(ProjectUpdated(project_id=project.subject, name=name))
    return image.say(ImageDeleted(project_id=project.subject, image_id=image.subject))


def _uploaded(project_id: str, image_id: str) -> ImageUploaded:
    return ImageUploaded(
        project_id=project_id,
        image_id=image_id,
        name=f"{image_id}.jpg",
        blob_key=f"t/acme/{image_id}",
        sha256=image_id,
        content_type="image/jpeg",
        size_bytes=1000,
        width=640,
        height=480,
        uploaded_at=_UPLOADED,
    )


def delivered_five_times(events: Sequence[PendingEvent], *, seed: int) -> list[PendingEvent]:
    """Return every event five times, shuffled within and across aggregates.

    Projects are heard of first: an event of an unknown one makes its handler wait, which is right
    and slow.
    """
    projects = [event for event in events if event.type == ProjectCreated.type]
    many = list(events) * 5
    random.Random(seed).shuffle(many)
    return [*projects, *many]


async def handle_all(services: Sequence[Service], events: Sequence[PendingEvent]) -> int:
    """Give each event to every handler that asked for it; return the number of calls.

    What a handler cannot do yet comes again later, as the consumer loop would have it.
    """
    tables = [by_event(service.subscriptions) for service in services]
    pending = deque(
        (kind, handlers, event)
        for event in events
        for table in tables
        for kind, handlers in table.items()
        if kind.type == event.type
    )
    calls, most = 0, 20 * len(pending)
    while pending:
        kind, handlers, packed = pending.popleft()
        event: Event[Any] = unpack(kind, packed.value_bytes())
        calls += 1
        assert calls < most, f"{packed.type} can never be handled"
        try:
            for handler in handlers:
                await handler(event)
        except LoupeError as error:
            if not error.retryable:
                raise
            pending.append((kind, handlers, packed))
    return calls


def remembered(database: Path, collections: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield every stored document as (collection, tenant, id, body), byte for byte, in order.

    The version is left out: it counts writes, and a repeated event needs none.
    """
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    for name in sorted(collections):
        rows = connection.execute(
            f'SELECT tenant, id, body FROM "{name}" WHERE deleted=0 ORDER BY tenant, id'  # noqa: S608
        )
        for tenant, document_id, body in rows:
            yield name, tenant, document_id, body
    connection.close()
