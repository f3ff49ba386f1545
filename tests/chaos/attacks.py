"""What a stranger and a member may try at the door: bodies that cost, connections that say nothing.

    python -m tests.chaos.attacks --rounds 10 --seed 7

Each round sends a hundred hostile bodies at once and holds as many silent and slow connections as
the platform has descriptors, and more, while others work. It prints what they saw, and ends with 1
where one of them was not answered, memory or log grew beyond their bounds, or a body was taken.
"""

import argparse
import asyncio
import contextlib
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.chaos.standing import HANG_S, PLAIN, Standing, standing

REFUSED = frozenset({400, 401, 413, 422})
MORE_MEMORY_BYTES = 64 << 20
MORE_LOG_BYTES = 256 << 10
_STRANGERS = "127.0.0.2"  # loopback has many addresses: theirs is not that of the others
_PAUSE_S = 0.05
_TOKENS, _PROJECTS = "/api/workspace/tokens", "/api/workspace/projects"
_BIG = 4 << 20


@dataclass
class Seen:
    """What the others saw: seconds of each answer, and answers that were none."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def others_working(platform: Standing, token: str, number: int = 4) -> AsyncIterator[Seen]:
    """Let others work for the length of the block, each request on a connection of its own."""
    seen, over = Seen(), asyncio.Event()

    async def work() -> None:
        while not over.is_set():
            began = time.monotonic()
            try:
                async with httpx.AsyncClient(
                    base_url=platform.address, timeout=HANG_S, verify=PLAIN
                ) as client:
                    answer = await client.get(_PROJECTS, headers={"Authorization": token})
                if answer.status_code != 200:
                    seen.failed.append(f"{answer.status_code}")
            except httpx.HTTPError as error:
                seen.failed.append(repr(error))
            seen.seconds.append(time.monotonic() - began)
            await asyncio.sleep(_PAUSE_S)

    workers = [asyncio.create_task(work()) for _ in range(number)]
    try:
        yield seen
    finally:
        over.set()
        await asyncio.gather(*workers)


def hostile_bodies(chance: random.Random, number: int) -> list[bytes]:
    """Return large, deep and strange JSON, mixed."""
    kinds = (
        lambda: b"[" * chance.randint(10_000, _BIG),
        lambda: b'{"a":' * chance.randint(2_000, 200_000),
        lambda: b"[" + b"[]," * chance.randint(10_000, _BIG // 3) + b"[]]",
        lambda: _unknown_keys(chance.randint(50, 40_000)),
        lambda: b'{"name": "' + b"x" * chance.randint(50_000, _BIG) + b'"}',
        lambda: b'{"name": ' + b"9" * chance.randint(5_000, 60_000) + b"}",
    )
    return [chance.choice(kinds)() for _ in range(number)]


def _unknown_keys(number: int) -> bytes:
    return b"{" + b",".join(b'"k%d":1' % key for key in range(number)) + b"}"


async def throw(platform: Standing, token: str, bodies: Sequence[bytes]) -> Counter[int]:
    """Send all at once, half of them without a credential; return how often each status came."""

    async def one(number: int, body: bytes) -> int:
        path = _TOKENS if number % 4 == 0 else _PROJECTS
        who = f"Authorization: {token}\r\n" if number % 2 else ""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\n{who}Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return await _status_of(platform.port, head.encode() + body)

    return Counter(await asyncio.gather(*(one(n, body) for n, body in enumerate(bodies))))


async def _status_of(port: int, request: bytes) -> int:
    """Return the status of the answer, which may come before all is sent; 0 for none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(request)
            await writer.drain()

    sending = asyncio.create_task(send())
    try:
        line = await reader.readline()
        return int(line.split()[1]) if line else 0
    except ConnectionError:
        return 0
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()


class Silence:
    """Connections that cost and say little: none, heads and bodies that drip, idle after one.

    One that is cut is opened again, so that there are always ``number`` that try.
    """

    def __init__(self, platform: Standing, number: int, *, seed: int = 1) -> None:
        """Nothing is opened yet."""
        self._platform = platform
        self._number = number
        self._chance = random.Random(seed)
        self.opened = 0

    async def __aenter__(self) -> "Silence":
        """Begin, and return when each was opened once or refused."""
        self._tasks = [asyncio.create_task(self._hold()) for _ in range(self._number)]
        while self.opened < self._number:  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(_PAUSE_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _hold(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self._one()
            await asyncio.sleep(self._chance.uniform(5.0, 15.0))

    async def _one(self) -> None:
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self._platform.port, local_addr=(_STRANGERS, 0)
            )
        finally:
            self.opened += 1
        begin, drip = self._chance.choice(_KINDS)
        try:
            writer.write(begin)
            cut = asyncio.create_task(reader.read(1 << 16))
            while not cut.done() or cut.result():
                if cut.done():
                    cut = asyncio.create_task(reader.read(1 << 16))
                writer.write(drip)
                await asyncio.wait({cut}, timeout=1.0)
        finally:
            cut.cancel()
            writer.transport.abort()


_POST = b"POST /api/workspace/tokens HTTP/1.1\r\nHost: x\r\n"
_KINDS = (
    (b"", b""),
    (b"GET / HTTP/1.1\r\n", b"A: b\r\n"),
    (_POST + b"Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n", b" "),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b""),
)


async def bodies_round(platform: Standing, token: str, *, seed: int, number: int = 100) -> str:
    """Throw hostile bodies while others work; return what was broken, or nothing."""
    bodies = hostile_bodies(random.Random(seed), number)
    before = platform.forget_peak()
    async with others_working(platform, token) as seen:
        statuses = await throw(platform, token, bodies)
    more = platform.memory_peak_bytes() - before
    broken = [
        f"{number} × {status}" for status, number in statuses.items() if status not in REFUSED
    ]
    broken += seen.failed
    if more > MORE_MEMORY_BYTES:
        broken.append(f"{more >> 20} MiB more memory")
    return ", ".join(broken)


async def silence_round(
    platform: Standing, token: str, *, seed: int, number: int = 1100, answers: int = 100
) -> str:
    """Hold silent connections while others get so many answers; return what was broken."""
    before = platform.log.stat().st_size
    async with Silence(platform, number, seed=seed), others_working(platform, token) as seen:
        while len(seen.seconds) < answers:  # noqa: ASYNC110  nothing tells of an answer
            await asyncio.sleep(_PAUSE_S)
    broken = list(seen.failed)
    more = platform.log.stat().st_size - before
    if more > MORE_LOG_BYTES:
        broken.append(f"{more >> 10} KiB more log")
    return ", ".join(broken)


def open_many() -> None:
    """Let this process hold as many connections as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> int:
    """Attack in rounds; print a line each; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.attacks")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    open_many()
    broken = 0
    with (
        tempfile.TemporaryDirectory(prefix="loupe-chaos-") as top,
        standing(Path(top), descriptors=1024) as platform,
        platform.client() as client,
    ):
        token = client.headers["Authorization"]
        for seed in range(args.seed, args.seed + args.rounds):
            for attack in (bodies_round, silence_round):
                found = asyncio.run(attack(platform, token, seed=seed))
                broken += bool(found)
                print(f"seed {seed}, {attack.__name__}: {found or 'kept'}", flush=True)
    return min(broken, 1)


if __name__ == "__main__":
    sys.exit(main())
