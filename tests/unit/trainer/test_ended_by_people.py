"""A person ends a training: early, with what it has learnt, or without a version."""

import asyncio

import pytest

from services.trainer.api.schemas import TrainingResponse
from services.trainer.errors import NotFinishable
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import WHO, Place
from tests.unit.trainer.test_trainings import annotate, begun, shown, start


async def test_a_training_that_is_finished_early_becomes_a_version(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    with pytest.raises(NotFinishable):
        await place.trainings.finish(WHO, PROJECT, asked.id)
    place.script.goes_on = True
    work = await begun(place)
    for _ in range(2):  # asked twice is asked once
        finishing = await place.trainings.finish(WHO, PROJECT, asked.id)
    response = TrainingResponse.of(finishing)
    assert (response.status, response.finishing) == ("running", True)
    assert await work
    await place.settle()
    done = await shown(place, asked.id)
    assert (done.status, done.version, done.finishing) == ("success", "V1", False)
    over = await place.trainings.finish(WHO, PROJECT, asked.id)
    assert over.training.state == "succeeded"


async def test_a_wish_to_finish_early_outlives_the_worker(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    place.script.lives = ["dies", "result"]
    place.script.goes_on = True
    work = await begun(place)
    await place.trainings.finish(WHO, PROJECT, asked.id)
    assert await work
    assert await place.worker().work_once()
    await place.settle()
    assert (await shown(place, asked.id)).status == "success"
    assert len(place.script.orders) == 2


async def test_what_is_being_stopped_is_not_finished(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    place.script.pause = asyncio.Event()
    work = await begun(place)
    await place.trainings.cancel(WHO, PROJECT, asked.id)
    with pytest.raises(NotFinishable):
        await place.trainings.finish(WHO, PROJECT, asked.id)
    assert await work
    await place.settle()
    assert (await shown(place, asked.id)).status == "terminated"


async def test_a_terminated_training_shows_neither_version_nor_end(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    place.script.pause = asyncio.Event()
    work = await begun(place)
    stopping = await place.trainings.cancel(WHO, PROJECT, asked.id)
    assert TrainingResponse.of(stopping).status == "stopping"
    assert await work
    await place.settle()
    done = await shown(place, asked.id)
    assert (done.status, done.version, done.ended_at) == ("terminated", None, None)
    assert (done.average_detection_rate, done.duration_minutes) == (None, None)
    assert done.started_at is not None
    assert [e for e in place.delivered if e.type == "training.succeeded"] == []


@pytest.mark.parametrize("settled", [False, True])
async def test_what_has_no_worker_yet_is_terminated_at_once(place: Place, settled: bool) -> None:
    await annotate(place)
    first, second = await start(place), await start(place)
    if settled:
        await place.settle()
    await place.trainings.cancel(WHO, PROJECT, second.id)
    await place.trainings.cancel(WHO, PROJECT, first.id)
    await place.settle()
    assert [r.state for r in await place.records()] == ["terminated", "terminated"]
    line = await place.line()
    assert (line.running, line.waiting) == (None, None)
    assert not await place.worker().work_once()
