"""A running inference service, and what the other services would say to it."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import numpy as np

from shared.blobs.port import blob_key
from shared.contracts.envelope import EventBody, EventStamp, pack
from shared.contracts.image_events import ImageUploaded
from shared.contracts.project_events import Grid, ProjectCreated
from shared.events.port import Record
from shared.ids import new_id
from tests.adapters.inference.models import Version, png, store_version
from tests.running import Running


class Site:
    """A running inference service, and the other services' words."""

    def __init__(self, platform: Running) -> None:
        self.client = platform.client
        self.stores = platform.stores
        self.headers = platform.headers
        self.project = new_id()
        self._sequence = 0

    @property
    def base(self) -> str:
        return f"/api/inference/projects/{self.project}"

    async def say(self, body: EventBody, *, subject: str | None = None) -> None:
        """Publish an event as another service would."""
        self._sequence += 1
        stamp = EventStamp.of("default", subject or self.project, self._sequence)
        events = pack([body], stamp)
        await self.stores.events.publish(
            [Record(e.topic, e.key, e.value_bytes(), e.headers()) for e in events]
        )

    async def create_project(self, tiling: Grid | None = None) -> None:
        await self.say(
            ProjectCreated(project_id=self.project, name="pins", task="detection", tiling=tiling)
        )

    async def upload(self, image: np.ndarray, **changes: Any) -> str:
        """Announce an image as the gallery would; return its id."""
        data = png(image)
        sha256 = hashlib.sha256(data).hexdigest()
        key = blob_key("default", sha256)
        await self.stores.blobs.put(key, data)
        image_id = new_id()
        facts: dict[str, Any] = ImageUploaded.example | {
            "project_id": self.project,
            "image_id": image_id,
            "name": "part.png",
            "blob_key": key,
            "sha256": sha256,
            "width": image.shape[1],
            "height": image.shape[0],
        }
        await self.say(ImageUploaded.model_validate(facts | changes), subject=image_id)
        return image_id

    async def promote(self, version: Version, *, number: int = 1) -> None:
        await self.say(
            await store_version(self.stores, version, project_id=self.project, number=number)
        )

    async def deploy(self, version: Version, *, number: int = 1, state: str = "serving") -> dict:
        """Promote and wait for the end of the deployment."""
        await self.promote(version, number=number)

        async def settled() -> dict | None:
            answer = await self.client.get(f"{self.base}/deployments/V{number}")
            found = answer.json()
            return found if found.get("state") == state else None

        return await until(settled)

    async def predict(self, **body: Any) -> httpx.Response:
        return await self.client.post(f"{self.base}/predictions", json=body)


async def until(look: Callable[[], Awaitable[Any]], *, timeout_s: float = 30.0) -> Any:
    async with asyncio.timeout(timeout_s):
        while True:
            if found := await look():
                return found
            await asyncio.sleep(0.05)


def triton_of(parent: int) -> int:
    """Process id of the tritonserver that ``parent`` started."""
    for thread in os.listdir(f"/proc/{parent}/task"):
        with open(f"/proc/{parent}/task/{thread}/children") as file:
            for child in file.read().split():
                with open(f"/proc/{child}/comm") as name:
                    if name.read().strip() == "tritonserver":
                        return int(child)
    raise AssertionError("no tritonserver runs")
