"""The blob port's promises, in a folder and on an S3 server."""

import asyncio
import hashlib
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from shared.blobs.content import content_key, project_folder, put_by_hash
from shared.blobs.minio import MinioBlobs, S3Server
from shared.blobs.port import CHUNK_BYTES, BlobInfo, Blobs
from shared.clock import utc_now
from shared.errors import DependencyDown, InvalidInput, NotFound
from tests.servers.choosing import Access
from tests.servers.processes import free_port

GIB = 1 << 30


async def joined(blobs: Blobs, key: str, **window: int) -> bytes:
    return b"".join([chunk async for chunk in blobs.stream(key, **window)])


async def keys_below(blobs: Blobs, prefix: str) -> list[str]:
    return [found.key async for found in blobs.walk(prefix)]


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES])
async def test_a_blob_reads_back_as_it_was(blobs: Blobs, size: int) -> None:
    data = os.urandom(size)
    key = content_key("acme", "P", hashlib.sha256(data).hexdigest())
    assert await blobs.put(key, data) == BlobInfo(key, size)
    assert await blobs.stat(key) == BlobInfo(key, size)
    assert await blobs.read(key) == data
    assert await joined(blobs, key) == data


WINDOWS = [
    ("from the start", 0, 10, slice(0, 10)),
    ("in the middle", 1000, 24, slice(1000, 1024)),
    ("to the end", 2_000_000, None, slice(2_000_000, None)),
    ("beyond the end", 2_999_990, 500, slice(2_999_990, None)),
    ("over chunks", 500_000, 2_000_000, slice(500_000, 2_500_000)),
    ("nothing", 7, 0, slice(0, 0)),
    ("after the end", 3_000_000, 5, slice(0, 0)),
]


@pytest.mark.parametrize(("reason", "start", "length", "expected"), WINDOWS)
async def test_a_window_of_a_blob(
    blobs: Blobs, reason: str, start: int, length: int | None, expected: slice
) -> None:
    data = os.urandom(3_000_000)
    await blobs.put("t/acme/window", data)
    chunks = [chunk async for chunk in blobs.stream("t/acme/window", start=start, length=length)]
    assert b"".join(chunks) == data[expected], reason


async def test_a_reader_may_leave_early(blobs: Blobs) -> None:
    await blobs.put("t/acme/long", os.urandom(4 * CHUNK_BYTES))
    for _ in range(40):  # more often than the pool has connections
        stream = blobs.stream("t/acme/long")
        assert await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]  # both are generators
    await blobs.ping()


async def test_a_file_is_stored_and_kept(blobs: Blobs, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(20 * CHUNK_BYTES + 3))
    await blobs.put_file("t/acme/file", source)
    assert await blobs.read("t/acme/file") == source.read_bytes()


async def test_a_blob_as_a_file(blobs: Blobs) -> None:
    await blobs.put("t/acme/a", b"content")
    async with blobs.as_file("t/acme/a") as path:
        assert path.read_bytes() == b"content"
    assert await blobs.read("t/acme/a") == b"content"


async def test_what_is_missing_is_not_found(blobs: Blobs) -> None:
    with pytest.raises(NotFound):
        await blobs.read("t/acme/none")
    with pytest.raises(NotFound):
        await blobs.stat("t/acme/none")
    with pytest.raises(NotFound):
        await joined(blobs, "t/acme/none")
    with pytest.raises(NotFound):
        async with blobs.as_file("t/acme/none"):
            pass
    await blobs.delete("t/acme/none")


async def test_storing_twice_and_deleting_twice_is_harmless(blobs: Blobs) -> None:
    await blobs.put("t/acme/a", b"same")
    await blobs.put("t/acme/a", b"same")
    assert await keys_below(blobs, "t/") == ["t/acme/a"]
    await blobs.delete("t/acme/a")
    await blobs.delete("t/acme/a")
    assert await keys_below(blobs, "t/") == []


async def test_walk_lists_what_is_below_a_prefix_in_order(blobs: Blobs) -> None:
    for key in ("t/b/2", "t/a/1", "t/a/10", "t/ab/1", "t/a/2"):
        await blobs.put(key, key.encode())
    assert await keys_below(blobs, "t/a/") == ["t/a/1", "t/a/10", "t/a/2"]
    assert await keys_below(blobs, "t/a") == ["t/a/1", "t/a/10", "t/a/2", "t/ab/1"]
    assert [found.size_bytes async for found in blobs.walk("t/b")] == [5]
    assert await keys_below(blobs, "x") == []


