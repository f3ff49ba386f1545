"""How many predictions a tenant may ask for in a second: refused with when to come again."""

from pathlib import Path

import httpx

from services.inference.api import predictions, quotas
from services.inference.api.image_body import ImageBody
from services.inference.api.roles import ROLES
from services.inference.handlers.quota import PredictionQuota
from services.inference.repository import COLLECTIONS, SERVICE
from shared.contracts.tenant_events import Quotas, TenantLimited
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.http.roles import name_of
from shared.jobs.queue import JobQueue
from shared.quotas import Limits
from tests.running import Running, credentials, running, until
from tests.unit.inference.test_queued_runs import inference_on


class Seconds:
    """A clock that the test turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def face(stores: Stores, folder: Path, clock: Seconds) -> Service:
    """Inference's face of predictions; no model server."""
    cases = inference_on(stores, JobQueue(stores.documents, SERVICE))
    limits = Limits(stores.documents, SERVICE)
    routers = (predictions.router, quotas.router)
    return Service(
        name=SERVICE,
        summary="predictions",
        collections=COLLECTIONS,
        routers=routers,
        roles={name_of(one): ROLES[name_of(one)] for router in routers for one in router.routes},
        use_cases=(
            cases.predictions,
            cases.doubts,
            ImageBody(folder),
            PredictionQuota(limits, clock=clock),
        ),
        subscriptions=limits.subscriptions(),
    )


async def ask(run: Running, **headers: str) -> httpx.Response:
    place = "/api/inference/projects/nowhere/predictions"
    return await run.client.post(place, json={"image_id": "I"}, headers=headers)


async def told(run: Running) -> dict:
    (quota,) = (await run.client.get("/api/inference/quotas")).json()["items"]
    return quota


async def test_who_asks_for_more_than_it_may_is_refused_and_others_are_not(
    stores: Stores, tmp_path: Path
) -> None:
    clock = Seconds()
    async with running(stores, [face(stores, tmp_path, clock)]) as run:
        assert (await told(run))["limit"] is None
        limited = TenantLimited(tenant_id="default", quotas=Quotas(predictions_per_second=2))
        await run.say(limited, "default")

        async def heard() -> bool:
            return (await told(run))["limit"] == 2

        await until(heard)
        assert [(await ask(run)).status_code for _ in range(3)] == [404, 404, 429]
        refused = await ask(run, **{"Accept-Language": "zh-CN"})
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.json()["type"] == "urn:loupe:problem:too-many-predictions"
        assert refused.json()["detail"] == "该租户每秒最多可请求 2 次预测，请稍候"
        assert (await ask(run, **credentials(tenant="other"))).status_code == 404
        assert await told(run) == {
            "name": "predictions_per_second",
            "used": 2,
            "limit": 2,
            "is_own": True,
        }
        clock.now += 0.5
        assert [(await ask(run)).status_code for _ in range(2)] == [404, 429]
