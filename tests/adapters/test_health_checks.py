"""The health checks of the stores' images, asked of real servers."""

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.servers.choosing import Access

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
