"""Uploads through the real HTTP server, against a bare copy: `python -m benchmarks.uploads`.

The gallery runs in a process of its own under uvicorn on embedded stores. Measured: images and
megabytes a second, the server's processor time an image without its decoders, and how its resident
memory answers to the size of a file.
"""

import argparse
import asyncio
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import httpx
import numpy as np

COUNT = 40
TICKS = os.sysconf("SC_CLK_TCK")


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


def bare_copy(files: list[bytes], folder: Path) -> float:
    """Write, fsync and rename each file, as the blob store does; return seconds."""
    folder.mkdir()
    began = time.perf_counter()
    for data in files:
        name = hashlib.sha256(data).hexdigest()
        staged = folder / f".{name}"
        with staged.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        staged.rename(folder / name)
    return time.perf_counter() - began


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
            "LOUPE_TOKEN_SECRET": "0123456789abcdef" * 4,
        }
        os.environ["LOUPE_TOKEN_SECRET"] = environment["LOUPE_TOKEN_SECRET"]
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

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


async def measure(server: Server, files: list[bytes], copy_s: float) -> None:
    from tests.running import credentials

    address = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=address, headers=credentials(), timeout=120) as client:
        await until_ready(client)
        body = {"name": secrets.token_hex(4), "task": "detection"}
        project = (await client.post("/api/workspace/projects", json=body)).json()["id"]
        base = f"/api/gallery/projects/{project}"
        await multipart(client, base, [photos(1, (320, 240), 80)[0]])  # decoders are warm
        half = len(files) // 2
        for name, way, part in (
            ("multipart", multipart, files[:half]),
            ("tus, streamed body", streamed, files[half:]),
        ):
            cpu, began = server.cpu_s(), time.perf_counter()
            await way(client, base, part)
            seconds, cpu = time.perf_counter() - began, server.cpu_s() - cpu
            size = sum(map(len, part)) / 1e6
            bare = copy_s * len(part) / len(files)
            print(
                f"{name:20} {len(part) / seconds:6.1f} images/s {size / seconds:6.1f} MB/s; "
                f"server {cpu / len(part) * 1e3:5.1f} ms of CPU an image; "
                f"{seconds / bare:4.1f} × a bare copy"
            )
        print(f"peak memory after small files: {server.peak_mib()} MiB")
        large = np.random.default_rng(1).integers(0, 255, (5700, 5800, 3), dtype=np.uint8)
        data = cv2.imencode(".bmp", large)[1].tobytes()
        await multipart(client, base, [data])
        print(f"peak memory after a file of {len(data) / 1e6:.0f} MB: {server.peak_mib()} MiB")


async def multipart(client: httpx.AsyncClient, base: str, files: list[bytes]) -> None:
    for start in range(0, len(files), 4):
        parts = [("files", (f"{n}.jpg", data)) for n, data in enumerate(files[start : start + 4])]
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

    for start in range(0, len(files), 4):
        await asyncio.gather(*(send(data) for data in files[start : start + 4]))


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
    from shared.host import run

    asyncio.run(run([build_workspace, build], ("api", "consume")))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true")
    if parser.parse_args().serve:
        serve()
        return
    folder = Path(tempfile.mkdtemp(prefix="loupe-uploads-"))
    files = photos(COUNT, (4000, 3000), 95)
    print(f"{COUNT} JPEG files of {sum(map(len, files)) / len(files) / 1e6:.1f} MB")
    copy_s = bare_copy(files, folder / "bare")
    server = Server(folder / "data")
    try:
        asyncio.run(measure(server, files, copy_s))
    finally:
        server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
