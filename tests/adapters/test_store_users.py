"""A user for each service on real MongoDB and MinIO: it does its work, and no other's."""

import io
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from minio import Minio
from minio.error import S3Error
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from services.gallery.app import build as gallery
from services.workspace.app import build as workspace
from services.workspace.app import upkeep_of
from services.workspace.settings import WorkspaceSettings
from shared.events.embedded import EmbeddedEventLog
from shared.events.port import EventLog
from shared.hosting.stores import Stores
from shared.settings import StoreSettings
from shared.sqlite import SqliteFile
from tests.running import running, until
from tests.servers import choosing
from tests.servers.installing import MONGODB, install, installed
from tests.servers.processes import ServerError, ServerProcess, free_port

DOCKER = Path(__file__).parents[2] / "docker"
RIGHTS: dict[str, Any] = json.loads((DOCKER / "access.json").read_text())
PASSWORDS = {name: secrets.token_hex(16) for name in RIGHTS}
HASH = "0" * 64

pytestmark = pytest.mark.servers


@dataclass(frozen=True)
class House:
    """Locked stores in which every service has its user."""

    url: str
    key: str
    endpoint: str
    bucket: str
    variables: dict[str, str]

    def documents(self, user: str, password: str = "") -> "MongoClient[dict[str, Any]]":
        whose = {"username": user, "password": password or PASSWORDS[user], "authSource": "loupe"}
        return MongoClient(self.url, serverSelectionTimeoutMS=4_000, **whose)

    def blobs(self, user: str) -> Minio:
        return Minio(self.endpoint, access_key=user, secret_key=PASSWORDS[user], secure=False)


