"""Webhooks: what happened is told by signed messages, at least once, to those who wanted it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from services.workspace.adapters.receivers import Receivers
from services.workspace.domain.addresses import Allowed, networks_in
from services.workspace.domain.news import news_of
from services.workspace.domain.webhooks import MOST_TRIES, pause_s
from services.workspace.handlers import courier, deliveries
from services.workspace.handlers.courier import Courier
from services.workspace.handlers.deliveries import Deliveries
from services.workspace.handlers.webhooks import Webhooks
from services.workspace.repository import COLLECTIONS, DELIVERIES, WEBHOOKS, Delivery, Webhook
from shared.callers import Caller
from shared.contracts.envelope import EventBody, EventStamp, pack, unpack
from shared.contracts.model_events import ModelDeployed, TestRunCompleted
from shared.contracts.training_events import ReportCompleted, TrainingEnded
from shared.documents.port import EveryTenant, Query, Sort, TenantScope
from shared.errors import NotFound
from shared.hosting.stores import Stores
from shared.ids import new_id
from tests.running import until
from tests.unit.workspace.receiver import Message, Receiver, answer, receiving, verified

WHO = Caller("acme", "Ab12Cd34", "admin")
HERE = Allowed(networks_in("127.0.0.0/8"))
DEPLOYED = ModelDeployed(project_id="p", version="V1")


class Turned:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Post:
    """The post of a platform whose clock stands: webhooks, messages and who carries them."""

    def __init__(self, stores: Stores, receiver: Receiver) -> None:
        self.clock, self._stores, self._receiver = Turned(), stores, receiver
        self.deliveries = Deliveries(stores.documents, clock=self.clock)
        self.webhooks = Webhooks(stores.documents, self.deliveries, HERE, clock=self.clock)
        self.courier = self.another()

    def another(self) -> Courier:
        """Return who carries in another process."""
        receivers = Receivers.of(HERE, timeout_s=60)
        return Courier(
            self._stores.documents,
            self.deliveries,
            receivers,
            clock=self.clock,
            chance=lambda: 0.5,
        )

    async def webhook(self, *, tenant: str = "acme", name: str = "mes") -> Webhook:
        """Make a webhook that tells everything."""
        url = f"http://127.0.0.1:{self._receiver.port}/{name}"
        wanted = ("report.completed", "model.deployed", "test_run.completed", "training.failed")
        who = Caller(tenant, "Ab12Cd34", "admin")
        return await self.webhooks.make(who, name=name, url=url, events=wanted)

    async def hear(self, body: EventBody, *, tenant: str = "acme", subject: str = "s") -> None:
        """Have an event heard, as the consumer does."""
        (told,) = pack(
            [body], EventStamp(tenant=tenant, subject=subject, sequence=1, time=self.clock())
        )
        await self.deliveries.heard(unpack(type(body), told.value_bytes()))

    async def stored(self) -> list[Delivery]:
        """Return all messages, oldest first."""
        every = self._stores.documents.collection(DELIVERIES, EveryTenant())
        return await every.query(Query(sort=Sort("created_at")))


@asynccontextmanager
async def post(stores: Stores) -> AsyncIterator[tuple[Post, Receiver]]:
    await stores.open(COLLECTIONS)
    async with receiving() as receiver:
        yield Post(stores, receiver), receiver


def test_what_is_told_of_each_event_and_of_which_none() -> None:
    report = ReportCompleted.model_validate(ReportCompleted.example)
    told = news_of(report)
    assert told is not None
    assert told.data["average_detection_rate"] == 0.959
    assert "comparisons" not in told.data
    run = TestRunCompleted(project_id="p", test_run_id="r", version="V1", images=9, failed=1)
    told = news_of(run)
    assert told is not None
    assert (told.event, told.data) == ("test_run.completed", run.model_dump())
    failed = TrainingEnded(project_id="p", training_id="t", state="failed", reason="x" * 5000)
    told = news_of(failed)
    assert told is not None
    assert (told.event, len(told.data["reason"])) == ("training.failed", 4000)
    assert news_of(failed.model_copy(update={"state": "terminated"})) is None


async def test_an_event_arrives_signed_once_at_each_webhook_of_its_tenant_that_tells_it(
    stores: Stores,
) -> None:
    async with post(stores) as (mail, receiver):
        first, second = await mail.webhook(name="a"), await mail.webhook(name="b")
        await mail.webhook(tenant="other", name="foreign")
        only = await mail.webhook(name="reports")
        await mail.webhooks.change(WHO, only.id, {"events": ("report.completed",)}, expected=None)
        await mail.hear(DEPLOYED)
        await mail.hear(DEPLOYED)  # heard twice, told once
        while await mail.courier.step():
            pass
        assert sorted(came.line for came in receiver.came) == [
            "POST /a HTTP/1.1",
            "POST /b HTTP/1.1",
        ]
        for came in receiver.came:
            secret = (first if "/a" in came.line else second).secret
            body = verified(came, secret)
            assert body["data"] == {"project_id": "p", "version": "V1"}
            assert (body["type"], body["tenant"]) == ("model.deployed", "acme")
            assert int(came.headers["webhook-timestamp"]) == int(mail.clock().timestamp())
        assert len({came.headers["webhook-id"] for came in receiver.came}) == 1
        assert {one.state for one in await mail.stored()} == {"delivered"}


async def test_what_is_refused_is_sent_again_later_and_later_with_the_same_id_then_no_more(
    stores: Stores,
) -> None:
    async with post(stores) as (mail, receiver):
        webhook = await mail.webhook()
        receiver.say = lambda _: answer(503)
        await mail.hear(DEPLOYED)
        began = mail.clock.now
        waited = []
        while (message := (await mail.stored())[0]).state == "waiting":
            assert await mail.courier.step() == 1
            assert await mail.courier.step() == 0  # not before its time
            waited.append(((await mail.stored())[0].next_at - mail.clock.now).total_seconds())
            mail.clock.now = (await mail.stored())[0].next_at
        assert waited[:-1] == [5, 30, 300, 1800, 7200, 18_000, 36_000]
        assert mail.clock.now - began > timedelta(hours=17)
        assert len(receiver.came) == MOST_TRIES == 8
        assert len({came.headers["webhook-id"] for came in receiver.came}) == 1
        assert len({came.headers["webhook-timestamp"] for came in receiver.came}) == MOST_TRIES
        for came in receiver.came:
            verified(came, webhook.secret)
        assert (message.state, [tried.status for tried in message.latest]) == ("failed", [503] * 8)

        receiver.say = lambda _: answer(200)
        await mail.deliveries.replay(WHO, webhook.id, message.id)
        assert await mail.courier.step() == 1
        assert receiver.came[-1].headers["webhook-id"] == message.message_id
        assert receiver.came[-1].body == receiver.came[0].body
        (message,) = await mail.stored()
        assert (message.state, message.latest[-1].status) == ("delivered", 200)


async def test_what_a_kill_cuts_off_is_sent_again_after_its_lease_by_somebody_else(
    stores: Stores,
) -> None:
    async with post(stores) as (mail, receiver):
        await mail.webhook()
        await mail.hear(DEPLOYED)
        receiver.say = lambda _: None  # the answer never comes; then the process is no more
        dying = asyncio.create_task(mail.courier.step())
        await until(lambda: receiver.came)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        receiver.say = lambda _: answer(200)
        heir = mail.another()
        assert await heir.step() == 0
        mail.clock.now += timedelta(seconds=courier.LEASE_S)
        assert await heir.step() == 1
        first, second = receiver.came
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        (message,) = await mail.stored()
        assert (message.state, message.number, len(message.latest)) == ("delivered", 2, 1)


async def test_the_last_try_that_a_kill_cuts_off_ends_as_failed(stores: Stores) -> None:
    async with post(stores) as (mail, receiver):
        await mail.webhook()
        await mail.hear(DEPLOYED)
        (message,) = await mail.stored()
        mine = stores.documents.collection(DELIVERIES, TenantScope("acme"))
        await mine.change(message.id, lambda one: one.model_copy(update={"tries": MOST_TRIES}))
        await mail.courier.step()
        (message,) = await mail.stored()
        assert (message.state, message.latest[-1].trouble) == ("failed", "cut_off")
        assert receiver.came == []


async def test_who_comes_back_after_the_lease_writes_nothing_over_what_was_done_since(
    stores: Stores,
) -> None:
    async with post(stores) as (mail, receiver):
        await mail.webhook()
        await mail.hear(DEPLOYED)
        held: list[Message] = []

        def say(message: Message) -> bytes | None:
            held.append(message)
            return None if len(held) == 1 else answer(200)

        receiver.say = say
        slow = asyncio.create_task(mail.courier.step())
        await until(lambda: held)
        mail.clock.now += timedelta(seconds=courier.LEASE_S)
        assert await mail.another().step() == 1
        receiver.release.set()
        assert await slow == 1  # its own try was answered by 500, which is not what is told
        (message,) = await mail.stored()
        assert (message.state, [tried.status for tried in message.latest]) == ("delivered", [200])


async def test_of_many_who_carry_at_once_one_sends_a_message(stores: Stores) -> None:
    async with post(stores) as (mail, receiver):
        await mail.webhook()
        await mail.hear(DEPLOYED)
        await asyncio.gather(*(mail.another().step() for _ in range(20)))
        assert len(receiver.came) == 1


async def test_a_receiver_that_hangs_holds_up_no_other_tenant_and_no_other_webhook(
    stores: Stores,
) -> None:
    async with post(stores) as (mail, receiver):
        await mail.webhook(name="hangs")
        await mail.webhook(name="works")
        await mail.webhook(tenant="other", name="other")
        receiver.say = lambda message: None if "hangs" in message.line else answer(200)
        for number in range(50):
            await mail.hear(DEPLOYED, subject=f"s{number}")
        await mail.hear(DEPLOYED, tenant="other")
        carrying = asyncio.create_task(mail.courier.run())
        await until(lambda: sum("works" in came.line for came in receiver.came) == 50)
        await until(lambda: any("other" in came.line for came in receiver.came))
        assert sum("hangs" in came.line for came in receiver.came) == 1
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)


async def test_a_receiver_that_says_it_is_gone_gets_that_message_no_more(stores: Stores) -> None:
    async with post(stores) as (mail, receiver):
        await mail.webhook()
        receiver.say = lambda _: answer(410)
        await mail.hear(DEPLOYED)
        await mail.courier.step()
        (message,) = await mail.stored()
        assert (message.state, message.latest[-1].status) == ("failed", 410)


async def test_what_happened_before_a_webhook_was_made_is_not_told_to_it(stores: Stores) -> None:
    async with post(stores) as (mail, _):
        await mail.webhook()
        mail.clock.now -= timedelta(seconds=1)
        await mail.hear(DEPLOYED)
        assert await mail.stored() == []


async def test_one_that_is_off_tells_nothing_and_what_waits_for_it_fails(stores: Stores) -> None:
    async with post(stores) as (mail, receiver):
        webhook = await mail.webhook()
        await mail.hear(DEPLOYED)
        await mail.webhooks.change(WHO, webhook.id, {"is_on": False}, expected=None)
        await mail.hear(DEPLOYED, subject="another")
        await mail.courier.step()
        (message,) = await mail.stored()
        assert (message.state, message.latest[-1].trouble) == ("failed", "off")
        assert receiver.came == []


async def test_a_clock_that_was_ahead_for_a_while_loses_no_message(stores: Stores) -> None:
    async with post(stores) as (mail, receiver):
        await mail.webhook()
        mail.clock.now += timedelta(days=4000)
        await mail.hear(DEPLOYED)
        mail.clock.now -= timedelta(days=4000)
        assert await mail.courier.step() == 1
        assert len(receiver.came) == 1


async def test_the_log_keeps_what_waits_and_a_bounded_number_of_what_is_over(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "KEPT", 3)
    monkeypatch.setattr(deliveries, "MOST_WAITING", 5)
    async with post(stores) as (mail, receiver):
        await mail.webhook()
        for number in range(9):
            mail.clock.now += timedelta(seconds=1)
            await mail.hear(DEPLOYED, subject=f"s{number}")
            await mail.courier.step()
        assert len(receiver.came) == 9
        kept = await mail.stored()
        assert len(kept) == 4  # three that were over when the last one came, and that
        receiver.say = lambda _: answer(500)
        with capture_logs() as lines:
            for number in range(9):
                mail.clock.now += timedelta(seconds=1)
                await mail.hear(DEPLOYED, subject=f"t{number}")
        assert [line["event"] for line in lines] == ["webhook.full"] * 4
        found = [one.state for one in await mail.stored()]
        assert found == ["delivered"] * 3 + ["waiting"] * 5

        mail.clock.now += timedelta(days=31)
        await mail.deliveries.forget()
        assert [one.state for one in await mail.stored()] == ["waiting"] * 5


async def test_with_a_webhook_its_log_goes_and_what_a_kill_left_of_it(stores: Stores) -> None:
    async with post(stores) as (mail, receiver):
        webhook, kept = await mail.webhook(), await mail.webhook(name="kept")
        for number in range(3):
            await mail.hear(DEPLOYED, subject=f"s{number}")
        await mail.courier.step()
        mine = stores.documents.collection(WEBHOOKS, TenantScope("acme"))
        await mine.delete(await mine.get(webhook.id))  # the kill came right after this
        sent = len(receiver.came)
        assert await mail.courier.step() == 2  # all of it goes, and the other's is sent
        assert len(receiver.came) == sent + 1
        assert {one.webhook_id for one in await mail.stored()} == {kept.id}
        await mine.delete(await mine.get(kept.id))
        await mail.deliveries.forget()
        assert await mail.stored() == []
        last = await mail.webhook()
        await mail.hear(DEPLOYED, subject="last")
        await mail.webhooks.remove(WHO, last.id)
        assert await mail.stored() == []
        with pytest.raises(NotFound):
            await mail.webhooks.remove(WHO, last.id)


def test_tries_are_drawn_apart_by_a_fifth() -> None:
    assert (pause_s(1, 0.0), pause_s(1, 0.999)) == (4.0, 5.998)
    assert pause_s(MOST_TRIES, 0.5) is None


async def test_a_foreign_delivery_is_replayed_by_nobody(stores: Stores) -> None:
    async with post(stores) as (mail, _):
        webhook, second = await mail.webhook(), await mail.webhook(name="second")
        await mail.hear(DEPLOYED)
        (message, *_) = [one for one in await mail.stored() if one.webhook_id == webhook.id]
        stranger = Caller("other", "Ef56Gh78", "admin")
        for who, place in ((stranger, webhook.id), (WHO, second.id), (WHO, new_id())):
            with pytest.raises(NotFound):
                await mail.deliveries.replay(who, place, message.id)