async def test_walk_goes_past_one_page(blobs: Blobs) -> None:
    names = [f"t/acme/{number:05d}" for number in range(1100)]
    for start in range(0, 1100, 100):
        await asyncio.gather(*(blobs.put(name, b"") for name in names[start : start + 100]))
    assert await keys_below(blobs, "t/acme/") == names


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "t/../x",
        "t//x",
        "t/a/",
        ".hidden",
        "t/a\x00b",
        "t\\a",
        "t/a b",
        "t/%2e",
        "é",
    ],
)
async def test_a_key_that_could_leave_the_store_is_refused(blobs: Blobs, key: str) -> None:
    with pytest.raises(InvalidInput):
        await blobs.put(key, b"")
    with pytest.raises(InvalidInput):
        await blobs.read(key)
    with pytest.raises(InvalidInput):
        await blobs.delete(key)


async def test_readers_never_see_a_half_written_blob(blobs: Blobs) -> None:
    data = os.urandom(8 * CHUNK_BYTES)
    seen: set[int] = set()

    async def look() -> None:
        while True:
            try:
                seen.add(len(await blobs.read("t/acme/big")))
            except NotFound:
                seen.add(-1)
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await asyncio.sleep(0.05)
    await blobs.put("t/acme/big", data)
    await asyncio.sleep(0.05)
    looking.cancel()
    assert seen <= {-1, len(data)}
    assert await blobs.read("t/acme/big") == data


async def test_forty_transfers_at_once(blobs: Blobs) -> None:
    async def one(number: int) -> bool:
        data = number.to_bytes(4, "big") * 50_000
        await blobs.put(f"t/acme/{number}", data)
        return await blobs.read(f"t/acme/{number}") == data

    assert all(await asyncio.gather(*(one(number) for number in range(40))))


@pytest.mark.servers
async def test_a_store_that_is_away_is_a_dependency_that_is_down() -> None:
    store = MinioBlobs(S3Server(f"127.0.0.1:{free_port()}", "a", "b" * 16), "loupe")
    with pytest.raises(DependencyDown):
        await store.open()
    with pytest.raises(DependencyDown):
        await store.put("t/acme/a", b"x")
    await store.close()


_TWO_GIB = """
import asyncio, hashlib, resource, sys
from pathlib import Path
from tests.adapters.stores import blobs_of

async def main(kind, source, *access):
    store = blobs_of(kind, Path(source).parent, access)
    await store.open()
    await store.put("t/acme/small", b"x")
    async for _ in store.stream("t/acme/small"):
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await store.put_file("t/acme/huge", Path(source))
    digest, size = hashlib.sha256(), 0
    async for chunk in store.stream("t/acme/huge"):
        digest.update(chunk)
        size += len(chunk)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await store.delete("t/acme/huge")
    await store.close()
    print(size, digest.hexdigest(), (after - before) // 1024)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["embedded", pytest.param("real", marks=pytest.mark.servers)])
def test_two_gibibytes_pass_in_constant_memory(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source = tmp_path / "huge"
    digest = hashlib.sha256()
    block = os.urandom(CHUNK_BYTES)
    with source.open("wb") as file:
        for number in range(2 * GIB // CHUNK_BYTES):
            stamped = number.to_bytes(8, "big") + block[8:]
            digest.update(stamped)
            file.write(stamped)
    access: list[str] = []
    if kind == "real":
        known: Access = request.getfixturevalue("minio_access")
        access = [known.endpoint, known.access_key, known.secret_key]
    done = subprocess.run(
        [sys.executable, "-c", _TWO_GIB, kind, str(source), *access],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    source.unlink()
    assert done.returncode == 0, done.stderr
    size, seen, grown_mib = done.stdout.split()
    assert (int(size), seen) == (2 * GIB, digest.hexdigest())
    assert int(grown_mib) < 160, "parts of 16 MiB and a few buffers, never the blob"


async def test_content_is_stored_under_its_hash_in_its_projects_folder(
    blobs: Blobs, tmp_path: Path
) -> None:
    data = os.urandom(1000)
    sha256 = hashlib.sha256(data).hexdigest()
    file = tmp_path / "file"
    file.write_bytes(data)
    by_bytes = await put_by_hash(blobs, data, tenant="acme", project_id="P")
    by_file = await put_by_hash(blobs, file, tenant="acme", project_id="Q")
    told = await put_by_hash(blobs, b"x", tenant="acme", project_id="P", sha256="given")
    assert by_bytes == content_key("acme", "P", sha256) == f"t/acme/P/{sha256}"
    assert await blobs.read(by_bytes) == await blobs.read(by_file) == data
    found = [blob.key async for blob in blobs.walk(project_folder("acme", "P"))]
    assert found == sorted([by_bytes, told])


async def test_a_blob_tells_when_it_was_stored_last(blobs: Blobs) -> None:
    began = utc_now() - timedelta(seconds=2)  # servers tell whole seconds
    await blobs.put("t/acme/P/one", b"1")
    (walked,) = [found async for found in blobs.walk("t/acme/P/one")]
    looked = await blobs.stat("t/acme/P/one")
    assert walked.stored_at is not None
    assert looked.stored_at is not None
    assert began <= walked.stored_at <= utc_now() + timedelta(seconds=2)
    assert abs(looked.stored_at - walked.stored_at) <= timedelta(seconds=1)
