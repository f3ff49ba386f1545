"""What the evaluator hears in its tests, and the stored files that the events point to."""

import hashlib
from typing import Any

import httpx
from scenes import version_files

from shared.blobs.content import content_key
from shared.contracts.envelope import Event, EventBody
from shared.contracts.project_events import ProjectCreated
from shared.contracts.training_events import TrainingSucceeded
from shared.events.subscriptions import by_event
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from tests.running import worker_of

PATH = "/api/evaluator/projects/p1/versions"


def event(body: EventBody, *, tenant: str = "default", sequence: int = 1) -> Event[Any]:
    """Wrap a body as the relay would."""
    return Event[type(body)](  # type: ignore[misc]
        id=f"e-{body.type}-{sequence}",
        source="test",
        type=body.type,
        time="2026-11-20T08:00:00Z",
        subject="t1",
        tenant=tenant,
        sequence=sequence,
        data=body,
    )


async def hear(
    service: Service, body: EventBody, *, tenant: str = "default", sequence: int = 1
) -> None:
    """Deliver an event to the service as its consumer would."""
    for handler in by_event(service.subscriptions)[type(body)]:
        await handler(event(body, tenant=tenant, sequence=sequence))
    await work_off(service)


async def work_off(service: Service) -> None:
    """Do all judgements that wait."""
    while await worker_of(service).work_once():
        pass


async def store(stores: Stores, data: bytes, tenant: str = "default") -> str:
    """Put a blob under its own hash and return its key."""
    key = content_key(tenant, "p1", hashlib.sha256(data).hexdigest())
    await stores.blobs.put(key, data)
    return key


async def train(
    service: Service,
    stores: Stores,
    name: str = "V1",
    *,
    tenant: str = "default",
    pretrained: bool | None = None,
    **how: Any,
) -> None:
    """Let the service hear of a version on made-up parts; ``how`` goes to ``version_files``."""
    manifest, predictions = version_files(name=name, **how)
    manifest_key = await store(stores, manifest, tenant)
    predictions_key = await store(stores, predictions, tenant)
    said = succeeded(manifest_key, predictions_key, name)
    await hear(service, said.model_copy(update={"pretrained": pretrained}), tenant=tenant)


def succeeded(manifest_key: str, predictions_key: str, name: str = "V1") -> TrainingSucceeded:
    """A training whose version is ``name``."""
    return TrainingSucceeded(
        project_id="p1",
        training_id=f"t-{name}",
        version=name,
        manifest_key=manifest_key,
        predictions_key=predictions_key,
        model_key="",
        model_manifest_key="",
        golden_key="",
    )


async def project(service: Service, tenant: str = "default") -> None:
    """Let the service hear of the project."""
    await hear(
        service, ProjectCreated(project_id="p1", name="pins", task="detection"), tenant=tenant
    )


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and type of a problem+json answer."""
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]
