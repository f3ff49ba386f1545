"""A running inference service, and what the other services would say to it."""

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from shared.blobs.content import content_key
from shared.contracts.envelope import EventBody
from shared.contracts.image_events import ImageUploaded
from shared.contracts.project_events import Grid, ProjectCreated
from shared.ids import new_id
from shared.runtime.tasks.names import TaskName
from tests.adapters.inference.models import Version, png, store_version
from tests.running import Running, until


class Site:
    """A running inference service, and the other services' words."""

    def __init__(self, platform: Running) -> None:
        self._platform = platform
        self.client = platform.client
        self.stores = platform.stores
        self.headers = platform.headers
        self.project = new_id()
        self._sequence = 0
        self._promotions = 0

    @property
    def base(self) -> str:
        return f"/api/inference/projects/{self.project}"

    async def say(self, body: EventBody, *, subject: str | None = None) -> None:
        """Publish an event as another service would."""
        self._sequence += 1
        await self._platform.say(body, subject or self.project, sequence=self._sequence)

    async def create_project(
        self, tiling: Grid | None = None, *, task: TaskName = "detection"
    ) -> None:
        await self.say(
            ProjectCreated(project_id=self.project, name="pins", task=task, tiling=tiling)
        )

    async def upload(self, image: np.ndarray, **changes: Any) -> str:
        """Announce an image as the gallery would; return its id."""
        data = png(image)
        sha256 = hashlib.sha256(data).hexdigest()
        key = content_key("default", self.project, sha256)
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
        """Say that a version serves from now on; each promotion of a project counts."""
        self._promotions += 1
        event = await store_version(self.stores, version, project_id=self.project, number=number)
        await self.say(event.model_copy(update={"order": self._promotions}))

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


async def triton_of(parent: int) -> int:
    """Process id of the tritonserver that ``parent`` started, once it (again) runs."""
    return int(await until(lambda: _triton_of(parent)))


def _triton_of(parent: int) -> int | None:
    for child in children_of(parent):
        with contextlib.suppress(OSError):  # it ended meanwhile
            stat = Path(f"/proc/{child}/stat").read_text()
            if "(tritonserver)" in stat and "(tritonserver) Z" not in stat:
                return child
    return None


def children_of(process: int) -> list[int]:
    """Process ids of the processes that the threads of ``process`` started and that still run."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(OSError):  # threads come and go
                found += map(int, (thread / "children").read_text().split())
    return found
