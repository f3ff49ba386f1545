"""What the event path tells: metrics also in an outage, and log lines that say whose it is."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from shared.contracts.envelope import Event, EventStamp, pack
from shared.contracts.image_events import ImageDeleted
from shared.documents.port import CollectionSpec, TenantScope
from shared.errors import DependencyDown, InvalidInput
from shared.events.dead_letters import replay
from shared.events.lifecycle import Lifecycle
from shared.events.port import Record
from shared.events.relay import Relay
from shared.hosting.stores import Stores
from shared.jobs.job import job_spec
from shared.jobs.queue import JobQueue
from shared.jobs.watch import watch_jobs
from shared.release import VERSION
from shared.telemetry import ContinuedTrace, configure, traceparent
from tests.running import until
from tests.unit.events.flow import (
    Outages,
    StruckLog,
    Thing,
    drain,
    letters,
    loop_of,
    opened,
    record,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Log as a service does; the fixture's value returns the lines so far."""
    configure("test")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root = logging.getLogger()
    for handler in [h for h in root.handlers if h.get_name() == "loupe-json"]:
        root.removeHandler(handler)


def metric(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


@contextlib.asynccontextmanager
async def running(coroutine: Any) -> Any:
    task = asyncio.create_task(coroutine)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_lag_is_the_sum_over_a_topics_partitions_of_this_member(stores: Stores) -> None:
    await opened(stores, partitions=4)
    await stores.events.publish([record(n) for n in range(20)])

    async def never(event: Event[ImageDeleted]) -> None:
        raise DependencyDown("asleep")

    async with running(loop_of(stores, never).run()):
        await until(lambda: metric("loupe_consumer_lag", group="svc", topic="image") == 20)

    async def handler(event: Event[ImageDeleted]) -> None:
        pass

    async with running(loop_of(stores, handler).run()):
        await until(lambda: metric("loupe_consumer_lag", group="svc", topic="image") == 0)


async def test_the_outbox_is_measured_while_nothing_can_be_published(stores: Stores) -> None:
    await opened(stores)
    things = CollectionSpec("depth.things", Thing)
    await stores.documents.open([things])
    gone = ImageDeleted(project_id="P", image_id="I")
    collection = stores.documents.collection(things, TenantScope("t"))
    for number in range(3):
        await collection.insert(Thing(id=f"T{number}", tenant="t"), events=[gone])
    outages = Outages({"publish": 1 << 30})
    log = StruckLog(stores.events, outages)
    relay = Relay(stores.documents, log, ["depth.things"], tell_every_s=0.0)
    async with running(relay.run()):
        await until(lambda: metric("loupe_outbox_depth", relay="depth") == 3)
        await collection.insert(Thing(id="T9", tenant="t"), events=[gone])
        await until(lambda: metric("loupe_outbox_depth", relay="depth") == 4)
        outages.left.clear()
        await until(lambda: metric("loupe_outbox_depth", relay="depth") == 0)


async def test_jobs_are_counted_by_state(stores: Stores) -> None:
    await stores.documents.open([job_spec("counted")])
    queue = JobQueue(stores.documents, "counted")
    for number in range(3):
        await queue.enqueue("t", "work", f"J{number}")
    await queue.claim(["work"], "worker")

    def counts() -> list[float | None]:
        states = ("queued", "running", "succeeded", "failed", "cancelled")
        return [metric("loupe_jobs", service="counted", state=state) for state in states]

    async with running(watch_jobs(stores.documents, "counted")):
        await until(lambda: counts() == [2, 1, 0, 0, 0])


async def test_the_line_of_a_dead_letter_says_whose_it_is(stores: Stores, lines: Lines) -> None:
    await opened(stores)
    body = ImageDeleted(project_id="P", image_id="I1")
    event = pack([body], EventStamp.of("t", "I1", 1, PARENT))[0]
    headers = event.headers()
    unreadable = Record("image", "u/I2", b"{", {**headers, "ce_id": "x"})
    await stores.events.publish(
        [Record("image", event.key, event.value_bytes(), headers), unreadable]
    )

    async def handler(event: Event[ImageDeleted]) -> None:
        raise InvalidInput("never")

    member = await stores.events.consumer("svc", ["image"])
    before = metric("loupe_dead_letters_total", service="svc", topic="image") or 0
    await drain(loop_of(stores, handler), member)
    await member.close()
    told = {line["event_id"]: line for line in lines() if line["event"] == "event.dead"}
    assert set(told) == {event.id, "x"}
    assert [told[event.id][name] for name in ("tenant", "trace_id", "service", "cause")] == [
        "t",
        TRACE,
        "svc",
        "never",
    ]
    assert (told["x"]["tenant"], told["x"]["trace_id"]) == ("u", TRACE)
    assert metric("loupe_dead_letters_total", service="svc", topic="image") == before + 2
    assert metric("loupe_handler_seconds_count", service="svc", type=event.type, outcome="dead")
    by_id = {letter["ce_id"]: letter for letter in await letters(stores)}
    assert by_id["x"]["dlq_version"] == VERSION
    assert len({letter["dlq_stack"] for letter in by_id.values()}) == 2


async def test_the_line_of_a_pause_says_whose_it_is(stores: Stores, lines: Lines) -> None:
    await opened(stores)
    await stores.events.publish([record(1)])

    async def handler(event: Event[ImageDeleted]) -> None:
        raise DependencyDown("asleep")

    member = await stores.events.consumer("svc", ["image"])
    await loop_of(stores, handler).step(member, timeout_s=1)
    await member.close()
    (line,) = [line for line in lines() if line["event"] == "partition.pauses"]
    assert (line["tenant"], line["event_id"]) == ("t", record(1).headers["ce_id"])
    assert (line["cause"], len(line["trace_id"])) == ("asleep", 32)


async def test_a_replay_leaves_a_line_for_each_letter_and_one_for_all(
    stores: Stores, lines: Lines
) -> None:
    await opened(stores)
    await stores.events.publish([record(1), record(2)])

    async def handler(event: Event[ImageDeleted]) -> None:
        raise InvalidInput("never")

    member = await stores.events.consumer("svc", ["image"])
    await drain(loop_of(stores, handler), member)
    await member.close()
    await replay(stores.events, "image", wanted=lambda d: d.key == "t/I1")
    told = [line for line in lines() if "replayed" in line["event"]]
    assert [line["event"] for line in told] == ["event.replayed", "events.replayed"]
    assert (told[0]["tenant"], told[0]["event_id"]) == ("t", record(1).headers["ce_id"])
    assert (told[1]["published"], told[1]["kept"], bool(told[1]["by"])) == (1, 1, True)


def test_lines_of_libraries_are_json_with_the_same_context(lines: Lines) -> None:
    with ContinuedTrace({"traceparent": PARENT}, "test", tenant="t"):
        logging.getLogger("aiokafka.consumer").error("heartbeat failed: %s", "why")
    (line,) = lines()
    assert line["event"] == "heartbeat failed: why"
    assert (line["logger"], line["level"]) == ("aiokafka.consumer", "error")
    assert (line["tenant"], line["trace_id"]) == ("t", TRACE)


@pytest.mark.parametrize("parent", ["", "00-x", PARENT.replace("-01", "-zz"), "00-" + "0" * 52])
def test_a_trace_that_is_missing_or_damaged_begins_anew(parent: str) -> None:
    with ContinuedTrace({"traceparent": parent}, "test"):
        begun = traceparent()
    assert len(begun) == 55
    assert TRACE not in begun
    assert traceparent() == ""


def test_a_trace_goes_on_with_a_span_of_its_own() -> None:
    with ContinuedTrace({"traceparent": PARENT}, "test"):
        assert traceparent().split("-")[1] == TRACE
        assert traceparent() != PARENT
        assert traceparent().endswith("-01")


async def test_an_outage_is_told_once(stores: Stores, lines: Lines) -> None:
    await opened(stores)
    life = Lifecycle()
    outages = Outages({"join": 3})

    async def handler(event: Event[ImageDeleted]) -> None:
        pass

    loop = loop_of(stores, handler, events=StruckLog(stores.events, outages), life=life)
    running = asyncio.create_task(loop.run())
    await until(lambda: outages.left["join"] == 0 and not life.silent())
    told = [line for line in lines() if line["event"] == "consumer.waits"]
    assert len(told) == 1
    life.stopping = True
    await running
