"""The embedded log drops what nobody needs any more, and nothing else."""

from pathlib import Path

import pytest

from shared.events.embedded import EmbeddedEventLog
from shared.events.port import Consumer, Record
from shared.sqlite import SqliteFile
from tests.running import until


def said(topic: str, subject: str, kind: str, text: str = "", project: str = "P") -> Record:
    value = f'{{"data": {{"project_id": "{project}", "text": "{text}"}}}}'.encode()
    return Record(topic, f"acme/{subject}", value, {"ce_type": kind})


async def heard(consumer: Consumer, number: int) -> list[str]:
    """The next records of a group, committed."""
    found: list[str] = []

    async def take() -> bool:
        for delivery in await consumer.poll(limit=100, timeout_s=0):
            found.append(f"{delivery.headers['ce_type']} {delivery.value.decode()}")
            await consumer.commit(delivery)
        return len(found) >= number

    await until(take)
    return found


@pytest.fixture
def log(tmp_path: Path) -> EmbeddedEventLog:
    return EmbeddedEventLog(SqliteFile(tmp_path / "events.db"))


async def test_the_newest_of_each_kind_of_an_aggregate_stays(log: EmbeddedEventLog) -> None:
    await log.open({"image": 1})
    records = [said("image", f"I{n % 3}", "saved", str(n)) for n in range(300)]
    await log.publish([said("image", "I0", "uploaded", "first"), *records])
    one, other = await log.consumer("slow", ["image"]), await log.consumer("quick", ["image"])
    await heard(other, 301)
    await one.poll(limit=1, timeout_s=0)
    assert (await log.compact()).dropped == 0, "a group that listens has not heard it yet"
    await heard(one, 300)
    assert (await log.compact()).dropped == 297
    assert (await log.compact()).dropped == 0
    await log.publish([said("image", "I1", "saved", "later")])
    assert "later" in (await heard(other, 1))[0]
    late = await heard(await log.consumer("late", ["image"]), 5)
    assert [text.split('"text": ')[1] for text in late] == [
        '"first"}}',
        '"297"}}',
        '"298"}}',
        '"299"}}',
        '"later"}}',
    ]
    await log.close()


async def test_a_dead_letter_that_was_sent_back_replaces_nothing_newer(
    log: EmbeddedEventLog,
) -> None:
    await log.open({"image": 1})
    await log.publish([numbered(sequence) for sequence in (1, 2, 3, 1)])
    await heard(await log.consumer("group", ["image"]), 4)
    assert (await log.compact()).dropped == 2
    late = await heard(await log.consumer("late", ["image"]), 2)
    assert [text.split('"sequence": ')[1] for text in late] == ["3}", "1}"]
    await log.close()


def numbered(sequence: int) -> Record:
    value = f'{{"data": {{"project_id": "P"}}, "sequence": {sequence}}}'.encode()
    return Record("image", "acme/I", value, {"ce_type": "saved"})


async def test_positions_go_on_when_all_of_a_deleted_project_went(log: EmbeddedEventLog) -> None:
    await log.open({"image": 1, "project": 2})
    await log.publish(
        [
            said("project", "P", "project.created"),
            said("image", "I", "uploaded"),
            said("image", "J", "uploaded", project="Q"),
            said("image", "K", "uploaded"),
            said("project", "P", "project.deleted"),
        ]
    )
    group = await log.consumer("group", ["image", "project"])
    await heard(group, 5)
    assert (await log.compact()).dropped == 2
    await log.publish([said("image", "L", "uploaded", "next", project="Q")])
    assert len(await heard(group, 1)) == 1
    assert (await log.compact()).dropped == 1, "the last one is last no more"
    await log.publish([said("image", "M", "uploaded", "and next", project="Q")])
    assert "and next" in (await heard(group, 1))[0]
    await log.close()


async def test_the_file_gets_smaller(log: EmbeddedEventLog) -> None:
    await log.open({"image": 1})
    empty = (await log.compact()).size_bytes
    await log.publish([said("image", "I", "saved", "x" * 1000) for _ in range(3000)])
    await heard(await log.consumer("group", ["image"]), 3000)
    after = await log.compact()
    assert after.dropped == 2999
    assert after.size_bytes < empty + 100_000
    await log.close()
