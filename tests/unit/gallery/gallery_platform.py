"""A running gallery with one project, for the tests of its HTTP face."""

from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
from image_files import encoded, photo

from services.gallery.app import build as build_gallery
from services.workspace.app import build as build_workspace
from shared.contracts.envelope import Event, EventBody
from shared.events.subscriptions import Handler, by_event
from shared.hosting.stores import Stores
from shared.ids import new_id
from tests.running import Running, running

T = TypeVar("T")


class Platform:
    """A running gallery with one project."""

    def __init__(
        self, run: Running, project_id: str, handlers: dict[type[EventBody], list[Handler]]
    ) -> None:
        self.client = run.client
        self.stores = run.stores
        self.project_id = project_id
        self.images = f"/api/gallery/projects/{project_id}/images"
        self._handlers = handlers
        self._use_cases = run.services[1].use_cases

    def use(self, kind: type[T]) -> T:
        """Return the gallery's use case of this class."""
        return next(case for case in self._use_cases if isinstance(case, kind))

    async def upload(self, *files: tuple[str, bytes], **more: Any) -> httpx.Response:
        parts = [("files", (name, data)) for name, data in files]
        return await self.client.post(self.images, files=parts, **more)

    async def one(self, name: str, data: bytes) -> dict[str, Any]:
        answer = await self.upload((name, data))
        assert answer.status_code == 201, answer.text
        return answer.json()["files"][0]["image"]

    async def say(self, body: Any, *, sequence: int = 1, subject: str = "a") -> None:
        """Hand an event to the gallery, as its consumer would."""
        event = Event(
            id=new_id(), source="test", type=body.type, time="2026-01-01T00:00:00Z",
            subject=subject, tenant="default", sequence=sequence, data=body,
        )  # fmt: skip
        for handler in self._handlers[type(body)]:
            await handler(event)

    async def get(self, path: str = "", **params: Any) -> Any:
        answer = await self.client.get(self.images + path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def platform(stores: Stores, **project: Any):
    services = [build_workspace(stores), build_gallery(stores)]
    handlers = by_event(services[1].subscriptions)
    async with running(stores, services) as run:
        body = {"name": "pins", "task": "detection", **project}
        made = await run.client.post("/api/workspace/projects", json=body)
        yield Platform(run, made.json()["id"], handlers)


def jpeg(seed: int = 0, size: tuple[int, int] = (320, 240), **options: Any) -> bytes:
    return encoded(photo(*size, seed=seed), "JPEG", **options)
