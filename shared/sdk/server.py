"""A small HTTP server in front of one model, for a machine on the line.

``POST /predictions`` takes an image file, as the body or as the field ``file`` of a form, and gives
the platform's answer; ``GET /model`` says what the model is. Errors are problem details (RFC 9457).
"""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_WR, socket
from typing import Any
from urllib.parse import urlsplit

from shared.runtime.image_limits import MAX_FILE_BYTES, check_cost, check_sides
from shared.sdk.exchange import Refused, Wanted, answer_of
from shared.sdk.model import Model
from shared.vision.headers.header import HeaderError
from shared.vision.headers.sniff import read_header

MOST_CONNECTIONS = 32
SILENCE_S = 30.0  # a connection that says nothing for so long is closed
_FORM_BYTES = 64 << 10  # what a form may have around its file
_READ_BYTES = 1 << 16
_MOST_READS = 4 * MAX_FILE_BYTES // _READ_BYTES
_PROBLEM = "application/problem+json"
_FULL_BODY = f'{{"status": 503, "detail": "{MOST_CONNECTIONS} connections are open already"}}'
_FULL = (
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    f"Content-Type: {_PROBLEM}\r\nContent-Length: {len(_FULL_BODY)}\r\n\r\n{_FULL_BODY}"
).encode()


Connection = socket | tuple[bytes, socket]
"""As `socketserver` hands them on."""


class Server(ThreadingHTTPServer):
    """Answers for one model until :meth:`shutdown`; each connection has a thread.

    At most `MOST_CONNECTIONS` stand at a time, the others are told to come again; as many images
    are decoded and predicted at once as the process has cores. Nobody is asked who he is: let it
    listen on the machine itself, or behind a proxy that asks.

    Args:
        model: The model.
        project_id: Of the platform's project, for the answers.
        address: Host and port; port 0 takes a free one, see ``server_port``.
    """

    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, model: Model, *, project_id: str, address: tuple[str, int]) -> None:
        self.model = model
        self.project_id = project_id
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._turns = threading.BoundedSemaphore(os.cpu_count() or 1)
        super().__init__(address, _Handler)

    def process_request(self, request: Connection, client_address: object) -> None:
        """Serve a connection in a thread of its own while there is a place for it."""
        if not self._places.acquire(blocking=False):
            if isinstance(request, socket):
                _turn_away(request)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the machine has no thread for it
            self._places.release()
            raise

    def process_request_thread(self, request: Connection, client_address: object) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Connection, client_address: object) -> None:
        """Say what went wrong with a connection, but not that its client went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def answer(self, wanted: Wanted) -> dict[str, Any]:
        """Predict; raise Refused for what is no image of the model's."""
        with self._turns:
            try:
                header = read_header(wanted.image)
                check_cost(header)
                check_sides(*header.upright_size, least=(1, 1))
                found = self.model.predict(wanted.image, threshold=wanted.threshold)
            except HeaderError as error:
                raise Refused(422, f"the image cannot be read: {error.detail}") from error
            except ValueError as error:  # also of images that cannot be read
                raise Refused(422, str(error)) from error
        return answer_of(self.model, found, name=wanted.name, project_id=self.project_id)


def _turn_away(connection: socket) -> None:
    connection.settimeout(1.0)
    with contextlib.suppress(OSError):  # it went by itself
        connection.sendall(_FULL)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "loupe-sdk"
    sys_version = ""
    timeout = SILENCE_S

    def do_GET(self) -> None:
        """Say what the model is."""
        self._respond(self._model)

    def do_POST(self) -> None:
        """Predict one image."""
        self._respond(self._prediction)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a line's camera asks many times a second."""

    def _respond(self, make: Callable[[], dict[str, Any]]) -> None:
        try:
            status, kind, values = 200, "application/json", make()
        except Refused as error:
            status, kind = error.status, _PROBLEM
            values = {"status": status, "detail": error.detail}
            self.close_connection = True  # the rest of its body may still be on its way
        except Exception as error:  # of the model: the next image may be well
            status, kind = 500, _PROBLEM
            values = {"status": status, "detail": f"the model failed: {error}"}
        self._send(status, kind, values)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request of HTTP, or of a method that is none of these."""
        self.close_connection = True
        detail = message or explain or HTTPStatus(code).phrase
        self._send(code, _PROBLEM, {"status": code, "detail": detail})

    def _send(self, status: int, kind: str, values: dict[str, Any]) -> None:
        body = json.dumps(values, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if self.close_connection:
            self._hear_out()

    def _hear_out(self) -> None:
        """Let a body that is on its way run out, else its sender may never read the answer."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(SHUT_WR)
            self.connection.settimeout(1.0)
            for _ in range(_MOST_READS):
                if not self.connection.recv(_READ_BYTES):
                    return

    def _model(self) -> dict[str, Any]:
        if urlsplit(self.path).path != "/model":
            raise Refused(404, "there are GET /model and POST /predictions")
        model = self.server.model
        return {
            "project_id": self.server.project_id,
            "version": model.version,
            "task": model.task,
            "labels": model.labels,
            "threshold": model.threshold,
        }

    def _prediction(self) -> dict[str, Any]:
        place = urlsplit(self.path)
        if place.path != "/predictions":
            raise Refused(404, "there are GET /model and POST /predictions")
        body = self._body()
        return self.server.answer(Wanted.of(body, self.headers["Content-Type"] or "", place.query))

    def _body(self) -> bytes:
        said = self.headers["Content-Length"] or ""
        if not (said.isascii() and said.isdigit()):
            raise Refused(411, "Content-Length: the body's length in bytes is needed")
        if len(said) > 12 or int(said) > MAX_FILE_BYTES + _FORM_BYTES:
            raise Refused(413, f"an image file has at most {MAX_FILE_BYTES} bytes")
        body = self.rfile.read(int(said))
        if len(body) < int(said):
            raise Refused(400, "the body ended too early")
        return body