def given(variables: dict[str, str]) -> None:
    """Run the program of the containers."""
    command = [sys.executable, str(DOCKER / "access.py")]
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def locked_mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URL and key of a MongoDB that lets only its users in; a set that is none yet."""
    if not installed(MONGODB):
        pytest.skip("mongod is not built: run `make servers-install`")
    folder, port, key = tmp_path_factory.mktemp("locked"), free_port(), secrets.token_hex(32)
    (folder / "data").mkdir()
    (folder / "key").write_text(key)
    (folder / "key").chmod(0o400)
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"

    def answers() -> bool:
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=500) as client:
            try:
                return bool(client.admin.command("hello")["ok"])
            except Exception:
                return False

    command = [str(install(MONGODB) / "mongod"), "--replSet", "rs0", "--dbpath"]
    command += [str(folder / "data"), "--bind_ip", "127.0.0.1", "--port", str(port)]
    command += ["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
    command += ["--auth", "--keyFile", str(folder / "key")]
    server = ServerProcess("locked", command, folder, answers)
    try:
        server.start()
    except ServerError as error:
        pytest.fail(str(error))
    yield url, key
    server.dispose()


@pytest.fixture(scope="module")
def house(locked_mongo: tuple[str, str], minio_access: choosing.Access) -> House:
    url, key = locked_mongo
    bucket = f"loupe-{secrets.token_hex(4)}"
    variables = {
        "LOUPE_MONGO_URL": url,
        "LOUPE_MONGO_KEY": key,
        "LOUPE_S3_ENDPOINT": minio_access.endpoint,
        "LOUPE_S3_BUCKET": bucket,
        "LOUPE_S3_ROOT_USER": minio_access.access_key,
        "LOUPE_S3_ROOT_PASSWORD": minio_access.secret_key,
        **{f"LOUPE_PASSWORD_{name.upper()}": word for name, word in PASSWORDS.items()},
    }
    given(variables)
    given(variables)  # after an update, say: what is there is brought up to date
    return House(url, key, minio_access.endpoint, bucket, variables)


def refused(error: Exception) -> bool:
    if isinstance(error, S3Error):
        return error.code == "AccessDenied"
    return isinstance(error, OperationFailure) and error.code in (13, 18)


@pytest.mark.parametrize("service", sorted(RIGHTS))
def test_a_service_keeps_its_documents_and_touches_no_others(house: House, service: str) -> None:
    with house.documents(service) as client:
        for owner, rights in RIGHTS.items():
            for name in rights["collections"]:
                collection = client["loupe"][name]
                if owner == service:
                    collection.insert_one({"_id": "a"})
                    assert collection.find_one({"_id": "a"}) == {"_id": "a"}
                    collection.create_index([("b", 1)], name="loupe-b")
                    assert "loupe-b" in collection.index_information()
                    collection.drop_index("loupe-b")
                    collection.delete_one({"_id": "a"})
                    continue
                writes: list[Any] = [
                    lambda c=collection: c.insert_one({"_id": "x"}),
                    lambda c=collection: c.delete_many({}),
                    lambda c=collection: c.update_many({}, {"$set": {"a": 1}}),
                    lambda c=collection: c.drop(),
                ]
                if service != "workspace":
                    writes.append(lambda c=collection: c.find_one())
                for write in writes:
                    with pytest.raises(OperationFailure) as caught:
                        write()
                    assert refused(caught.value), (owner, name)
        more: list[dict[str, Any]] = [
            {"usersInfo": 1},
            {"dropDatabase": 1},
            {"createUser": "x", "pwd": "y", "roles": []},
        ]
        for command in more:
            with pytest.raises(OperationFailure) as caught:
                client["loupe"].command(command)
            assert refused(caught.value), command


def test_nobody_reads_documents_without_a_user_or_with_anothers_password(house: House) -> None:
    with MongoClient[dict[str, Any]](house.url) as client, pytest.raises(OperationFailure) as none:
        client["loupe"]["workspace.api_keys"].find_one()
    assert refused(none.value)
    wrong = house.documents("gallery", PASSWORDS["trainer"])
    with wrong as client, pytest.raises(OperationFailure) as other:
        client["loupe"]["gallery.images"].find_one()
    assert refused(other.value)


def put(client: Minio, bucket: str, key: str) -> None:
    client.put_object(bucket, key, io.BytesIO(b"x"), 1)


@pytest.mark.parametrize("service", sorted(RIGHTS))
def test_a_service_reaches_the_blobs_that_it_works_with_and_nothing_else(
    house: House, service: str
) -> None:
    client, bucket = house.blobs(service), house.bucket
    folders = {"uploads": "gallery", "trainings": "trainer"}
    for folder, owner in folders.items():
        put(house.blobs(owner), bucket, f"t/acme/P/{folder}/one")
    put(house.blobs("gallery"), bucket, f"t/acme/P/{HASH}")
    assert client.stat_object(bucket, f"t/acme/P/{HASH}").size == 1
    assert [one.object_name for one in client.list_objects(bucket, f"t/acme/P/{HASH}")]
    with pytest.raises(S3Error, match="NoSuchKey"):
        client.get_object(bucket, "t/acme/P/none")
    forbidden: list[Any] = [
        lambda: put(client, bucket, "elsewhere"),
        lambda: client.make_bucket(f"{bucket}-more"),
        lambda: client.remove_bucket(bucket),
        lambda: client.delete_bucket_policy(bucket),
    ]
    for folder, owner in folders.items():
        if service not in (owner, "workspace"):
            forbidden.append(lambda f=folder: client.get_object(bucket, f"t/acme/P/{f}/one"))
            forbidden.append(lambda f=folder: put(client, bucket, f"t/acme/P/{f}/two"))
    if service == "workspace":
        forbidden.append(lambda: put(client, bucket, f"t/acme/P/{HASH}"))
    else:
        put(client, bucket, f"t/acme/P/{service}")
    for attempt in forbidden:
        with pytest.raises(S3Error) as caught:
            attempt()
        assert refused(caught.value), caught.value


def stores_of(house: House, name: str, events: EventLog) -> Stores:
    """The stores as the service sees them, beside an event log without users."""
    settings = StoreSettings(
        stores="cluster",
        mongo_url=house.url,
        s3_endpoint=house.endpoint,
        s3_bucket=house.bucket,
        store_user=name,
        store_password=PASSWORDS[name],
    )
    return replace(Stores.of(settings), events=events)


async def test_services_work_with_their_own_users_alone(house: House, tmp_path: Path) -> None:
    """A project made by the workspace, images taken in by the gallery, a round of upkeep."""
    events = EmbeddedEventLog(SqliteFile(tmp_path / "events.db"))
    offices, hall = stores_of(house, "workspace", events), stores_of(house, "gallery", events)
    photos = [cv2.imencode(".png", noise(side))[1].tobytes() for side in (64, 2600)]
    assert len(photos[1]) > 17 << 20  # more than one part of S3's
    async with running(offices, [workspace(offices)]) as w, running(hall, [gallery(hall)]) as g:
        wish = {"name": f"with users {HASH[:4]}", "task": "detection"}
        made = await w.client.post("/api/workspace/projects", json=wish)
        assert made.status_code == 201, made.text
        images = f"/api/gallery/projects/{made.json()['id']}/images"

        async def known() -> bool:
            return (await g.client.get(images)).status_code == 200

        await until(known)
        files = [("files", (f"{n}.png", data)) for n, data in enumerate(photos)]
        taken = await g.client.post(images, files=files)
        assert taken.status_code == 201, taken.text
        for listed in (await g.client.get(images)).json()["items"]:
            kept = await g.client.get(f"{images}/{listed['id']}/content?original=true")
            assert kept.content in photos
        await upkeep_of(offices, WorkspaceSettings()).round()
        deleted = await w.client.delete(f"/api/workspace/projects/{made.json()['id']}")
        assert deleted.status_code == 204, deleted.text

        async def cleared() -> bool:
            return [blob async for blob in hall.blobs.walk(f"t/default/{made.json()['id']}/")] == []

        await until(cleared)
    for stores in (offices, hall):
        await stores.documents.close()
        await stores.blobs.close()
    await events.close()


def noise(side: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
