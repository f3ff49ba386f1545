"""Tests take their servers from containers where all images are at hand, else from programs."""

import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from tests.servers.brokers import Door, as_variables, broker_settings
from tests.servers.choosing import NoServers, source
from tests.servers.containers import IMAGES, images_at_hand
from tests.servers.installing import MINIO
from tests.servers.processes import free_port


class Engine(http.server.BaseHTTPRequestHandler):
    """As much of a Docker engine as is asked: its version, and which images it holds."""

    images: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        name = self.path.partition("/images/")[2].removesuffix("/json")
        found = self.path == "/version" or name in self.images
        body = {"ApiVersion": "1.44", "Id": "sha256:0"} if found else {"message": "no such image"}
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Engine]]:
    """A Docker engine without images."""
    handler = type("OneEngine", (Engine,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_engine_counts_when_it_holds_all_images(engine: type[Engine]) -> None:
    assert not images_at_hand()
    engine.images = frozenset(list(IMAGES.values())[1:])
    assert not images_at_hand()
    engine.images = frozenset(IMAGES.values())
    assert images_at_hand()


def test_no_engine_holds_no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
    assert not images_at_hand()


def test_containers_come_first_then_programs_then_nothing() -> None:
    assert source(at_hand=lambda: True, is_installed=lambda _: True) == "containers"
    assert source(at_hand=lambda: True, is_installed=lambda _: False) == "containers"
    assert source(at_hand=lambda: False, is_installed=lambda _: True) == "programs"
    with pytest.raises(NoServers, match="make servers"):
        source(at_hand=lambda: False, is_installed=lambda program: program != MINIO)


def test_a_container_has_the_same_settings_as_a_program() -> None:
    settings = broker_settings(Door(), listen=":9092", address="127.0.0.1:7", inside=(1, 2))
    variables = as_variables(settings)
    assert len(variables) == len(settings)
    assert variables["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert variables["KAFKA_ADVERTISED_LISTENERS"].startswith("PLAINTEXT://127.0.0.1:7,")
