"""Quotas of trainings: how many run or wait, and the minutes of a day; what is refused, and how."""

import asyncio
from datetime import timedelta

import pytest

from services.trainer.domain.training_time import Span, trained, wait
from services.trainer.errors import LineFull, TrainingTimeUsed
from services.trainer.handlers.trainings import Wish
from services.trainer.repository import TRAINING_JOB
from shared.contracts.project_events import ProjectCreated
from shared.contracts.tenant_events import Quotas, TenantLimited
from shared.errors import QuotaExceeded
from shared.jobs.job import Job
from shared.texts.language import speaking, told
from tests.unit.trainer.corrections import correction, finish_training, use
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import START, WHO, Place, Script, Time
from tests.unit.trainer.test_trainings import annotate, begun, start

_HOUR = timedelta(hours=1)


async def limit(place: Place, sequence: int, **quotas: int) -> None:
    body = TenantLimited(tenant_id=WHO.tenant, quotas=Quotas(**quotas))
    await place.hear(place.event(body, WHO.tenant, sequence))


async def used(place: Place) -> dict[str, tuple[int, int | None]]:
    return {one.name: (one.used, one.limit) for one in await place.quota.told(WHO.tenant)}


async def trained_for(place: Place, time: Time, minutes: float) -> str:
    """A training that ran for so long."""
    place.script = Script(pause=asyncio.Event())
    asked = await start(place)
    work = await begun(place)
    time.pass_s(minutes * 60)
    place.script.pause.set()
    assert await work
    await place.settle()
    return asked.id


async def test_no_more_trainings_run_or_wait_than_the_tenant_may_have(place: Place) -> None:
    await annotate(place)
    await limit(place, 1, trainings_in_line=2)
    first = await start(place, key="once")
    await start(place)
    assert await used(place) == {
        "trainings_in_line": (2, 2),
        "training_minutes_per_day": (0, None),
    }
    other = ProjectCreated(project_id="other", name="nuts", task="detection")
    await place.hear(place.event(other, "other"))
    with pytest.raises(LineFull) as refused:
        await place.trainings.request(WHO, PROJECT, Wish())
    assert refused.value.status == 429
    assert refused.value.retry_after_s
    with speaking("zh-CN"):
        assert told(refused.value.detail) == "该租户已有 2 个训练在运行或等待（上限 2）"
    assert (await start(place, key="once")).id == first.id, "what has its place is not refused it"
    await place.trainings.cancel(WHO, PROJECT, first.id)
    await start(place)


async def test_when_the_minutes_of_a_day_are_used_none_begins_until_enough_of_them_are_past(
    place: Place, time: Time
) -> None:
    await annotate(place)
    await limit(place, 1, training_minutes_per_day=30)
    await trained_for(place, time, 20)
    await trained_for(place, time, 15)  # what was begun ends, beyond the quota, too
    assert (await used(place))["training_minutes_per_day"] == (35, 30)
    with pytest.raises(TrainingTimeUsed) as refused:
        await start(place)
    with speaking("zh-CN"):
        assert told(refused.value.detail) == "该租户在 24 小时内已训练 35 分钟（上限 30 分钟）"
    assert refused.value.retry_after_s is not None
    time.pass_s(refused.value.retry_after_s - 2)
    with pytest.raises(TrainingTimeUsed):
        await start(place)
    time.pass_s(2)
    assert (await start(place)).number == 3


async def test_a_training_that_runs_counts_and_one_that_goes_on_is_asked_about_too(
    place: Place, time: Time
) -> None:
    await annotate(place)
    place.script = Script(lives=["fails"], pause=asyncio.Event())
    failed = await start(place)
    work = await begun(place)
    time.pass_s(600)
    assert (await used(place))["training_minutes_per_day"] == (10, None)
    assert place.script.pause is not None
    place.script.pause.set()
    assert await work
    await place.settle()
    await limit(place, 1, training_minutes_per_day=10)
    with pytest.raises(QuotaExceeded):
        await place.trainings.resume(WHO, PROJECT, failed.id)
    await limit(place, 2, training_minutes_per_day=11)
    resumed = await place.trainings.resume(WHO, PROJECT, failed.id)
    assert resumed.training.resumes == 1


async def test_the_time_in_which_no_worker_had_a_training_does_not_count(
    place: Place, time: Time
) -> None:
    async def minutes() -> int:
        return (await used(place))["training_minutes_per_day"][0]

    async def taken() -> Job:
        job = await place.jobs.claim((TRAINING_JOB,), "somebody")
        assert job is not None
        return job

    await annotate(place)
    await start(place)
    await place.settle()
    stopped = await taken()
    time.pass_s(600)
    await place.jobs.release(stopped)
    time.pass_s(8 * 3600)
    assert await minutes() == 10, "it waits for another worker"
    dies = await taken()
    time.pass_s(300)
    await place.jobs.heartbeat(dies)
    assert await minutes() == 15
    time.pass_s(12 * 3600)
    last = await taken()
    assert await minutes() == 15, "nobody worked on it after the death of its worker"
    time.pass_s(60)
    await place.jobs.finish(last, "failed")
    assert await minutes() == 16


async def test_another_tenants_trainings_do_not_count(place: Place) -> None:
    await annotate(place)
    await limit(place, 1, trainings_in_line=1, training_minutes_per_day=1)
    await start(place)
    assert await place.quota.refusal("other") is None
    assert [one.used for one in await place.quota.told("other")] == [0, 0]


async def test_the_policy_says_which_quota_holds_its_training_back_and_fires_when_there_is_room(
    place: Place, time: Time
) -> None:
    await use(place)
    await limit(place, 1, trainings_in_line=0)
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 0
    held = await place.line()
    assert (held.held_back, held.running) == ("trainings_in_line", None)
    assert held.due_at == time.now + timedelta(seconds=60)
    time.pass_s(60)
    assert await place.retraining.look_at_due() == 0
    await limit(place, 2, trainings_in_line=1)
    time.pass_s(60)
    assert await place.retraining.look_at_due() == 1
    fired = await place.line()
    assert fired.held_back is None
    assert fired.running is not None
    assert fired.counted == 1, "the corrections that waited are in its dataset"
    await finish_training(place)


def of_hours(*hours: tuple[float, float]) -> list[Span]:
    return [Span(START + begin * _HOUR, START + end * _HOUR) for begin, end in hours]


@pytest.mark.parametrize(
    ("spans", "allowed_h", "waits_h"),
    [
        pytest.param([], 1, 0, id="nothing trained"),
        pytest.param([(-1, 0)], 2, 0, id="less than allowed"),
        pytest.param([(-2, 0)], 2, 22, id="all of it: until the first second is a day old"),
        pytest.param([(-10, -8), (-2, 0)], 1, 23, id="until enough of both is past"),
        pytest.param([(-30, -20)], 3, 1, id="only what is of the last day counts"),
        pytest.param([(-2, 1)], 1, 23, id="what ends later ends now"),
        pytest.param([(-2, 0)], 0, 24, id="nothing allowed: looked at again in a day"),
        pytest.param([(1, 2)], 0, 24, id="by a clock that was ahead"),
    ],
)
def test_the_wait_ends_when_no_more_than_allowed_counts(
    spans: list[tuple[float, float]], allowed_h: float, waits_h: float
) -> None:
    ran, allowed = of_hours(*spans), allowed_h * _HOUR
    assert wait(ran, allowed, START) == waits_h * _HOUR
    if 0 < waits_h < 24:
        past = [Span(span.begin, min(span.end, START)) for span in ran]
        assert trained(past, START + waits_h * _HOUR) == allowed
