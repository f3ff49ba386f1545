"""The annotation service with what its neighbours would tell it: projects, images, trainings."""

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from services.annotation.app import build
from shared.contracts.audit_events import ChangeAsked
from shared.contracts.catalogue import all_events
from shared.contracts.envelope import Event, EventBody
from shared.contracts.image_events import ImageUploaded
from shared.contracts.model_events import PredictionCompleted
from shared.contracts.project_events import ProjectCreated
from shared.events.subscriptions import Subscription, on
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.vision.tiles import TilePlan
from tests.running import Running, running

PROJECT = "01JD0000000000000000000001"
BASE = f"/api/annotation/projects/{PROJECT}"


def box(label: str = "scratch", *, at: float = 10, side: float = 20) -> dict[str, Any]:
    return {"label": label, "kind": "box", "points": [[at, at], [at + side, at + side]]}


@dataclass
class Factory:
    """Speaks for the other services; `heard` is every event of the annotation service."""

    running: Running
    heard: list[Event[Any]] = field(default_factory=list)

    @property
    def client(self) -> httpx.AsyncClient:
        return self.running.client

    async def say(self, body: EventBody, subject: str, sequence: int = 1) -> None:
        await self.running.say(body, subject, sequence=sequence)

    async def project(
        self,
        *,
        task: str = "detection",
        labels: tuple[str, ...] = (),
        tiling: dict[str, int] | None = None,
    ) -> None:
        facts = {"project_id": PROJECT, "name": "pins", "task": task, "labels": labels}
        body = ProjectCreated.model_validate({**facts, "tiling": tiling})
        await self.say(body, PROJECT)

    async def image(
        self,
        name: str,
        *,
        content: str = "",
        image_id: str = "",
        sequence: int = 1,
        **changes: Any,
    ) -> str:
        image_id = image_id or image_id_of(name)
        digest = hashlib.sha256((content or image_id).encode()).hexdigest()
        body = ImageUploaded(
            project_id=PROJECT,
            image_id=image_id,
            name=name,
            blob_key=f"t/default/{digest}",
            sha256=digest,
            content_type="image/jpeg",
            size_bytes=1000,
            width=640,
            height=480,
            uploaded_at=datetime(2026, 11, 20, tzinfo=UTC),
        )
        await self.say(body.model_copy(update=changes), image_id, sequence)
        return image_id

    async def tiles(self, name: str, plan: TilePlan) -> list[str]:
        """Announce the tiles of the image `name` as the gallery would; return their ids."""
        return [
            await self.image(
                f"{name.removesuffix('.png')}_r{window.row + 1}_c{window.column + 1}.png",
                parent_id=image_id_of(name),
                plan_hash=plan.hash,
                offset_x=window.x,
                offset_y=window.y,
                width=window.width,
                height=window.height,
            )
            for window in plan.windows(640, 480)
        ]

    async def prediction(self, image_id: str, prediction_id: str) -> str:
        """Tell that an image was tested; return the prediction's id."""
        body = PredictionCompleted(
            project_id=PROJECT,
            prediction_id=prediction_id,
            image_id=image_id,
            version="V1",
            labels=(),
        )
        await self.say(body, prediction_id)
        return prediction_id

    async def put(self, image_id: str, *shapes: dict[str, Any], **more: Any) -> httpx.Response:
        headers = more.pop("headers", {})
        body = {"shapes": list(shapes), **more}
        return await self.client.put(f"{BASE}/images/{image_id}", json=body, headers=headers)

    def types(self) -> list[str]:
        return [event.type for event in self.heard]


def image_id_of(name: str) -> str:
    return f"image-{hashlib.sha256(name.encode()).hexdigest()[:20]}"


def packed(files: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, data in files.items():
            writer.writestr(name, data if isinstance(data, str | bytes) else json.dumps(data))
    return target.getvalue()


def labelme(*labels: str) -> dict[str, Any]:
    points = [[1, 1], [20, 20]]
    shapes = [{"label": name, "points": points, "shape_type": "rectangle"} for name in labels]
    return {"shapes": shapes}


@contextlib.asynccontextmanager
async def factory(stores: Stores, **project: Any) -> AsyncIterator[Factory]:
    heard: list[Event[Any]] = []

    async def hear(event: Event[Any]) -> None:
        heard.append(event)

    async def pass_by(_: Event[ChangeAsked]) -> None:
        """Let the log forget what the workspace would keep."""

    table: tuple[Subscription, ...] = (
        *(on(kind, hear) for kind in all_events() if kind.source == "annotation"),
        on(ChangeAsked, pass_by),
    )
    listener = Service(name="listener", summary="hears everything", subscriptions=table)
    async with running(stores, [build(stores), listener]) as platform:
        world = Factory(platform, heard)
        await world.project(**project)
        yield world
