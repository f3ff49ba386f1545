"""Silent, slow and countless connections: they are cut, and everybody else is answered."""

import asyncio
import contextlib
import json
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.hosting.connections import Bounds, Connections
from shared.hosting.server import Server
from shared.telemetry import REFUSED_CONNECTIONS
from tests.running import until
from tests.servers.processes import free_port

HOST = "127.0.0.1"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
TIGHT = Bounds(
    head_s=0.6, head_bytes=8192, window_s=0.6, idle_s=0.6, body_bytes_per_s=1000, total=40
)


class Time:
    """The server's clock, which a test turns: a busy machine makes nobody slow."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def pass_s(self, seconds: float) -> None:
        """Let time go by in steps, in each of which the server hears what has come."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            await asyncio.sleep(0.01)

    @contextlib.asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Let time go by until the block ends, which a hang does not outlast."""

        async def on() -> None:
            while True:
                await self.pass_s(1)

        passing = asyncio.create_task(on())
        try:
            async with asyncio.timeout(120):
                yield
        finally:
            passing.cancel()


async def face(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers GET and /early at once, POST after the body, /endless with what never ends."""
    request = Request(scope, receive)
    answer: Response = PlainTextResponse("here")
    if request.url.path == "/endless":

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 65536
                await asyncio.sleep(0)

        answer = StreamingResponse(endless())
    with contextlib.suppress(ClientDisconnect):
        if request.url.path != "/early":
            await request.body()
        await answer(scope, receive, send)


@contextlib.asynccontextmanager
async def serving(bounds: Bounds, time: Time) -> AsyncIterator[int]:
    port, ready = free_port(), asyncio.Event()
    server = Server(face, (HOST, port), Connections(bounds, clock=time))
    running = asyncio.create_task(server.run_until_exit(ready.set))
    await ready.wait()
    try:
        yield port
    finally:
        server.should_exit = True
        await running


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Read until the server cuts the connection."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            said += part
    return said


async def drip(writer: asyncio.StreamWriter, piece: bytes) -> None:
    """Send a little, often, until the connection is cut."""
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)  # half a second of the server's


async def silent(_writer: asyncio.StreamWriter) -> None:
    """Say nothing."""


async def slow_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET / HTTP/1.1\r\n")
    await drip(writer, b"A: b\r\n")


async def blank_lines_after_an_answer(writer: asyncio.StreamWriter) -> None:
    writer.write(GET)
    await drip(writer, b"\r\n")


async def silent_body(writer: asyncio.StreamWriter) -> None:
    writer.write(POST)


async def slow_body(writer: asyncio.StreamWriter) -> None:
    writer.write(POST)
    await drip(writer, b"x")


Client = Callable[[asyncio.StreamWriter], Awaitable[None]]


@pytest.mark.parametrize(
    "client", [silent, slow_head, blank_lines_after_an_answer, silent_body, slow_body]
)
async def test_who_is_too_slow_is_cut(client: Client) -> None:
    time = Time()
    async with serving(TIGHT, time) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        speaking = asyncio.create_task(client(writer))
        async with time.passing():
            await ended(reader)
        speaking.cancel()
        writer.close()


async def test_who_ends_a_body_after_its_answer_and_falls_silent_is_cut() -> None:
    time = Time()
    async with serving(TIGHT, time) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
        await reader.readuntil(b"here")
        writer.write(b"x")  # takes back the server's own bound on silence
        async with time.passing():
            await ended(reader)
        writer.close()


def problem_in(answer: bytes) -> dict[str, Any]:
    """The problem that a whole answer is."""
    head, body = answer.split(b"\r\n\r\n", 1)
    lines = head.lower().split(b"\r\n")
    assert b"content-type: application/problem+json" in lines
    assert b"connection: close" in lines
    assert b"content-length: %d" % len(body) in lines
    problem: dict[str, Any] = json.loads(body)
    assert lines[0].startswith(b"http/1.1 %d " % problem["status"])
    return problem


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nAccept-Language: zh-CN\r\nA: a\x01b\r\n\r\n",
        b"GET / HTTP/1.1\r\nA\x00: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nAccept-Language: zh-CN\r\nContent-Length: ten\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00",  # TLS
    ],
)
async def test_what_is_no_http_gets_a_problem_in_the_language_that_was_read(head: bytes) -> None:
    async with serving(Bounds(), Time()) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(head)
        problem = problem_in(await ended(reader))
        writer.close()
    assert (problem["type"], problem["status"]) == ("urn:loupe:problem:malformed-request", 400)
    assert ("不是有效的 HTTP" in problem["detail"]) == (b"zh-CN" in head)


def cut_for(reason: str) -> float:
    return REGISTRY.get_sample_value("loupe_connections_refused_total", {"reason": reason}) or 0.0


