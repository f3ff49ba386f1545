"""The S3 client against a server that takes connections and says nothing, or only listens."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.blobs.minio import MinioBlobs, S3Server
from shared.errors import DependencyDown
from tests.running import until

THREADS = 16


class SilentServer:
    """Accepts connections, keeps the head of each request and never answers."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self._came = asyncio.Condition()
        self._open: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._keep, "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _keep(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.append(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        async with self._came:
            self.heads.append(head)
            self._came.notify_all()

    async def heard(self, number: int) -> None:
        async with self._came:
            await self._came.wait_for(lambda: len(self.heads) >= number)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.close()
        await self._server.wait_closed()


@pytest.fixture
async def silent() -> AsyncIterator[tuple[SilentServer, str]]:
    server = SilentServer()
    yield server, await server.start()
    await server.stop()


async def test_a_store_that_hangs_is_down_for_those_who_come_after(
    silent: tuple[SilentServer, str],
) -> None:
    server, address = silent
    store = MinioBlobs(S3Server(address, "a", "b" * 16), "loupe", wait_s=0.05)
    calls = [asyncio.create_task(store.read(f"t/acme/{n}")) for n in range(THREADS)]
    await server.heard(THREADS)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    # Nobody waits for the answers any more, but the threads still do.
    with pytest.raises(DependencyDown, match="busy"):
        await store.read("t/acme/late")
    assert len(server.heads) == THREADS
    await server.stop()

    async def threads_are_free() -> bool:
        with pytest.raises(DependencyDown) as refused:
            await store.read("t/acme/later")
        return "busy" not in str(refused.value)

    await until(threads_are_free)
    await store.close()


async def test_requests_are_signed_for_the_region_that_is_set(
    silent: tuple[SilentServer, str],
) -> None:
    server, address = silent
    store = MinioBlobs(S3Server(address, "a", "b" * 16, region="eu-central-1"), "loupe")
    call = asyncio.create_task(store.read("t/acme/a"))
    await server.heard(1)
    call.cancel()
    await server.stop()
    await store.close()
    assert "/eu-central-1/s3/aws4_request" in server.heads[0]
