"""A second opinion about labels: inference with a real Triton looks, annotation tells of it."""

import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.annotation.app import build as build_annotation
from services.inference.app import build
from services.inference.handlers.second_opinions import SECOND_OPINION
from services.inference.repository import JOBS, SECOND_OPINIONS, SecondOpinion
from shared.clock import utc_now
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.jobs.job import Job
from tests.adapters.inference.models import colour_detector, make_version, painted
from tests.adapters.inference.site import Site
from tests.running import running, until

DEAD = "from shared.holder import holder_name; print(holder_name())"


@pytest.fixture
async def site(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """Inference and annotation, with one project."""
    monkeypatch.setenv("LOUPE_INFERENCE_RETRY_BUDGET_S", "60")
    async with running(stores, [build(stores), build_annotation(stores)]) as platform:
        site = Site(platform)
        await site.create_project()
        yield site


async def draw(site: Site, image_id: str, *places: tuple[str, int, int]) -> None:
    """Annotate boxes of 8 x 8 px, and wait until inference has heard of it."""
    shapes = [
        {"label": label, "kind": "box", "points": [[x, y], [x + 8, y + 8]]}
        for label, x, y in places
    ]
    of_images = f"/api/annotation/projects/{site.project}/images"
    saved = await site.client.put(f"{of_images}/{image_id}", json={"shapes": shapes})
    assert saved.status_code == 200, saved.text


async def ended(site: Site, number: int) -> dict[str, Any]:
    async def over() -> dict[str, Any] | None:
        look = (await site.client.get(f"{site.base}/second-opinion")).json()
        return dict(look) if (look["number"], look["state"]) == (number, "succeeded") else None

    return dict(await until(over))


async def findings(site: Site, number: int) -> dict[str, Any]:
    """What the check of labels tells once it knows of a look, but for the numbers of labels."""

    async def known() -> dict[str, Any] | None:
        path = f"/api/annotation/projects/{site.project}/label-check"
        found = (await site.client.get(path)).json()
        return dict(found) if (found["opinion"] or {}).get("number") == number else None

    found = dict(await until(known))
    places = [
        (one["rule"], one["label"], one["place"][:2]) for one in found["items"] if one["place"]
    ]
    return {"seen": found["opinion"]["seen"], "told": sorted(places)}


async def test_the_version_that_serves_is_asked_about_what_people_annotated(site: Site) -> None:
    image = painted(64, 48, {(8, 8): "red", (32, 16): "green", (48, 32): "red"})
    seen, unseen = [await site.upload(image) for _ in range(2)]
    await draw(site, seen, ("red", 8, 8), ("red", 32, 16), ("green", 0, 40))
    early = await site.client.post(f"{site.base}/second-opinion")
    assert early.json()["type"] == "urn:loupe:problem:no-deployment"
    await site.deploy(make_version(colour_detector()))

    asked = await site.client.post(f"{site.base}/second-opinion")
    assert (asked.status_code, asked.json()["serving"]) == (202, "V1"), asked.text
    look = await ended(site, 1)
    assert look["progress"]["figures"] == {"images": 1.0, "done": 1.0, "failed": 0.0}
    first = [("mislabelled", "red", [32, 16]), ("missing", "red", [48, 32])]
    assert await findings(site, 1) == {"seen": 1, "told": first}
    kept = (await site.client.get(f"{site.base}/predictions")).json()["items"]
    assert kept == []  # it is quiet: no test, no proposal

    await draw(site, unseen, ("red", 8, 8), ("green", 32, 16), ("red", 48, 32))
    await killed_while_looking(site)
    await ended(site, 2)
    assert await findings(site, 2) == {"seen": 2, "told": first}


async def killed_while_looking(site: Site) -> None:
    """Leave the second look as a worker leaves it that was killed at it."""
    dead = subprocess.run(  # noqa: ASYNC221  nothing waits for this loop meanwhile
        [sys.executable, "-c", DEAD], check=True, capture_output=True, text=True
    )
    scope, now = TenantScope("default"), utc_now()
    job = Job(
        id="look 2",
        tenant="default",
        kind=SECOND_OPINION,
        state="running",
        payload={"project_id": site.project, "version": "V1", "number": 2},
        attempt=1,
        worker=dead.stdout.strip(),
        created_at=now,
        heartbeat_at=now,
        lease_until=now + timedelta(hours=1),
    )

    def again(asked: SecondOpinion) -> SecondOpinion:
        return asked.model_copy(update={"number": 2, "job_id": job.id})

    await site.stores.documents.collection(JOBS, scope).insert(job)
    await site.stores.documents.collection(SECOND_OPINIONS, scope).change(site.project, again)
