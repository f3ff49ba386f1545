"""The embedded log drops what nobody needs any more, and nothing else."""

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from shared.clock import format_time, utc_now
from shared.events import compaction
from shared.events.dead_letters import dead_letter
from shared.events.embedded import EmbeddedEventLog
from shared.events.port import Consumer, Delivery, Partition, Record
from shared.settings import KeepSettings
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
            found.append(f"{delivery.headers['ce_type']} {delivery.value.decode(errors='replace')}")
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


async def test_a_record_that_is_no_json_stops_no_compaction(log: EmbeddedEventLog) -> None:
    await log.open({"image": 1, "project": 1})
    odd = [Record("image", "acme/I", text, {"ce_type": "saved"}) for text in (b"no JSON", b"\xff")]
    await log.publish([numbered(1), *odd, numbered(2)])
    await log.publish([said("project", "P", "project.deleted")])
    await heard(await log.consumer("group", ["image", "project"]), 5)
    assert (await log.compact()).dropped == 3
    await log.close()


async def test_a_group_that_went_without_a_word_holds_nothing(tmp_path: Path) -> None:
    killed = EmbeddedEventLog(SqliteFile(tmp_path / "events.db"))
    await killed.open({"image": 1})
    await killed.publish([numbered(1), numbered(2)])
    gone = await killed.consumer("look-1", ["image"])
    assert len(await gone.poll(limit=2, timeout_s=0)) == 2
    await killed.close()  # it cannot leave its group any more
    log = EmbeddedEventLog(SqliteFile(tmp_path / "events.db"), silent_s=0.1)
    await log.open({"image": 1})
    await heard(await log.consumer("group", ["image"]), 2)
    await until(lambda: _dropped(log, 1))
    with closing(sqlite3.connect(tmp_path / "events.db")) as connection:
        left = connection.execute(
            "SELECT grp FROM event_members UNION SELECT grp FROM event_leases"
        ).fetchall()
    assert left == [("group",)]
    await log.close()


async def _dropped(log: EmbeddedEventLog, number: int) -> bool:
    return (await log.compact()).dropped == number


async def test_a_dry_run_counts_what_would_go_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    killed = EmbeddedEventLog(SqliteFile(path))
    await killed.open({"image": 1})
    await killed.publish([numbered(n) for n in range(5)])
    await (await killed.consumer("look-1", ["image"])).poll(limit=2, timeout_s=0)
    await killed.close()  # its group holds nothing once it is silent
    log = EmbeddedEventLog(SqliteFile(path), silent_s=0.1)
    await log.open({"image": 1})
    await heard(await log.consumer("group", ["image"]), 5)

    async def would_go() -> bool:
        return (await log.compact(dry_run=True)).dropped == 4

    await until(would_go)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM event_log").fetchone() == (5,)
        members = connection.execute("SELECT DISTINCT grp FROM event_members").fetchall()
    assert ("look-1",) in members
    assert (await log.compact()).dropped == 4
    assert (await log.compact(dry_run=True)).dropped == 0
    await log.close()


async def test_events_of_deleted_projects_are_found_in_one_pass(tmp_path: Path) -> None:
    """Twice as many events and deletions are twice the work of the database, not four times."""

    async def steps(number: int) -> int:
        path = tmp_path / f"{number}.db"
        log = EmbeddedEventLog(SqliteFile(path))
        await log.open({"image": 1, "project": 1})
        for n in range(number):
            gone = said("project", f"P{n}", "project.deleted")
            await log.publish([said("image", f"I{n}", "saved", project=f"P{n}"), gone])
        await heard(await log.consumer("group", ["image", "project"]), 2 * number)
        await log.close()
        return await asyncio.to_thread(steps_of_a_look, path, number - 1)

    few, many = await steps(150), await steps(300)
    assert many < 3 * few


def steps_of_a_look(path: Path, found: int) -> int:
    """How many instructions of its machine SQLite takes to find so many superfluous events."""
    ticks = []
    with closing(sqlite3.connect(path)) as connection:
        connection.set_progress_handler(lambda: ticks.append(1), 100)
        alive_s = (0.0, time.monotonic())
        assert len(compaction.superfluous("image", 0, alive_s, connection)) == found
    return len(ticks)


async def test_the_file_gets_smaller(log: EmbeddedEventLog) -> None:
    await log.open({"image": 1})
    empty = (await log.compact()).size_bytes
    await log.publish([said("image", "I", "saved", "x" * 1000) for _ in range(3000)])
    await heard(await log.consumer("group", ["image"]), 3000)
    after = await log.compact()
    assert after.dropped == 2999
    assert after.size_bytes < empty + 100_000
    await log.close()


async def test_dead_letters_go_past_their_term_but_the_last_and_stay_for_ever_without_one(
    tmp_path: Path,
) -> None:
    """Letters of earlier releases do not say when they were set aside: their event's time does."""

    async def dropped(term_d: float, days: float) -> int:
        log = EmbeddedEventLog(
            SqliteFile(tmp_path / "events.db"),
            keep=KeepSettings(dead_letters_d=term_d),
            clock=lambda: utc_now() + timedelta(days=days),
        )
        await log.open({"image.dlq": 1})
        gone = (await log.compact()).dropped
        await log.close()
        return gone

    log = EmbeddedEventLog(SqliteFile(tmp_path / "events.db"))
    await log.open({"image.dlq": 1})
    cause = Delivery(Partition("image", 0), 7, "acme/I", b"\xff", {"ce_type": "saved"})
    early = f'{{"time": "{format_time(utc_now() - timedelta(days=50))}"}}'.encode()
    await log.publish([Record("image.dlq", "acme/I", early, {}), *[dead(cause) for _ in range(3)]])
    await log.close()
    assert await dropped(0, 4000) == 0
    assert await dropped(90, 0) == 0
    assert await dropped(90, 41) == 1
    assert await dropped(90, 91) == 2
    assert await dropped(90, 91) == 0


def dead(delivery: Delivery) -> Record:
    return dead_letter(delivery, "gallery", ValueError("no"), 1)
