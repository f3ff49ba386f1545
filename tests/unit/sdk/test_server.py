"""The SDK's server gives the platform's answer, to many at once, and refuses in words."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from services.inference.api.schemas import PredictionResponse
from shared.contracts.result_shapes import to_shapes
from shared.runtime.image_limits import MAX_FILE_BYTES
from shared.runtime.images import decode_rgb
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.table import TASKS
from shared.sdk import Model
from shared.sdk.bundle import MANIFEST, MODEL, Bundle
from shared.sdk.server import MOST_CONNECTIONS, Server
from tests.unit.inference.exporting import pictures
from tests.unit.sdk.bundles import bundle_of


def serving(bundle: Bundle) -> Iterator[httpx.Client]:
    address = ("127.0.0.1", 0)
    with Server(Model.load(bundle), project_id="P", address=address) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as client:
                yield client
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    yield from serving(bundle_of())


@pytest.mark.parametrize("task", TASKS)
def test_the_answer_is_the_platforms(task) -> None:
    bundle = bundle_of(task)
    manifest = ModelManifest.from_json(bundle.files[MANIFEST])
    platform = Predictor(manifest, OnnxSession(bundle.files[MODEL]))
    file = pictures(2)[1]
    height, width, _ = decode_rgb(file).shape
    wanted = to_shapes("1", platform.predict(decode_rgb(file)), manifest.labels)
    assert wanted
    for client in serving(bundle):
        raw = client.post("/predictions", content=file, params={"name": "a.png"})
        form = client.post("/predictions", files={"file": ("a.png", file, "image/png")})
        for response in (raw, form):
            assert response.status_code == 200
            assert set(response.json()) == set(PredictionResponse.model_fields)
            answer = PredictionResponse.model_validate(response.json())
            assert [one.model_copy(update={"id": ""}) for one in answer.shapes] == [
                one.model_copy(update={"id": ""}) for one in wanted
            ]
            assert len({one.id for one in answer.shapes}) == len(wanted)
            assert (answer.name, answer.project_id, answer.width, answer.height) == (
                "a.png", "P", width, height,
            )  # fmt: skip
            assert answer.threshold == manifest.threshold


def test_it_says_what_its_model_is(client) -> None:
    said = client.get("/model").json()
    model = Model.load(bundle_of())
    assert (said["task"], said["labels"], said["threshold"], said["project_id"]) == (
        "detection", list(model.labels), model.threshold, "P",
    )  # fmt: skip


def test_the_threshold_is_a_field_and_a_parameter(client) -> None:
    file = pictures(2)[1]
    few = client.post("/predictions", content=file, params={"threshold": "0.3"}).json()
    many = client.post("/predictions", files={"file": file}, data={"threshold": "0.02"}).json()
    assert (few["threshold"], many["threshold"]) == (0.3, 0.02)
    assert 0 < len(few["shapes"]) < len(many["shapes"])


@pytest.mark.parametrize("sent", ["划痕 1.png", "=?utf-8?B?5YiS55eVIDEucG5n?="])
def test_a_file_of_a_form_keeps_its_name_in_any_language(client, sent) -> None:
    answer = client.post("/predictions", files={"file": (sent, pictures(1)[0])}).json()
    assert answer["name"] == "划痕 1.png"


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"params": {"treshold": "0.3"}, "content": pictures(1)[0]}, 422, "treshold"),
        ({"params": {"threshold": "2"}, "content": pictures(1)[0]}, 422, "from 0 to 1"),
        ({"params": {"threshold": "nan"}, "content": pictures(1)[0]}, 422, "from 0 to 1"),
        ({"content": b""}, 422, "image is missing"),
        ({"data": {"threshold": "0.3"}, "files": {"picture": b"x"}}, 422, "picture"),
        ({"content": b"GIF89a"}, 422, "cannot be read"),
        ({"content": pictures(1)[0][:300]}, 422, "ends too early"),
        ({"content": iter([b"x"])}, 411, "Content-Length"),
        (
            {"content": b"--b\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            422,
            "ends too early",
        ),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 422, "boundary"),
    ],
)
def test_what_is_wrong_is_said(client, asked, status, says) -> None:
    refused = client.post("/predictions", **asked)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["status"] == status
    assert says in refused.json()["detail"]
    assert client.post("/predictions", content=pictures(1)[0]).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/model"), ("PUT", "/model")])
def test_there_is_nothing_else(client, method, path) -> None:
    refused = client.request(method, path)
    assert refused.status_code in (404, 501)
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_body_over_the_bound_is_refused_before_it_is_read(client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        head = f"POST /predictions HTTP/1.1\r\nHost: a\r\nContent-Length: {2 * MAX_FILE_BYTES}\r\n"
        connection.sendall(head.encode() + b"\r\nfirst bytes")
        assert connection.recv(64).startswith(b"HTTP/1.1 413 ")


def test_many_at_once_get_what_one_alone_gets(client) -> None:
    files = pictures(4) * 4
    alone = [client.post("/predictions", content=file).json()["shapes"] for file in files]
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda file: client.post("/predictions", content=file).json(), files)
        for one, other in zip(alone, together, strict=True):
            assert [{**shape, "id": ""} for shape in one] == [
                {**shape, "id": ""} for shape in other["shapes"]
            ]


def test_who_comes_when_all_places_are_taken_is_told_so(client) -> None:
    address = (client.base_url.host, client.base_url.port)
    held = [socket.create_connection(address) for _ in range(MOST_CONNECTIONS)]
    try:
        with socket.create_connection(address) as late:
            assert late.recv(1024).startswith(b"HTTP/1.1 503 ")
    finally:
        for connection in held:
            connection.close()
    tries = (client.get("/model") for _ in range(1000))
    assert any(one.status_code == 200 for one in tries)


def test_a_connection_that_got_no_thread_keeps_no_place(client, monkeypatch) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as machine:
        machine.setattr(threading.Thread, "start", refused)
        for _ in range(MOST_CONNECTIONS):
            with pytest.raises(httpx.TransportError):
                client.get("/model")
    assert client.get("/model").status_code == 200
