"""Retraining by event, on a clock that the test turns."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.trainer.handlers.retraining import Retraining
from services.trainer.handlers.trainings import Wish
from services.trainer.repository import IMAGES
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.image_events import ImageDeleted
from shared.documents.port import CollectionSpec, Documents, Scope, Where
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from shared.runtime.tasks.names import TaskName
from tests.unit.trainer.corrections import POLICY, correction, finish_training, use
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import START, WHO, Place, Script, Time


async def test_enough_corrections_and_quiet_start_one_training(place: Place, time: Time) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
        assert await place.retraining.look_at_due() == 0
        time.pass_s(5)
    assert await place.retraining.look_at_due() == 0  # five quiet seconds of ten
    time.pass_s(5)
    assert await place.retraining.look_at_due() == 1
    (record,) = await place.records()
    assert (record.trigger, record.state) == ("policy", "preparing")
    for _ in range(5):
        time.pass_s(100)
        assert await place.retraining.look_at_due() == 0


@pytest.mark.parametrize(("task", "fires"), [("classification", 0), ("detection", 1)])
async def test_a_correction_counts_where_a_training_learns_of_it(
    stores: Stores, tmp_path: Path, time: Time, task: TaskName, fires: int
) -> None:
    place = Place(stores, tmp_path, clock=time)
    await place.open(task)
    await use(place)

    async def correct(sequence: int, *labels: str) -> int:
        for number in range(3):
            image_id = f"I{number:05d}"
            said = AnnotationSaved(project_id=PROJECT, image_id=image_id, labels=labels)
            await place.hear(place.event(said, image_id, sequence))
            await place.hear(correction(place, number, sequence))
        time.pass_s(10)
        return await place.retraining.look_at_due()

    assert await correct(2) == fires
    if not fires:
        assert await correct(4, "ok") == 1


async def test_ten_thousand_corrections_in_a_burst_make_one_training_and_one_follow_up(
    place: Place, time: Time
) -> None:
    await use(place)
    rng = random.Random(5)
    numbers = list(range(10_000))
    rng.shuffle(numbers)
    started = 0
    for count, number in enumerate(numbers):
        event = correction(place, number)
        await place.hear(event)
        if rng.random() < 0.1:
            await place.hear(event)
        if count % 100 == 99:
            time.pass_s(1)
            started += await place.retraining.look_at_due()
        if count == 6000:
            time.pass_s(11)  # a pause in the burst: the first training starts here
            started += await place.retraining.look_at_due()
    for _ in range(40):
        time.pass_s(5)
        started += await place.retraining.look_at_due()
    assert started == 2
    line = await place.line()
    assert line.running is not None
    assert line.waiting is not None
    await finish_training(place)
    await finish_training(place)
    for _ in range(40):
        time.pass_s(30)
        assert await place.retraining.look_at_due() == 0
    assert [record.version_number for record in await place.records()] == [1, 2]


async def test_the_same_image_counts_once_and_order_does_not_matter(
    place: Place, time: Time
) -> None:
    await use(place)
    early = correction(place, 1, sequence=2)
    time.pass_s(1)
    late = correction(place, 1, sequence=3)
    for event in (late, early, late, early):
        await place.hear(event)
    time.pass_s(20)
    assert await place.retraining.look_at_due() == 0
    line = await place.line()
    assert line.due_at == START + timedelta(seconds=1 + 600)


async def test_corrections_while_a_training_runs_start_another_after_it(
    place: Place, time: Time
) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1
    await place.settle()
    for number in range(3, 6):
        time.pass_s(1)
        await place.hear(correction(place, number))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1
    assert [record.state for record in await place.records()] == ["queued", "waiting"]
    await finish_training(place)
    await finish_training(place)
    time.pass_s(1000)
    assert await place.retraining.look_at_due() == 0


async def test_a_training_by_hand_takes_the_waiting_corrections_along(
    place: Place, time: Time
) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
    saved = AnnotationSaved(project_id=PROJECT, image_id="I00000", labels=("a",))
    await place.hear(place.event(saved, "I00000"))
    time.pass_s(1)
    await place.trainings.request(WHO, PROJECT, Wish())
    time.pass_s(1000)
    assert await place.retraining.look_at_due() == 0
    assert len(await place.records()) == 1


async def test_timers_survive_a_restart(place: Place, time: Time) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
    assert await place.retraining.look_at_due() == 0
    again = Place(place.stores, place.folder, clock=time)
    time.pass_s(10)
    assert await again.retraining.look_at_due() == 1


async def forget_to_look(place: Place) -> None:
    """Leave the line as a kill does between what is remembered and the wish for a look."""
    await place.queue.change(
        "default", PROJECT, lambda line: line.model_copy(update={"due_at": None})
    )


async def test_a_correction_that_comes_again_after_a_kill_is_looked_at(
    place: Place, time: Time
) -> None:
    await use(place)
    corrections = [correction(place, number) for number in range(3)]
    for event in corrections:
        await place.hear(event)
    await forget_to_look(place)
    await place.hear(corrections[-1])
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1


async def test_an_annotation_that_comes_again_after_a_kill_is_looked_at(
    place: Place, time: Time
) -> None:
    await use(place, POLICY.model_copy(update={"min_corrections": 1, "count_annotations": True}))
    saved = AnnotationSaved(project_id=PROJECT, image_id="I1", labels=("a",))
    event = place.event(saved, "I1")
    await place.hear(event)
    await forget_to_look(place)
    await place.hear(event)
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1


class Meanwhile:
    """A document store in which something happens right after images were counted, each once."""

    def __init__(self, documents: Documents, *happens: Callable[[], Awaitable[None]]) -> None:
        self._documents = documents
        self._happens = list(reversed(happens))

    def collection(self, spec: CollectionSpec[Any], scope: Scope) -> Any:
        found = self._documents.collection(spec, scope)
        return self._Counted(found, self._happens) if spec.name == IMAGES.name else found

    class _Counted:
        def __init__(self, images: Any, happens: list[Callable[[], Awaitable[None]]]) -> None:
            self._images, self._happens = images, happens
            self.query = images.query

        async def count(self, where: Where) -> int:
            number: int = await self._images.count(where)
            if self._happens:
                await self._happens.pop()()
            return number


def looking_at(place: Place, images: Any) -> Retraining:
    """The policies over another store of images."""
    directory = ImageDirectory(images, "trainer", wait_s=0)
    documents = place.stores.documents
    return Retraining(
        documents,
        place.projects,
        directory,
        place.queue,
        place.recipes,
        place.quota,
        clock=place.clock,
    )


async def test_a_correction_that_comes_while_others_are_counted_is_not_overlooked(
    place: Place, time: Time
) -> None:
    await use(place)
    for number in range(2):
        await place.hear(correction(place, number))

    async def third() -> None:
        await place.hear(correction(place, 2))

    documents: Any = Meanwhile(place.stores.documents, third)
    looking = looking_at(place, documents)
    assert await looking.look_at_due() == 0
    time.pass_s(10)
    assert await looking.look_at_due() == 1
    assert await looking.look_at_due() == 0


async def test_one_that_comes_while_they_are_counted_again_is_not_overlooked_either(
    place: Place, time: Time
) -> None:
    await use(place)
    await place.hear(correction(place, 0))

    def correct(number: int) -> Callable[[], Awaitable[None]]:
        return lambda: place.hear(correction(place, number))

    looking = looking_at(place, Meanwhile(place.stores.documents, correct(1), correct(2)))
    for _ in range(3):
        assert await looking.look_at_due() == 0
    time.pass_s(10)
    assert await looking.look_at_due() == 1


async def test_one_more_correction_while_a_training_is_decided_puts_it_off(
    place: Place, time: Time
) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)

    async def one_more() -> None:
        await place.hear(correction(place, 3))

    looking = looking_at(place, Meanwhile(place.stores.documents, one_more))
    for _ in range(2):
        assert await looking.look_at_due() == 0
        assert await place.records() == []
    time.pass_s(10)
    assert await looking.look_at_due() == 1


async def test_a_look_that_is_killed_half_way_is_taken_again(place: Place, time: Time) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)

    class Killed(Exception):
        pass

    async def kill() -> None:
        raise Killed

    documents: Any = Meanwhile(place.stores.documents, kill)
    looking = looking_at(place, documents)
    with pytest.raises(Killed):
        await looking.look_at_due()
    time.pass_s(30)
    assert await place.retraining.look_at_due() == 1


async def policy_training(place: Place, *, life: str) -> None:
    """What the policy fired runs to the end that ``life`` tells."""
    await place.settle()
    place.script = Script(lives=[life])
    assert await place.worker().work_once()
    await place.settle()


async def test_a_failed_training_gives_its_corrections_back_and_later_ones_wait_longer(
    place: Place, time: Time
) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1
    for pause_s in (300, 600, 1200):
        await policy_training(place, life="fails")
        time.pass_s(pause_s - 100)
        assert await place.retraining.look_at_due() == 0
        await place.hear(correction(place, 9))
        time.pass_s(99)
        assert await place.retraining.look_at_due() == 0, "a new correction does not help"
        time.pass_s(1)
        assert await place.retraining.look_at_due() == 1
    await policy_training(place, life="result")
    time.pass_s(10_000)
    assert await place.retraining.look_at_due() == 0
    line = await place.line()
    assert (line.failures, line.not_before) == (0, None)


async def test_no_failure_waits_longer_than_six_hours(place: Place, time: Time) -> None:
    await use(place)
    await place.queue.change(
        "default", PROJECT, lambda line: line.model_copy(update={"failures": 5000})
    )
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1
    await policy_training(place, life="fails")
    assert (await place.line()).not_before == time() + timedelta(hours=6)


async def test_what_a_person_terminates_is_not_started_again(place: Place, time: Time) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1
    await place.settle()
    (record,) = await place.records()
    await place.trainings.cancel(WHO, PROJECT, record.id)
    await place.settle()
    time.pass_s(100_000)
    assert await place.retraining.look_at_due() == 0


async def test_two_watchers_fire_once(place: Place, time: Time) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)
    other = Place(place.stores, place.folder, clock=time)
    fired = await asyncio.gather(
        place.retraining.look_at_due(), other.retraining.look_at_due(), return_exceptions=True
    )
    assert sum(count for count in fired if isinstance(count, int)) == 1
    assert len(await place.records()) == 1


async def test_a_deleted_image_no_longer_waits(place: Place, time: Time) -> None:
    await use(place)
    for number in range(3):
        await place.hear(correction(place, number))
    gone = ImageDeleted(project_id=PROJECT, image_id="I00001")
    await place.hear(place.event(gone, "I00001", 5))
    await place.hear(correction(place, 1, sequence=9))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 0
