"""The line of a project: who stands in it, whatever is repeated, late or cancelled."""

import asyncio

import pytest

from services.trainer.domain.recipe import Recipe
from services.trainer.handlers.training_queue import placed
from services.trainer.repository import Order, Training
from services.trainer.work.worker import ended_events
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import WHO, Place, Script
from tests.unit.trainer.test_trainings import annotate, begun, shown, start


async def cancelled_at_work(place: Place) -> str:
    """A training that was terminated after its first checkpoint."""
    asked = await start(place)
    place.script.pause = asyncio.Event()
    work = await begun(place)
    await place.trainings.cancel(WHO, PROJECT, asked.id)
    await work
    await place.settle()
    place.script.pause = None
    return asked.id


@pytest.mark.parametrize("end", ["the worker is stopped", "the process dies"])
async def test_a_training_that_is_cancelled_ends_whatever_happens_to_its_worker(
    place: Place, end: str
) -> None:
    await annotate(place)
    asked = await start(place)
    place.script = Script(lives=["dies"], pause=asyncio.Event())
    work = await begun(place)
    await place.trainings.cancel(WHO, PROJECT, asked.id)
    if end == "the process dies":
        assert place.script.pause is not None
        place.script.pause.set()
    else:
        work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert not await place.worker().work_once()
    await place.jobs.reap(ended_events)
    await place.settle()
    assert (await shown(place, asked.id)).status == "terminated"
    assert (await place.line()).running is None


async def record(place: Place, training_id: str) -> Training:
    return (await place.trainings.get(WHO, PROJECT, training_id)).training


def order_of(training: Training, *, resumes: int) -> Order:
    return Order(
        training_id=training.id,
        number=training.number,
        mode=training.mode,
        trigger=training.trigger,
        recipe=training.recipe,
        requested_at=training.requested_at,
        resumes=resumes,
    )


def order(place: Place) -> Order:
    return Order(
        training_id="T", mode="train", trigger="person", recipe=Recipe(), requested_at=place.clock()
    )


async def place_only(place: Place, wanted: Order) -> None:
    """Place an order and die before its record is written."""
    await place.queue.change("default", PROJECT, lambda line: placed(line, wanted, place.clock()))


async def test_two_who_resume_at_once_resume_once(place: Place) -> None:
    await annotate(place)
    training_id = await cancelled_at_work(place)
    await asyncio.gather(
        *(place.trainings.resume(WHO, PROJECT, training_id) for _ in range(2)),
        return_exceptions=True,
    )
    line = await place.line()
    assert line.running is not None
    assert (line.running.training_id, line.waiting) == (training_id, None)
    await place.worker().work_once()
    await place.settle()
    assert (await shown(place, training_id)).version == "V1"
    assert (await place.line()).running is None
    assert not await place.worker().work_once()


async def test_a_place_in_line_for_a_life_that_is_over_is_given_up(place: Place) -> None:
    await annotate(place)
    training_id = await cancelled_at_work(place)
    await place.trainings.resume(WHO, PROJECT, training_id)
    await place.trainings.cancel(WHO, PROJECT, training_id)
    await place.settle()
    late = order_of(await record(place, training_id), resumes=1)
    await place_only(place, late)
    following = await start(place)
    await place.settle()
    assert (await shown(place, training_id)).status == "terminated"
    assert (await shown(place, following.id)).status == "queued"


async def test_a_resumed_training_that_waits_says_so_and_can_be_cancelled(place: Place) -> None:
    await annotate(place)
    training_id = await cancelled_at_work(place)
    other = await start(place)
    resumed = await place.trainings.resume(WHO, PROJECT, training_id)
    assert (resumed.training.state, resumed.training.resumes) == ("waiting", 1)
    await place.trainings.cancel(WHO, PROJECT, training_id)
    assert (await shown(place, training_id)).status == "terminated"
    assert (await place.line()).waiting is None
    await place.trainings.cancel(WHO, PROJECT, other.id)
    await place.settle()
    await place.trainings.resume(WHO, PROJECT, training_id)
    await place.worker().work_once()
    await place.settle()
    assert (await shown(place, training_id)).version == "V1"
    assert place.script.orders[-1].resume_from is not None, "the life that only waited had none"


async def test_a_resumed_training_is_cancelled_before_its_record_knows(place: Place) -> None:
    await annotate(place)
    training_id = await cancelled_at_work(place)
    await place_only(place, order_of(await record(place, training_id), resumes=1))
    await place.trainings.cancel(WHO, PROJECT, training_id)
    await place.settle()
    assert (await place.line()).running is None
    assert not await place.worker().work_once()


async def test_words_of_an_earlier_life_do_not_move_the_next_one_from_its_place(
    place: Place,
) -> None:
    await annotate(place)
    training_id = await cancelled_at_work(place)
    (ended,) = [event for event in place.delivered if event.type == "training.ended"]
    running = order_of(await record(place, training_id), resumes=1)
    await place_only(place, running)
    await place.outcomes.ended(ended)
    assert (await place.line()).running == running
    assert (await shown(place, training_id)).status == "queued"


async def test_whoever_brings_a_line_on_at_once_is_never_refused(place: Place) -> None:
    await annotate(place)
    await place_only(place, order(place))
    await asyncio.gather(*(place.queue.advance("default", PROJECT) for _ in range(8)))
    assert [event.type for event in await place.said()] == ["training.requested"]
