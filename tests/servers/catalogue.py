"""The three servers, each with its command, its configuration and its question "are you ready?"."""

import http.client
import secrets
import socket
import ssl
import struct
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.servers.brokers import Door, broker_settings
from tests.servers.installing import KAFKA, MINIO, MONGODB, install
from tests.servers.processes import ServerError, ServerProcess, free_port

# A fixed id: the folder is new for each broker, and a known id lets a restart skip the format step.
_CLUSTER_ID = "bG91cGUtdGVzdC1rYWZrYQ"


def kafka_server(
    folder: Path, *, port: int | None = None, door: Door | None = None
) -> tuple[ServerProcess, str]:
    """A KRaft broker and controller in one process, not yet started; open unless `door` locks it.

    Returns:
        The server and its bootstrap address.
    """
    port, door = port or free_port(), door or Door()
    address = f"127.0.0.1:{port}"
    jars = install(KAFKA)
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / "server.properties"
    classpath = ["java", "-Xmx768m", "-cp", f"{jars}/*"]
    if not properties.exists():
        inside = free_port(), free_port()
        settings = broker_settings(door, listen=address, address=address, inside=inside)
        settings["log.dirs"] = str(folder / "log")
        properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        _format_storage([*classpath, "kafka.tools.StorageTool"], properties)
    command = [*classpath, "-Dlog4j2.level=WARN", "kafka.Kafka", str(properties)]
    context = door.context
    server = ServerProcess("kafka", command, folder, lambda: kafka_answers(port, context))
    return server, address


def minio_server(folder: Path, *, port: int | None = None) -> tuple[ServerProcess, dict[str, str]]:
    """A MinIO on one folder with a user made up now, not yet started.

    Returns:
        The server and `{endpoint, access_key, secret_key}`.
    """
    port = port or free_port()
    binary = install(MINIO) / "minio"
    access = {
        "endpoint": f"127.0.0.1:{port}",
        "access_key": f"loupe{secrets.token_hex(4)}",
        "secret_key": secrets.token_urlsafe(24),
    }
    environment = {
        "MINIO_ROOT_USER": access["access_key"],
        "MINIO_ROOT_PASSWORD": access["secret_key"],
        "MINIO_BROWSER": "off",
        "MINIO_CI_CD": "1",  # lets a test machine use its root disk
    }
    command = [str(binary), "server", str(folder / "data"), "--address", access["endpoint"]]
    server = ServerProcess("minio", command, folder, lambda: minio_answers(port), environment)
    return server, access


def documents_server(folder: Path, *, port: int | None = None) -> tuple[ServerProcess, str]:
    """A MongoDB as a replica set of one member, not yet started.

    Returns:
        The server and its MongoDB URL.
    """
    port = port or free_port()
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    command = [str(install(MONGODB) / "mongod"), "--replSet", "rs0", "--dbpath", str(data)]
    command += ["--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"]
    # Its cache would take half of the machine; what is collected on exit would tell nobody here.
    command += ["--wiredTigerCacheSizeGB", "0.5", "--setParameter"]
    command += ["diagnosticDataCollectionEnabled=false"]
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    member = f"127.0.0.1:{port}"
    return ServerProcess("documents", command, folder, lambda: documents_answer(url, member)), url


def _format_storage(tool: list[str], properties: Path) -> None:
    command = [*tool, "format", "-t", _CLUSTER_ID, "-c", str(properties)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServerError(f"Kafka's storage could not be formatted: {done.stdout}{done.stderr}")


def kafka_answers(port: int, context: ssl.SSLContext | None = None) -> bool:
    """Send an ApiVersions request: the port is open long before requests are served."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with ExitStack() as stack:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 1))
            if context is not None:
                connection = stack.enter_context(
                    context.wrap_socket(connection, server_hostname="127.0.0.1")
                )
            connection.sendall(struct.pack(">i", len(request)) + request)
            return len(connection.recv(8)) == 8
    except OSError:
        return False


def minio_answers(port: int) -> bool:
    """Ask MinIO whether it can serve."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/minio/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def documents_answer(url: str, member: str = "localhost:27017") -> bool:
    """Ask whether writes are taken; make `member` of a set that is none yet its primary."""
    options = {"serverSelectionTimeoutMS": 500, "directConnection": True}
    try:
        with MongoClient[dict[str, Any]](url, **options) as client:
            hello = client.admin.command("hello")
            if hello.get("isreplicaset"):
                members = [{"_id": 0, "host": member}]
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            return bool(hello.get("isWritablePrimary"))
    except PyMongoError:
        return False
