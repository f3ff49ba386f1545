"""Uploads through the gallery's HTTP face until annotation knows the image, on a real Kafka."""

import io
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from shared.blobs.embedded import EmbeddedBlobs
from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageUploaded
from shared.contracts.project_events import ProjectCreated
from shared.documents.embedded import EmbeddedDocuments
from shared.events.kafka import KafkaEventLog
from shared.events.subscriptions import Subscription, on
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.sqlite import SqliteFile
from tests.running import running
from tests.signing import VARIABLES

PROJECT = "01JD0000000000000000000001"
_PHOTO_SIDE = 640


class Uploads:
    """A client that uploads photos, and when annotation had handled the news of each."""

    def __init__(self) -> None:
        self.client: httpx.AsyncClient | None = None
        self.begun: dict[str, float] = {}
        self.known: dict[str, float] = {}
        self.statuses: list[int] = []
        self._random = np.random.default_rng(7)

    async def post(self) -> bool:
        """Upload one new photo; return whether it was taken."""
        assert self.client is not None
        name = f"photo{len(self.statuses)}.jpg"
        began = time.perf_counter()
        part = ("files", (name, self._photo(), "image/jpeg"))
        address = f"/api/gallery/projects/{PROJECT}/images"
        try:
            status = (await self.client.post(address, files=[part])).status_code
        except httpx.HTTPError:
            status = 0
        self.statuses.append(status)
        if 200 <= status < 300:
            self.begun[name] = began
        return name in self.begun

    @property
    def refused(self) -> int:
        """How many uploads got another answer than 2xx."""
        return len(self.statuses) - len(self.begun)

    @property
    def lost(self) -> int:
        """How many uploads were taken and are not known to annotation."""
        return len(self.begun.keys() - self.known.keys())

    def took(self) -> list[float]:
        """Return the seconds from before each request to after the effect of its event."""
        return [self.known[name] - began for name, began in self.begun.items()]

    def listening(self, service: Service) -> Service:
        """Return annotation, noting when it has handled each upload."""
        table = tuple(
            on(ImageUploaded, self._noting(line)) if line.event is ImageUploaded else line
            for line in service.subscriptions
        )
        return replace(service, subscriptions=table)

    def _noting(self, line: Subscription):
        async def handle(event: Event[ImageUploaded]) -> None:
            await line.handler(event)
            self.known.setdefault(event.data.name, time.perf_counter())

        return handle

    def _photo(self) -> bytes:
        pixels = self._random.integers(0, 256, (60, 60, 3), dtype=np.uint8)
        photo = Image.fromarray(pixels).resize((_PHOTO_SIDE, _PHOTO_SIDE))
        data = io.BytesIO()
        photo.save(data, "JPEG", quality=90)
        return data.getvalue()


@asynccontextmanager
async def uploading(folder: Path, bootstrap: str) -> AsyncIterator[Uploads]:
    """Run the gallery and annotation, with embedded documents and blobs, and one project."""
    os.environ["LOUPE_DATA"] = str(folder)
    os.environ |= VARIABLES
    from services.annotation.app import build as annotation
    from services.gallery.app import build as gallery

    stores = Stores(
        EmbeddedDocuments(SqliteFile(folder / "loupe.db")),
        KafkaEventLog(bootstrap),
        EmbeddedBlobs(folder / "blobs"),
    )
    uploads = Uploads()
    services = [gallery(stores), uploads.listening(annotation(stores))]
    async with running(stores, services) as platform:
        project = ProjectCreated(project_id=PROJECT, name="photos", task="detection")
        await platform.say(project, PROJECT)
        uploads.client = platform.client
        yield uploads
    await stores.close()
