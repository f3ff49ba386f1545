"""Events whose project is deleted while they are on their way: nobody misses what they brought."""

import pytest

from shared.contracts.envelope import Event, EventStamp, pack, unpack
from shared.contracts.image_events import ImageDeleted
from shared.contracts.project_events import ProjectCreated, ProjectDeleted
from shared.errors import NotFound
from shared.events.consumer import ConsumerLoop
from shared.events.subscriptions import on
from shared.hosting.stores import Stores
from shared.projects.directory import Deletions, ProjectDirectory, projects_spec
from tests.unit.events.flow import QUICK, drain, letters, opened, record


class Directory:
    """The projects that service `svc` has heard of: at first, that P lives."""

    def __init__(self, stores: Stores) -> None:
        self._documents = stores.documents
        self._lines = ProjectDirectory(stores.documents, "svc").subscriptions()
        self.ignores = Deletions(stores.documents, "svc").concern

    async def hear(self, body: ProjectCreated | ProjectDeleted, sequence: int) -> None:
        event = pack([body], EventStamp.of("t", "P", sequence))[0]
        (handler,) = [line.handler for line in self._lines if line.event is type(body)]
        await handler(unpack(type(body), event.value_bytes()))


async def directory_of(stores: Stores) -> Directory:
    await opened(stores)
    await stores.documents.open([projects_spec("svc")])
    directory = Directory(stores)
    await directory.hear(ProjectCreated(project_id="P", name="pins", task="detection"), 1)
    return directory


@pytest.mark.parametrize("failure", [NotFound("no project P"), RuntimeError("a defect")])
@pytest.mark.parametrize("deleted", [True, False])
async def test_what_fails_because_its_project_went_is_no_dead_letter(
    stores: Stores, failure: Exception, *, deleted: bool
) -> None:
    directory = await directory_of(stores)

    async def handler(event: Event[ImageDeleted]) -> None:
        if deleted:
            await directory.hear(ProjectDeleted(project_id="P"), 2)
        raise failure

    await stores.events.publish([record(1)])
    loop = ConsumerLoop(
        "svc",
        (on(ImageDeleted, handler),),
        events=stores.events,
        documents=stores.documents,
        limits=QUICK,
        ignores=directory.ignores,
    )
    consumer = await stores.events.consumer("svc", ["image"])
    await drain(loop, consumer)
    assert sum((await consumer.uncommitted()).lag.values()) == 0
    await consumer.close()
    assert len(await letters(stores)) == (0 if deleted else 1)
