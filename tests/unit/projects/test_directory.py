"""The directory of projects keeps the newest, whatever the order of events."""

import itertools
from typing import Any

import pytest

from shared.contracts.envelope import Event, EventBody, EventStamp, pack, unpack
from shared.contracts.image_events import ImageDeleted
from shared.contracts.project_events import ProjectCreated, ProjectDeleted, ProjectUpdated
from shared.errors import NotFound
from shared.events.subscriptions import Subscription
from shared.hosting.stores import Stores
from shared.projects.directory import Deletions, ProjectDirectory, projects_spec

CREATED = ProjectCreated(project_id="P", name="old", task="detection")
RENAMED = ProjectUpdated(project_id="P", name="new")


async def deliver(table: tuple[Subscription, ...], body: EventBody, sequence: int) -> None:
    packed = pack([body], EventStamp.of("t", "P", sequence))[0]
    for subscription in table:
        if subscription.event is type(body):
            await subscription.handler(unpack(type(body), packed.value_bytes()))


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1, 0, 1])))
async def test_any_order_ends_in_the_newest_name(stores: Stores, order: tuple[int, ...]) -> None:
    await stores.documents.open([projects_spec("x")])
    directory = ProjectDirectory(stores.documents, "x", wait_s=0)
    history = [(CREATED, 1), (RENAMED, 2)]
    for index in order:
        await deliver(directory.subscriptions(), *history[index])
    view = await directory.require("t", "P")
    assert (view.name, view.task, view.known) == ("new", "detection", True)


async def test_a_deleted_project_stays_deleted_when_its_creation_comes_late(
    stores: Stores,
) -> None:
    await stores.documents.open([projects_spec("x")])
    directory = ProjectDirectory(stores.documents, "x", wait_s=0)
    await deliver(directory.subscriptions(), ProjectDeleted(project_id="P"), 3)
    await deliver(directory.subscriptions(), CREATED, 1)
    with pytest.raises(NotFound):
        await directory.require("t", "P")


async def test_another_tenant_does_not_see_it(stores: Stores) -> None:
    await stores.documents.open([projects_spec("x")])
    directory = ProjectDirectory(stores.documents, "x", wait_s=0)
    await deliver(directory.subscriptions(), CREATED, 1)
    with pytest.raises(NotFound):
        await directory.require("other", "P")


async def test_events_of_a_deleted_project_are_told_from_all_others(stores: Stores) -> None:
    await stores.documents.open([projects_spec("x")])
    directory = ProjectDirectory(stores.documents, "x", wait_s=0)
    await deliver(directory.subscriptions(), CREATED, 1)

    def said(body: EventBody) -> Event[Any]:
        return unpack(type(body), pack([body], EventStamp.of("t", "I", 1))[0].value_bytes())

    gone = ImageDeleted(project_id="P", image_id="I")
    other = ImageDeleted(project_id="Q", image_id="I")
    assert not await Deletions(stores.documents, "x").concern(said(gone))
    await deliver(directory.subscriptions(), ProjectDeleted(project_id="P"), 2)
    deletions = Deletions(stores.documents, "x")
    assert await deletions.concern(said(gone))
    assert not await deletions.concern(said(other))
    assert not await deletions.concern(said(ProjectDeleted(project_id="P")))


async def test_a_project_that_was_alive_a_moment_ago_is_looked_up_where_it_matters(
    stores: Stores,
) -> None:
    await stores.documents.open([projects_spec("x")])
    directory = ProjectDirectory(stores.documents, "x", wait_s=0)
    deletions = Deletions(stores.documents, "x")
    packed = pack([ImageDeleted(project_id="P", image_id="I")], EventStamp.of("t", "I", 1))[0]
    event = unpack(ImageDeleted, packed.value_bytes())
    assert not await deletions.concern(event)
    await deliver(directory.subscriptions(), ProjectDeleted(project_id="P"), 2)
    assert not await deletions.concern(event), "which spares a read an event"
    assert await deletions.concern(event, now=True)
