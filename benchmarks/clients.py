"""Fifty clients at work on an embedded platform, alone and beside those who mean no good.

    python -m benchmarks.clients --seconds 600

They are a thousand silent and slow connections, and then a hundred hostile bodies at once, again
and again: large, deep, of unknown keys, half of them of members.

Each client loops: lists of images and projects, an image's annotation, a thumbnail; now and then it
uploads an image, annotates it, and asks for what is not there. Told are latencies, errors, memory,
open files, the lag of the event loop and the growth of the disk, and the load of the machine.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from shared.http.tokens import LIFETIME_S
from tests.chaos.attacks import Silence, hostile_bodies, open_many, throw
from tests.chaos.furnished import picture
from tests.chaos.standing import Standing, standing

CLIENTS, HOSTILE, BODIES = 50, 1000, 100
WARM_S, LOOK_S, MOMENT_S = 10.0, 1.0, 10.0
RENEWED_S = LIFETIME_S / 3
BESIDE = ("nothing", "silence", "bodies")
_PAUSE_S = 0.15  # a person and a browser


@dataclass
class Work:
    """What the clients saw: seconds by kind of request, and answers that were none."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    lag_s: float = 0.0
    memory_bytes: int = 0
    own_bytes: int = 0
    files: int = 0


class SignedIn(httpx.Auth):
    """Shows a token of the first administrator, and takes a new one before it is over."""

    requires_response_body = True

    def __init__(self, platform: Standing) -> None:
        key = (platform.folder / "data" / "admin.key").read_text().strip()
        self._asked = httpx.Request(
            "POST", f"{platform.address}/api/workspace/tokens", json={"api_key": key}
        )
        with httpx.Client() as client:
            self._take(client.send(self._asked))

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign in when it is time: one does, all others go on with the last token."""
        if time.monotonic() >= self._due:
            self._due += RENEWED_S
            self._take((yield self._asked))
        request.headers["Authorization"] = self.token
        yield request

    def _take(self, answer: httpx.Response) -> None:
        self.token = f"Bearer {answer.json()['access_token']}"
        self._due = time.monotonic() + RENEWED_S


class Person:
    """One client: asks and writes until cancelled."""

    def __init__(self, client: httpx.AsyncClient, project: str, work: Work) -> None:
        self._client = client
        self._work = work
        self._chance = random.Random(next(_NUMBERS))
        self._gallery = f"/api/gallery/projects/{project}/images"
        self._annotation = f"/api/annotation/projects/{project}/images"
        self._images: list[str] = []

    async def run(self) -> None:
        """Work, with pauses."""
        while True:
            await asyncio.sleep(self._chance.uniform(0, 2 * _PAUSE_S))
            part = self._chance.random()
            if part < 0.05 or not self._images:
                await self._write()
            else:
                await self._read(part, self._chance.choice(self._images))

    async def _write(self) -> None:
        name, content = f"part-{next(_NUMBERS)}.png", picture(next(_NUMBERS))
        files = [("files", (name, content, "image/png"))]
        made = await self._ask("upload", "POST", self._gallery, files=files)
        if made is None or not made.is_success:
            return
        image_id = made.json()["files"][0]["image"]["id"]
        body = {"shapes": [_BOX], "split": "train"}
        where, unseen = f"{self._annotation}/{image_id}", {"If-Match": '"0"'}
        await self._ask("save", "PUT", where, json=body, headers=unseen)
        self._images.append(image_id)

    async def _read(self, part: float, image_id: str) -> None:
        if part < 0.1:
            await self._ask("wrong address", "GET", "/api/gallery/projects/nothing/images")
        elif part < 0.4:
            await self._ask("annotation", "GET", f"{self._annotation}/{image_id}")
        elif part < 0.6:
            await self._ask("thumbnail", "GET", f"{self._gallery}/{image_id}/thumbnail")
        elif part < 0.8:
            await self._ask("images", "GET", self._gallery)
        else:
            await self._ask("projects", "GET", "/api/workspace/projects")

    async def _ask(self, kind: str, method: str, path: str, **more: Any) -> httpx.Response | None:
        began = time.monotonic()
        try:
            answer = await self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            self._work.failed.append(f"{kind}: {error!r}")
            return None
        self._work.seconds.setdefault(kind, []).append(time.monotonic() - began)
        if not answer.is_success and kind != "wrong address":
            self._work.failed.append(f"{kind}: {answer.status_code}")
        return answer


async def client_at_work(platform: Standing, who: SignedIn, project: str, work: Work) -> None:
    """Be a person with a connection or two."""
    async with httpx.AsyncClient(
        base_url=platform.address,
        auth=who,
        timeout=60,
        limits=httpx.Limits(max_connections=2),
    ) as client:
        await Person(client, project, work).run()


_NUMBERS = itertools.count()
_BOX = {"id": "s", "kind": "box", "label": "pin", "points": [[8, 8], [16, 16]]}


async def watch(platform: Standing, work: Work) -> None:
    """Note the worst lag of the loop, and the most files and memory, until cancelled."""
    async with httpx.AsyncClient(timeout=60) as client:
        while True:
            await asyncio.sleep(LOOK_S)
            answer = await client.get(f"http://127.0.0.1:{platform.metrics_port}/metrics")
            lines = answer.text.splitlines()
            lag = next(line for line in lines if line.startswith("loupe_event_loop_lag_seconds "))
            work.lag_s = max(work.lag_s, float(lag.split()[1]))
            work.files = max(work.files, platform.open_files())


@contextlib.asynccontextmanager
async def throwing(platform: Standing, who: SignedIn) -> AsyncIterator[None]:
    """Throw hostile bodies, a hundred at once and a moment later again, until the block ends."""
    bodies = hostile_bodies(random.Random(1), BODIES)

    async def on() -> None:
        while True:
            await throw(platform, who.token, bodies)
            await asyncio.sleep(MOMENT_S)

    thrown = asyncio.create_task(on())
    try:
        yield
    finally:
        thrown.cancel()
        await asyncio.gather(thrown, return_exceptions=True)


async def run(
    platform: Standing, who: SignedIn, project: str, *, seconds: float, beside: str
) -> Work:
    """Let the clients work for so long, beside what `BESIDE` names."""
    work = Work()
    async with contextlib.AsyncExitStack() as stack:
        if beside == "silence":
            await stack.enter_async_context(Silence(platform, HOSTILE))
        elif beside == "bodies":
            await stack.enter_async_context(throwing(platform, who))
        tasks = [
            asyncio.create_task(client_at_work(platform, who, project, work))
            for _ in range(CLIENTS)
        ]
        await asyncio.sleep(WARM_S)
        work.seconds.clear()
        platform.forget_peak()
        tasks.append(asyncio.create_task(watch(platform, work)))
        await asyncio.sleep(seconds)
        work.memory_bytes = platform.memory_peak_bytes()
        work.own_bytes = platform.own_memory_bytes()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
    return work


def disk_bytes(folder: Path) -> int:
    """Return what a folder takes on disk."""
    found = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            found += path.stat().st_blocks * 512
    return found


def told(name: str, work: Work, grown: int, seconds: float) -> None:
    """Print a run's figures."""
    every = sorted(itertools.chain.from_iterable(work.seconds.values()))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{name}: {len(every)} requests, {len(every) / seconds:.0f}/s, {len(work.failed)} failed; "
        f"loop lag {work.lag_s * 1000:.0f} ms, memory {work.memory_bytes >> 20} MiB "
        f"({work.own_bytes >> 20} without files at the end), "
        f"files {work.files}, disk +{grown / (1 << 20):.1f} MiB, load {load}"
    )
    for kind, times in {"all": every, **work.seconds}.items():
        ordered = sorted(times)
        shares = (ordered[min(len(ordered) - 1, int(p * len(ordered)))] for p in (0.5, 0.95, 0.99))
        p50, p95, p99 = (share * 1000 for share in shares)
        worst = ordered[-1] * 1000
        print(f"  {kind}: p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f}, worst {worst:.0f} ms")
    for failure in sorted(set(work.failed))[:5]:
        print(f"  {failure}")


def main() -> None:
    """Run alone, then beside the hostile ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--beside", nargs="*", choices=BESIDE, default=BESIDE)
    args = parser.parse_args()
    open_many()
    with tempfile.TemporaryDirectory(prefix="loupe-clients-") as top, standing(Path(top)) as there:
        with there.client() as client:
            body = {"name": "Pins", "task": "detection", "labels": ["pin"]}
            project = client.post("/api/workspace/projects", json=body).json()["id"]
        who = SignedIn(there)
        for beside in args.beside:
            before = disk_bytes(Path(top))
            work = asyncio.run(run(there, who, project, seconds=args.seconds, beside=beside))
            told(f"beside {beside}", work, disk_bytes(Path(top)) - before, args.seconds)


if __name__ == "__main__":
    main()
