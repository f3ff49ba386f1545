"""Retraining by a clock that was ahead, and set back."""

import asyncio
from datetime import timedelta

from tests.running import until
from tests.unit.trainer.corrections import correction, finish_training, use
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import START, Place, Time


async def train_for_corrections(place: Place, time: Time, first: int) -> None:
    """Correct three images; what that starts runs to its end."""
    for number in range(first, first + 3):
        await place.hear(correction(place, number))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1
    await finish_training(place)


async def test_corrections_count_after_a_clock_that_was_ahead_was_set_back(
    place: Place, time: Time
) -> None:
    await use(place)
    time.pass_s(86_400)
    await train_for_corrections(place, time, 0)
    time.pass_s(-86_400)
    await train_for_corrections(place, time, 10)
    await place.hear(correction(place, 0, sequence=3))  # corrected again, at an earlier time
    for number in (20, 21):
        await place.hear(correction(place, number))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1
    await finish_training(place)
    time.pass_s(2 * 86_400)
    assert await place.retraining.look_at_due() == 0, "what was learnt counts once"


async def test_timers_of_a_clock_that_was_ahead_are_set_anew(place: Place, time: Time) -> None:
    await use(place)
    time.pass_s(86_400)
    for number in range(3):
        await place.hear(correction(place, number))
    assert await place.retraining.look_at_due() == 0
    time.pass_s(-86_400)
    again = Place(place.stores, place.folder, clock=time)
    watching = asyncio.create_task(again.retraining.watch())

    async def fired() -> bool:
        return (await place.line()).running is not None

    await until(fired)
    watching.cancel()


async def test_a_pause_after_failures_by_a_clock_that_was_ahead_is_over(
    place: Place, time: Time
) -> None:
    await use(place)
    ahead = START + timedelta(days=1)
    await place.queue.change(
        "default", PROJECT, lambda line: line.model_copy(update={"not_before": ahead})
    )
    await train_for_corrections(place, time, 0)
