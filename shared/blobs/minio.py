"""The blob store on any S3: plain put, get, head, delete and list, on a bounded pool of threads."""

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError

from shared.blobs.keys import checked
from shared.blobs.port import CHUNK_BYTES, BlobInfo
from shared.errors import DependencyDown, NotFound

T = TypeVar("T")

_THREADS = 16
# A call and its one retry end, together, before the 30 s in which a handler has to end.
_CONNECT_S = 3.0
_READ_S = 9.0
_WAIT_S = 5.0
_PART_BYTES = 16 * 1024 * 1024
_MISSING = frozenset({"NoSuchKey", "NoSuchObject", "ResourceNotFound"})
_MINE_ALREADY = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


@dataclass(frozen=True)
class S3Server:
    """How to reach an S3 store.

    Attributes:
        endpoint: ``host:port``.
        access_key: The user.
        secret_key: Their secret.
        secure: Speak TLS.
        region: Part of every signature; the store refuses another one than its own.
    """

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    secure: bool = False
    region: str = "us-east-1"


class MinioBlobs:
    """Blobs as objects of ``bucket`` at ``server``.

    As many calls run as there are threads; others wait for at most ``wait_s``. A call whose caller
    has gone away keeps its thread until it ends, and so nothing ever queues behind it unseen.
    """

    def __init__(self, server: S3Server, bucket: str, *, wait_s: float = _WAIT_S) -> None:
        # The client's own defaults hold a thread for 5 min × 6; ours end soon and say so.
        self._pool = urllib3.PoolManager(
            maxsize=_THREADS,
            timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S),
            retries=urllib3.Retry(total=1, backoff_factor=0.2, status_forcelist=[500, 502, 503]),
        )
        self._client = Minio(
            server.endpoint,
            access_key=server.access_key,
            secret_key=server.secret_key,
            secure=server.secure,
            region=server.region,
            http_client=self._pool,
        )
        self._bucket = bucket
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")
        self._free = asyncio.Semaphore(_THREADS)
        self._wait_s = wait_s

    async def open(self) -> None:
        """Make the bucket unless it exists."""
        await self._run(self._make_bucket)

    async def put(self, key: str, data: bytes) -> BlobInfo:
        """Store ``data``."""
        name = checked(key)
        await self._run(lambda: self._put_stream(name, io.BytesIO(data), len(data)))
        return BlobInfo(key, len(data))

    async def put_file(self, key: str, path: Path) -> BlobInfo:
        """Store the file at ``path``, in parts of 16 MiB where it is large."""
        name = checked(key)

        def upload() -> int:
            size = path.stat().st_size
            with path.open("rb") as file:
                self._put_stream(name, file, size)
            return size

        return BlobInfo(key, await self._run(upload))

    async def read(self, key: str) -> bytes:
        """Return the whole blob."""
        name = checked(key)

        def download() -> bytes:
            with self._response(name) as response:
                data: bytes = response.read()
            return data

        return await self._run(download)

    async def stream(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield a range of the blob; a slow reader holds at most two chunks."""
        name = checked(key)
        size = (await self.stat(key)).size_bytes
        left = size - start if length is None else min(length, size - start)
        if left <= 0:
            return
        response = await self._run(
            lambda: self._client.get_object(self._bucket, name, offset=start, length=left)
        )
        try:
            while chunk := await self._run(lambda: response.read(CHUNK_BYTES)):
                yield chunk
        finally:
            response.close()
            response.release_conn()

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        """Give a copy in a temporary file, which goes with the block."""
        name = checked(key)
        folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="loupe-blob-")
        target = Path(folder.name) / "blob"

        def download() -> None:
            with self._response(name) as response, target.open("wb") as file:
                while chunk := response.read(CHUNK_BYTES):
                    file.write(chunk)
            target.chmod(0o400)

        try:
            await self._run(download)
            yield target
        finally:
            await asyncio.to_thread(folder.cleanup)

    async def stat(self, key: str) -> BlobInfo:
        """Return the blob's size."""
        name = checked(key)
        found = await self._run(lambda: self._client.stat_object(self._bucket, name))
        return BlobInfo(key, int(found.size or 0), found.last_modified)

    async def delete(self, key: str) -> None:
        """Remove the blob."""
        name = checked(key)
        await self._run(lambda: self._client.remove_object(self._bucket, name))

    async def walk(self, prefix: str) -> AsyncIterator[BlobInfo]:
        """Yield the blobs below ``prefix``, fetched page by page."""
        listing = self._client.list_objects(self._bucket, prefix=prefix, recursive=True)
        while page := await self._run(lambda: _take(listing, 1000)):
            for found in page:
                size = int(found.size or 0)
                yield BlobInfo(str(found.object_name), size, found.last_modified)

    async def ping(self) -> None:
        """Ask whether the bucket is there."""
        if not await self._run(lambda: self._client.bucket_exists(self._bucket)):
            raise DependencyDown(f"the bucket {self._bucket} is gone")

    async def close(self) -> None:
        """Finish what runs, then close the connections."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        self._pool.clear()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise DependencyDown("the blob store is too busy") from error
        loop = asyncio.get_running_loop()
        job = self._threads.submit(_translating, work)
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._free.release))
        return await asyncio.wrap_future(job)

    def _make_bucket(self) -> None:
        if self._client.bucket_exists(self._bucket):
            return
        try:
            self._client.make_bucket(self._bucket)
        except S3Error as error:
            if error.code not in _MINE_ALREADY:
                raise

    def _put_stream(self, name: str, source: Any, size: int) -> None:  # noqa: ANN401  a binary file
        self._client.put_object(
            self._bucket, name, source, size, part_size=_PART_BYTES, num_parallel_uploads=1
        )

    @contextmanager
    def _response(self, name: str) -> Iterator[Any]:
        response = self._client.get_object(self._bucket, name)
        try:
            yield response
        finally:
            response.close()
            response.release_conn()


def _translating(work: Callable[[], T]) -> T:
    """Run ``work`` and turn the client's errors into ours."""
    try:
        return work()
    except S3Error as error:
        if error.code in _MISSING:
            raise NotFound("no such blob") from error
        raise DependencyDown(f"the blob store refused: {error.code}") from error
    except (urllib3.exceptions.HTTPError, ServerError, InvalidResponseError, OSError) as error:
        raise DependencyDown("the blob store does not answer") from error


def _take(source: Iterator[T], number: int) -> list[T]:
    return [item for _, item in zip(range(number), source, strict=False)]
