"""Uploads through the real HTTP server, against a bare copy: `python -m benchmarks.uploads`.

The gallery runs in a process of its own under uvicorn, its blobs in a folder or, with
`--blobs minio`, in a MinIO that runs for this. Multipart and streamed uploads take turns over
several rounds of 40 files. Measured: images and megabytes a second beside a bare copy of the same
bytes to the same store, the server's processor time an image without its decoders, and how its
peak memory answers to the size of a file.
"""

import argparse
import asyncio
import hashlib
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import httpx
import numpy as np

from shared.blobs.content import content_key
from shared.blobs.embedded import EmbeddedBlobs
from shared.blobs.minio import MinioBlobs, S3Server
from shared.blobs.port import Blobs
from tests.servers.catalogue import minio_server
from tests.signing import VARIABLES

COUNT = 40
AT_ONCE = 4
TICKS = os.sysconf("SC_CLK_TCK")
LARGE = ((1500, 1000), (3300, 2000), (5800, 5700))  # BMP files of 4.5, 20 and 99 MB
_S3 = ("LOUPE_BENCH_S3", "LOUPE_BENCH_S3_KEY", "LOUPE_BENCH_S3_SECRET")


def photos(count: int, side: tuple[int, int], quality: int) -> list[bytes]:
    """Different noisy JPEG files."""
    rng = np.random.default_rng(0)
    base = cv2.resize(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8), side)
    files = []
    for index in range(count):
        noise = rng.integers(0, 40, (side[1] // 8, side[0] // 8, 3), dtype=np.uint8)
        pixels = cv2.add(np.roll(base, index * 13, axis=1), cv2.resize(noise, side))
        files.append(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())
    return files


def fresh(files: list[bytes]) -> list[bytes]:
    """The same pictures as new files: a few bytes behind their end are of no account."""
    return [data + secrets.token_bytes(8) for data in files]


async def bare_copy(blobs: Blobs, files: list[bytes], folder: Path) -> float:
    """Store each file in the blob store, four at a time; return seconds."""
    paths = {}
    for data in fresh(files):
        name = hashlib.sha256(data).hexdigest()
        (folder / name).write_bytes(data)
        paths[content_key("bare", "P", name)] = folder / name
    slots = asyncio.Semaphore(AT_ONCE)

    async def copy(key: str, path: Path) -> None:
        async with slots:
            await blobs.put_file(key, path)

    began = time.perf_counter()
    await asyncio.gather(*(copy(key, path) for key, path in paths.items()))
    seconds = time.perf_counter() - began
    for path in paths.values():
        path.unlink()
    return seconds


@contextmanager
def blob_store(kind: str, folder: Path) -> Iterator[Blobs]:
    """The store that the server keeps its blobs in; the server finds it in the environment."""
    if kind == "embedded":
        yield EmbeddedBlobs(folder / "data" / "blobs")
        return
    server, access = minio_server(folder / "minio")
    server.start()
    os.environ |= dict(zip(_S3, access.values(), strict=True))
    try:
        yield s3_blobs()
    finally:
        server.dispose()


def s3_blobs() -> Blobs:
    endpoint, key, secret = (os.environ[name] for name in _S3)
    return MinioBlobs(S3Server(endpoint, key, secret, secure=False), "uploads")


class Server:
    """The gallery and the workspace in one process."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {
            **os.environ,
            "LOUPE_DATA": str(folder),
            "LOUPE_STORES": "embedded",
            "LOUPE_PORT": str(self.port),
            **VARIABLES,
        }
        command = [sys.executable, "-m", "benchmarks.uploads", "--serve"]
        self._process = subprocess.Popen(command, env=environment)
        self._stat = Path("/proc") / str(self._process.pid)

    def cpu_s(self) -> float:
        """Processor time of the server itself; its decoders are processes of their own."""
        fields = (self._stat / "stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mib(self) -> int:
        lines = (self._stat / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if "VmHWM" in line) >> 10

    def forget_peak(self) -> None:
        (self._stat / "clear_refs").write_text("5")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


async def measure(server: Server, blobs: Blobs, folder: Path, rounds: int) -> None:
    from tests.running import credentials

    files = photos(COUNT, (4000, 3000), 95)
    size = sum(map(len, files)) / 1e6
    print(f"{rounds} rounds of {COUNT} JPEG files of {size / COUNT:.1f} MB")
    await blobs.open()
    address = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=address, headers=credentials(), timeout=120) as client:
        await until_ready(client)
        body = {"name": secrets.token_hex(4), "task": "detection"}
        project = (await client.post("/api/workspace/projects", json=body)).json()["id"]
        base = f"/api/gallery/projects/{project}"
        await multipart(client, base, photos(1, (320, 240), 80))  # decoders are warm
        ways = {"multipart": multipart, "tus, streamed body": streamed}
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        bare = []
        for number in range(rounds):
            bare.append(await bare_copy(blobs, files, folder))
            for name in list(ways)[:: -1 if number % 2 else 1]:
                taken[name].append(await one_round(server, ways[name], client, base, fresh(files)))
        copy_s = statistics.median(bare)
        print(f"bare copy: {size / copy_s:.1f} MB/s")
        for name, figures in taken.items():
            report(name, figures, copy_s, size)
        await grow(server, client, base)


async def one_round(
    server: Server,
    way: Callable[[httpx.AsyncClient, str, list[bytes]], Awaitable[None]],
    client: httpx.AsyncClient,
    base: str,
    files: list[bytes],
) -> tuple[float, float]:
    """Upload the files; return seconds, and processor seconds of the server."""
    cpu, began = server.cpu_s(), time.perf_counter()
    await way(client, base, files)
    return time.perf_counter() - began, server.cpu_s() - cpu


def report(name: str, figures: list[tuple[float, float]], copy_s: float, size: float) -> None:
    seconds = statistics.median(wall for wall, _ in figures)
    each = [cpu / COUNT * 1e3 for _, cpu in figures]
    print(
        f"{name:20} {COUNT / seconds:6.1f} images/s {size / seconds:6.1f} MB/s; "
        f"server {statistics.mean(each):5.1f} ms of CPU an image "
        f"({min(each):.1f} to {max(each):.1f} by round); {seconds / copy_s:4.1f} × a bare copy"
    )


async def grow(server: Server, client: httpx.AsyncClient, base: str) -> None:
    """Upload ever larger files and tell the most memory that the server held for each."""
    rng = np.random.default_rng(1)
    for width, height in LARGE:
        pixels = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
        data = cv2.imencode(".bmp", pixels)[1].tobytes()
        for name, way in (("multipart", multipart), ("streamed", streamed)):
            server.forget_peak()
            await way(client, base, fresh([data]))
            print(f"peak memory, {len(data) / 1e6:5.1f} MB {name}: {server.peak_mib()} MiB")


async def multipart(client: httpx.AsyncClient, base: str, files: list[bytes]) -> None:
    for start in range(0, len(files), AT_ONCE):
        parts = [
            ("files", (f"{n}.jpg", data)) for n, data in enumerate(files[start : start + AT_ONCE])
        ]
        answer = await client.post(f"{base}/images", files=parts)
        assert answer.status_code == 201, answer.text


async def streamed(client: httpx.AsyncClient, base: str, files: list[bytes]) -> None:
    async def send(data: bytes) -> None:
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(data)),
            "Upload-Metadata": "filename YS5qcGc=",
            "Content-Type": "application/offset+octet-stream",
        }
        answer = await client.post(f"{base}/uploads", headers=headers, content=data)
        assert answer.status_code == 201, answer.text

    for start in range(0, len(files), AT_ONCE):
        await asyncio.gather(*(send(data) for data in files[start : start + AT_ONCE]))


async def until_ready(client: httpx.AsyncClient) -> None:
    for _ in range(600):
        try:
            if (await client.get("/api/gallery/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the server does not answer")


def serve() -> None:
    from services.gallery.app import build
    from services.workspace.app import build as build_workspace
    from shared.hosting.host import run
    from shared.hosting.service import Service
    from shared.hosting.stores import Stores

    def build_gallery(stores: Stores) -> Service:
        return build(replace(stores, blobs=s3_blobs()) if _S3[0] in os.environ else stores)

    asyncio.run(run([build_workspace, build_gallery], ("api", "consume")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help="be the server; this script asks it")
    parser.add_argument("--blobs", choices=("embedded", "minio"), default="embedded")
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    folder = Path(tempfile.mkdtemp(prefix="loupe-uploads-"))
    try:
        with blob_store(options.blobs, folder) as blobs:
            server = Server(folder / "data")
            try:
                asyncio.run(measure(server, blobs, folder, options.rounds))
            finally:
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
