"""The health checks of the stores' images, asked of real servers."""

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pymongo import MongoClient

from tests.servers.catalogue import documents_server
from tests.servers.choosing import Access, source

ROOT = Path(__file__).parents[2]
COMPOSED = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def check(script: str, port: int | str) -> bool:
    command = ["bash", "-c", script, "healthy", str(port)]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0


@pytest.mark.servers
@pytest.mark.parametrize("name", ["kafka", "documents", "minio"])
def test_a_store_that_serves_is_healthy_and_another_is_not(
    name: str, kafka_address: str, mongo_url: str, minio_access: Access, deaf_port: int
) -> None:
    script = (ROOT / "docker" / name / "healthy.sh").read_text()
    addresses = {"kafka": kafka_address, "documents": mongo_url, "minio": minio_access.endpoint}
    (port,) = re.findall(r":(\d+)", addresses[name])
    assert check(script, port)
    assert not check(script, deaf_port)
    if name == "kafka":
        composed = COMPOSED["kafka"]["healthcheck"]["test"][-1].replace("$$", "$")
        assert check(composed.replace("9092", port), "")
        assert not check(composed.replace("9092", str(deaf_port)), "")


@pytest.mark.servers
def test_the_first_look_at_a_document_store_makes_it_a_replica_set_of_one(tmp_path: Path) -> None:
    if source() != "programs":
        pytest.skip("the composed image is looked at by its own container's engine")
    script = (ROOT / "docker" / "documents" / "healthy.sh").read_text()
    store, url = documents_server(tmp_path)
    (port,) = re.findall(r":(\d{5})", url)
    looks: list[bool] = []

    def look() -> bool:
        looks.append(check(script, port))
        return looks[-1]

    store.is_ready = look
    store.start()
    try:
        with MongoClient[dict[str, Any]](url) as client:
            status = client.admin.command("replSetGetStatus")
        assert [member["stateStr"] for member in status["members"]] == ["PRIMARY"]
        assert looks[0] is False
    finally:
        store.dispose()
