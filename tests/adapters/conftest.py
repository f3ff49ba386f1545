"""Every port's suite runs on both adapters: the embedded one and the real one on a real server."""

import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from shared.blobs.port import Blobs
from shared.documents.embedded import EmbeddedDocuments
from shared.documents.mongo import MongoDocuments
from shared.documents.port import Collection, Documents
from shared.events.embedded import EmbeddedEventLog
from shared.events.kafka import KafkaEventLog
from shared.events.port import EventLog
from shared.events.progress import progress_spec
from shared.hosting.stores import Stores, with_dead_letters
from shared.jobs.job import job_spec
from shared.jobs.queue import JobQueue
from shared.settings import KafkaSecurity, StoreSettings
from shared.sqlite import SqliteFile
from tests.adapters.counting import COUNTERS, SEEN, Counted, Flow
from tests.adapters.stores import blobs_of
from tests.adapters.things import ACME, THINGS, Thing
from tests.servers import choosing
from tests.servers.choosing import Access, NoServers, Server
from tests.servers.running import running
from tests.turning import Time

T = TypeVar("T")

real = pytest.mark.servers
STORES = ["embedded", pytest.param("real", marks=real)]


def _start(make: Callable[[Path], tuple[Server, T]], folder: Path) -> tuple[Server, T]:
    try:
        server, address = make(folder)
    except NoServers as reason:
        if choosing.required():
            pytest.fail(str(reason))
        pytest.skip(str(reason))
    server.start()
    return server, address


@pytest.fixture(scope="session")
def kafka_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a broker that no test stops."""
    if known := running():
        yield known["LOUPE_TEST_KAFKA"]
        return
    server, address = _start(choosing.kafka, tmp_path_factory.mktemp("kafka"))
    yield address
    server.dispose()


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A broker that this test may stop, and its address."""
    server, address = _start(choosing.kafka, tmp_path / "kafka")
    yield server, address
    server.dispose()


@pytest.fixture
def locked_kafka(tmp_path: Path) -> Iterator[tuple[str, KafkaSecurity]]:
    """A broker with TLS that asks for a user: its address and how to be let in."""
    server, address = _start(choosing.locked_kafka, tmp_path / "locked")
    yield address
    server.dispose()


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a document store that no test stops."""
    if known := running():
        yield known["LOUPE_TEST_MONGO_URL"]
        return
    server, url = _start(choosing.documents, tmp_path_factory.mktemp("documents"))
    yield url
    server.dispose()


@pytest.fixture(scope="session")
def minio_access(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Access]:
    """A MinIO that no test stops."""
    if known := running():
        yield Access(
            known["LOUPE_TEST_MINIO_ENDPOINT"],
            known["LOUPE_TEST_MINIO_ACCESS_KEY"],
            known["LOUPE_TEST_MINIO_SECRET_KEY"],
        )
        return
    folder = tmp_path_factory.mktemp("minio")
    server, access = _start(choosing.minio, folder)
    yield access
    server.dispose()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=STORES)
async def documents(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Documents]:
    """An empty document store of either kind; the test opens it."""
    store: Documents
    if request.param == "embedded":
        store = EmbeddedDocuments(SqliteFile(tmp_path / "documents.sqlite"))
    else:
        url = request.getfixturevalue("mongo_url")
        store = MongoDocuments(url, f"test_{uuid.uuid4().hex[:12]}")
    yield store
    await store.close()


@pytest.fixture(params=STORES)
async def events(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventLog]:
    """An event log of either kind, connected; topics are made by the test."""
    log: EventLog
    if request.param == "embedded":
        log = EmbeddedEventLog(SqliteFile(tmp_path / "events.sqlite"))
    else:
        log = KafkaEventLog(request.getfixturevalue("kafka_address"))
    await log.open({})
    yield log
    await log.close()


@pytest.fixture(params=STORES)
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Blobs]:
    """An empty blob store of either kind, connected."""
    access: tuple[str, ...] = ()
    if request.param == "real":
        known: Access = request.getfixturevalue("minio_access")
        access = (known.endpoint, known.access_key, known.secret_key)
    store = blobs_of(request.param, tmp_path, access)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def things(documents: Documents) -> Collection[Thing]:
    """A collection of things in an open store."""
    await documents.open([THINGS])
    return documents.collection(THINGS, ACME)


@pytest.fixture
async def topic(events: EventLog) -> str:
    """A fresh topic with four partitions."""
    name = f"thing-{uuid.uuid4().hex[:10]}"
    await events.open({name: 4})
    return name


@pytest.fixture(params=STORES)
async def flow(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Flow]:
    """One deployment on either kind of stores, with a topic and a group of its own."""
    kind = request.param
    settings: dict[str, Any] = {"stores": "embedded", "data": tmp_path / "data"}
    if kind == "real":
        settings = {
            "stores": "cluster",
            "kafka_servers": request.getfixturevalue("kafka_address"),
            "mongo_url": request.getfixturevalue("mongo_url"),
            "mongo_database": f"test_{uuid.uuid4().hex[:10]}",
        }
    stores = Stores.of(StoreSettings(**settings))
    name = f"counter{uuid.uuid4().hex[:8]}"
    counted = type("Counted", (Counted,), {"topic": name, "__module__": __name__})
    service = f"svc{uuid.uuid4().hex[:8]}"
    await stores.documents.open([COUNTERS, SEEN, progress_spec(service)])
    await stores.events.open(with_dead_letters({name: 3}))
    yield Flow(stores.documents, stores.events, counted, service)
    await stores.events.close()
    await stores.documents.close()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def queue(documents: Documents, time: Time) -> JobQueue:
    await documents.open([job_spec("svc")])
    return JobQueue(documents, "svc", clock=time)