async def test_who_sends_request_after_request_without_an_answer_is_refused() -> None:
    """Each takes memory until it has its turn, and reading went on with every answer."""
    before = cut_for("too many at once")
    async with serving(Bounds(), Time()) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(GET * 1000)
        said = await ended(reader)
        writer.close()
    assert said.count(b"HTTP/1.1 200") < 1000
    assert problem_in(said[said.rindex(b"HTTP/1.1 400") :])["detail"].startswith("too many")
    assert cut_for("too many at once") == before + 1


async def test_a_few_requests_at_once_are_answered_in_their_order() -> None:
    async with serving(Bounds(), Time()) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(
            GET * Bounds().pipelined + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        )
        said = await ended(reader)
        writer.close()
    assert said.count(b"HTTP/1.1 200") == Bounds().pipelined + 1


async def test_who_does_not_take_the_answer_is_cut() -> None:
    def untaken() -> float:
        return REGISTRY.get_sample_value(name, {"reason": "answer not taken"}) or 0.0

    name, time = f"{REFUSED_CONNECTIONS._name}_total", Time()
    before = untaken()
    async with serving(TIGHT, time) as port:
        reader, writer = await asyncio.open_connection(HOST, port, limit=1)
        writer.write(GET.replace(b"/ ", b"/endless ", 1))
        async with time.passing():
            await until(lambda: untaken() > before)  # nothing is taken meanwhile
        await ended(reader)
        writer.close()


async def test_a_body_that_keeps_the_pace_is_taken_however_long_it_lasts() -> None:
    time = Time()
    async with serving(TIGHT, time) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(POST)
        for _ in range(20):  # more than thirty windows
            writer.write(b"x" * 5000)
            await writer.drain()
            await time.pass_s(1)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_head_without_end_is_refused_by_its_size() -> None:
    async with serving(TIGHT, Time()) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET / HTTP/1.1\r\nA: " + b"a" * 20_000)
        problem = problem_in(await ended(reader))
        writer.close()
    assert problem["status"] == 431
    assert str(TIGHT.head_bytes) in problem["detail"]


async def test_one_source_cannot_take_the_place_of_the_others() -> None:
    async with serving(Bounds(total=40, per_source=10), Time()) as port:
        crowd = [await asyncio.open_connection(HOST, port) for _ in range(10)]
        reader, writer = await asyncio.open_connection(HOST, port)
        assert await ended(reader) == b""
        writer.close()
        reader, writer = await asyncio.open_connection(HOST, port, local_addr=("127.0.0.2", 0))
        writer.write(GET)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        for _, each in (*crowd, (reader, writer)):
            each.close()


PLATFORM = """
import asyncio, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
from starlette.responses import PlainTextResponse
from shared.hosting.connections import Connections, bounds_for, raise_descriptor_limit
from shared.hosting.server import Server
from shared.telemetry import configure

configure("test")
bounds = bounds_for(raise_descriptor_limit(), per_source=1024)
server = Server(PlainTextResponse("here"), ("127.0.0.1", int(sys.argv[1])), Connections(bounds))
asyncio.run(server.run_until_exit(lambda: print("ready", flush=True)))
"""


@pytest.fixture
def crowded() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """A server that may open 128 files."""
    port = free_port()
    command = [sys.executable, "-c", textwrap.dedent(PLATFORM), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield port, process
    process.kill()
    process.wait()
    process.stdout.close()


async def test_three_hundred_silent_connections_make_nobody_deaf_and_no_log(
    crowded: tuple[int, "subprocess.Popen[str]"],
) -> None:
    port, process = crowded
    crowd = [await asyncio.open_connection(HOST, port) for _ in range(300)]
    for _ in range(20):
        reader, writer = await asyncio.open_connection(HOST, port, local_addr=("127.0.0.2", 0))
        writer.write(GET)
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
    for _, each in crowd:
        each.close()
    process.kill()
    assert process.stdout is not None
    lines = process.stdout.read().splitlines()
    assert len(lines) <= 2, lines
    for line in lines:
        assert json.loads(line)["event"] == "connections.cut"


async def tell_source(scope: Scope, receive: Receive, send: Send) -> None:
    client = Request(scope).client
    await PlainTextResponse(client.host if client else "")(scope, receive, send)


@pytest.mark.parametrize(
    ("trusted", "said", "believed"),
    [
        ("", "192.0.2.1", HOST),
        ("10.0.0.0/8", "192.0.2.1", HOST),
        (HOST, "192.0.2.1", "192.0.2.1"),
        (HOST, "198.51.100.9, 192.0.2.1", "192.0.2.1"),
        ("*", "192.0.2.1", "192.0.2.1"),
    ],
)
async def test_only_a_trusted_proxy_says_whose_request_it_passes_on(
    trusted: str, said: str, believed: str
) -> None:
    port, ready = free_port(), asyncio.Event()
    server = Server(tell_source, (HOST, port), Connections(Bounds()), trusted_proxies=trusted)
    running = asyncio.create_task(server.run_until_exit(ready.set))
    await ready.wait()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://{HOST}:{port}/", headers={"X-Forwarded-For": said})
    server.should_exit = True
    await running
    assert answer.text == believed
