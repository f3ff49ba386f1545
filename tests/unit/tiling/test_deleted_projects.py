"""A deleted project leaves nothing in tiling, whatever comes late."""

from typing import Any

from test_tiling_http import Platform, platform, png

from services.tiling.repository import IMAGES, JOBS, TARGETS
from shared.clock import utc_now
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.image_events import ImageUploaded
from shared.documents.port import EveryTenant
from shared.hosting.stores import Stores
from tests.running import until


async def kept(stores: Stores) -> dict[str, int]:
    """How many documents of projects tiling has."""
    return {
        spec.name: await stores.documents.collection(spec, EveryTenant()).count()
        for spec in (IMAGES, TARGETS, JOBS)
    }


async def nothing_kept(stores: Stores) -> bool:
    return not any((await kept(stores)).values())


def annotated(p: Platform, image_id: str) -> AnnotationSaved:
    return AnnotationSaved(
        project_id=p.project_id,
        image_id=image_id,
        labels=("pit",),
        target_areas=(100.0,),
        target_sides=(10.0,),
        image_area=120_000,
    )


def uploaded(p: Platform, image: dict[str, Any]) -> ImageUploaded:
    return ImageUploaded(
        project_id=p.project_id,
        image_id="late",
        name="late.png",
        blob_key=f"t/default/{image['sha256']}",
        sha256=image["sha256"],
        content_type="image/png",
        size_bytes=1,
        width=401,
        height=300,
        uploaded_at=utc_now(),
    )


async def test_a_deleted_project_leaves_nothing(stores: Stores) -> None:
    async with platform(stores, {"rows": 2, "columns": 3}) as p:
        image = (await p.upload(("board.png", png(401, 300)))).json()["files"][0]["image"]
        await p.until_listed(6)
        await p.say(annotated(p, image["id"]))
        counts = await kept(stores)
        assert counts["tiling.images"] >= 1
        assert (counts["tiling.targets"], counts["tiling.jobs"]) == (1, 1)
        await p.client.delete(f"/api/workspace/projects/{p.project_id}")
        await until(lambda: nothing_kept(stores))


async def test_what_comes_after_the_deletion_goes_too(stores: Stores) -> None:
    async with platform(stores, {"rows": 2, "columns": 3}) as p:
        image = (await p.upload(("board.png", png(401, 300)))).json()["files"][0]["image"]
        await p.until_listed(6)
        await p.client.delete(f"/api/workspace/projects/{p.project_id}")
        await until(lambda: _unknown(p))
        await until(lambda: nothing_kept(stores))
        await p.say(uploaded(p, image))
        await p.say(annotated(p, "late"))
        await until(lambda: nothing_kept(stores))


async def _unknown(p: Platform) -> bool:
    return (await p.client.get(p.plan_path)).status_code == 404
