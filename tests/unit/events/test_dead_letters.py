"""The way back of dead letters: all that are there, at the pace that was asked for, or an error."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.catalogue import all_events
from shared.errors import DependencyDown
from shared.events.dead_letters import dead_letter, replay, stack_hash, waiting
from shared.events.port import Consumer, Delivery, Partition
from shared.hosting.stores import Stores
from shared.release import VERSION
from tests.unit.events.flow import letters, opened, record
from tools.contracts.asyncapi import asyncapi

ROOT = Path(__file__).resolve().parents[3]


class SlowToJoin:
    """A member whose group needs some polls until it has its partitions."""

    def __init__(self, inner: Consumer, polls: int) -> None:
        self._inner = inner
        self._left = polls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def poll(self, *, limit: int, timeout_s: float) -> list[Delivery]:
        if self._left > 0:
            self._left -= 1
            return []
        return await self._inner.poll(limit=limit, timeout_s=timeout_s)


class SlowGroups:
    """An event log in which joining takes some polls."""

    def __init__(self, stores: Stores, polls: int) -> None:
        self._inner = stores.events
        self._polls = polls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def consumer(self, group: str, topics: list[str]) -> Any:
        return SlowToJoin(await self._inner.consumer(group, topics), self._polls)


def delivery(number: int) -> Delivery:
    sent = record(number)
    return Delivery(Partition("image", 0), number, sent.key, sent.value, sent.headers)


async def with_letters(stores: Stores, number: int) -> None:
    await opened(stores, partitions=1)
    for place in range(number):
        await stores.events.publish([dead_letter(delivery(place), "svc", ValueError("why"), 1)])


@pytest.mark.parametrize("polls", [0, 1, 5])
async def test_a_replay_waits_until_its_group_has_joined(stores: Stores, polls: int) -> None:
    await with_letters(stores, 3)
    log: Any = SlowGroups(stores, polls)
    assert (await replay(log, "image", dry_run=True)).published == 3
    assert (await replay(log, "image")).published == 3
    assert (await replay(log, "image", dry_run=True)).published == 0  # those that went are gone
    assert (await replay(log, "image")).published == 0
    consumer = await stores.events.consumer("readers", ["image"])
    assert len(await consumer.poll(limit=10, timeout_s=1)) == 3
    await consumer.close()


async def test_letters_that_are_kept_come_once_in_each_replay(stores: Stores) -> None:
    await with_letters(stores, 4)
    for _ in range(3):
        done = await replay(stores.events, "image", wanted=lambda _: False)
        assert (done.published, done.kept) == (0, 4)
    assert len(await letters(stores)) == 16


async def test_a_reader_without_a_partition_does_not_say_that_there_is_nothing(
    stores: Stores,
) -> None:
    await with_letters(stores, 1)
    first = await stores.events.consumer("replay", ["image.dlq"])
    assert len(await first.poll(limit=1, timeout_s=1)) == 1
    second = await stores.events.consumer("replay", ["image.dlq"])
    with pytest.raises(DependencyDown, match="another reader"):
        async for _ in waiting(second, patience_s=0.1):
            pass
    await first.close()
    await second.close()


def test_a_letter_says_which_release_and_which_defect() -> None:
    def fails(text: str) -> ValueError:
        try:
            raise ValueError(text)
        except ValueError as error:
            return error

    one, two = fails("one"), fails("two")
    assert stack_hash(one) == stack_hash(two)  # the same way, whatever it says
    assert stack_hash(one) != stack_hash(ValueError("elsewhere"))
    letter = dead_letter(delivery(1), "svc", one, 3)
    assert letter.headers["dlq_stack"] == stack_hash(one)
    assert letter.headers["dlq_version"] == VERSION
    assert letter.headers["dlq_detail"] == "one"
    examples: Any = {event.type: {} for event in all_events()}
    components: Any = asyncapi(examples)["components"]
    (published,) = [m for m in components["messages"].values() if "headers" in m]
    own = {name for name in letter.headers if name.startswith("dlq_")}
    assert set(published["headers"]["required"]) == own


def test_the_release_is_that_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
