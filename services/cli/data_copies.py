"""Copies of the folder of an embedded platform: made while it runs, looked through, put back.

A blob stands before the document that names it, and its file never changes. So blobs are copied
first, then the database as it is in one moment, then the blobs that came meanwhile. What was
deleted between is seen, as the copy names it without having it, and the copy is made anew.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from services.data_folder import ADMIN_KEY
from services.workspace.adapters.signer import SIGNING_KEY
from services.workspace.domain.blob_names import keys_in, needed_of
from shared.documents.embedded import bodies
from shared.hosting.stores import BLOBS, DATABASE

LIST = "files.sha256"
_TRIES = 5
_CHUNK = 1 << 20


class Unsound(Exception):
    """A copy cannot be made, or is not what was copied; the text is one line."""


@dataclass(frozen=True)
class Copy:
    """What a copy holds; ``missing`` are blobs that documents name and that were not there."""

    files: int
    size_bytes: int
    missing: tuple[str, ...] = ()


def back_up(data: Path, target: Path) -> Copy:
    """Copy what stands in the folder ``data`` to the folder ``target``, which must not be there.

    Everything that was acknowledged before is in the copy; of what is written meanwhile a part may
    be, each write whole or not at all.

    Raises:
        Unsound: there is nothing to copy, the target is there, or too much is deleted meanwhile.
        OSError: the disk is full.
    """
    if not (data / DATABASE).is_file():
        raise Unsound(f"{data} holds no platform: set LOUPE_DATA to its folder")
    staged = target.with_name(target.name + ".partial")
    if target.exists() or staged.exists():
        raise Unsound(f"{target} (or {staged.name}) is there already: choose another, or remove it")
    staged.mkdir(parents=True)
    hashes: dict[str, str] = {}
    _copy_blobs(data, staged, hashes)
    missing = _copy_until_whole(data, staged, hashes)
    for name in (DATABASE, ADMIN_KEY, SIGNING_KEY):
        if name != DATABASE and (data / name).is_file():
            shutil.copyfile(data / name, staged / name)
        if (staged / name).is_file():
            hashes[name] = _hash_of(staged / name)
    lines = (f"{found}  {name}\n" for name, found in sorted(hashes.items()))
    (staged / LIST).write_text("".join(lines))
    os.sync()
    staged.rename(target)
    return Copy(len(hashes), _size_of(target, hashes), missing)


def audit(copy: Path) -> Copy:
    """Look whether a copy holds what was copied, byte by byte, and its database is sound.

    Raises:
        Unsound: it does not; the text names the first place.
    """
    if not (copy / LIST).is_file():
        raise Unsound(f"{copy} is no whole backup: it has no {LIST}")
    hashes = _listed(copy)
    for name, digest in hashes.items():
        path = copy / name
        if not path.is_file():
            raise Unsound(f"{name} is gone from the backup")
        if _hash_of(path) != digest:
            raise Unsound(f"{name} is not as it was copied")
    with _opened(copy / DATABASE) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise Unsound(f"the database is damaged: {said}")
    return Copy(len(hashes), _size_of(copy, hashes), tuple(sorted(_missing(copy))))


def restore(copy: Path, data: Path) -> Copy:
    """Put a copy back into the folder ``data``, which must be empty, after looking it through.

    Raises:
        Unsound: the copy is damaged, or something stands in the folder.
    """
    found = audit(copy)
    if data.exists() and any(data.iterdir()):
        raise Unsound(f"{data} is not empty: set LOUPE_DATA to a folder that is, or a new one")
    staged = data.with_name(data.name + ".partial")
    shutil.copytree(copy, staged)
    audit(staged)
    (staged / LIST).unlink()
    os.sync()
    staged.rename(data)
    return found


def _copy_until_whole(data: Path, staged: Path, hashes: dict[str, str]) -> tuple[str, ...]:
    """Copy the database until what the copy misses was missing before, too; return that."""
    before: set[str] | None = None
    for _ in range(_TRIES):
        (staged / DATABASE).unlink(missing_ok=True)
        with _opened(data / DATABASE) as connection:
            connection.execute("VACUUM INTO ?", (str(staged / DATABASE),))
        _copy_blobs(data, staged, hashes)
        missing = _missing(staged)
        if before is not None and missing <= before:
            return tuple(sorted(missing))
        if not missing:
            return ()
        before = missing
    raise Unsound("too much is being deleted: try again when less goes on")


def _copy_blobs(data: Path, staged: Path, hashes: dict[str, str]) -> None:
    """Copy the blobs that are not in the copy yet, with their hashes; what goes is passed over."""
    for path in sorted((data / BLOBS / "t").rglob("*")):
        name = path.relative_to(data).as_posix()
        if name in hashes or not path.is_file():
            continue
        target = staged / name
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        try:
            with path.open("rb") as source, target.open("wb") as sink:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    sink.write(chunk)
        except FileNotFoundError:
            continue
        hashes[name] = digest.hexdigest()


def _missing(copy: Path) -> set[str]:
    """Return the keys of blobs that documents of a copy name and that it does not have."""
    named: set[str] = set()
    with _opened(copy / DATABASE) as connection:
        for collection, body in bodies(connection):
            needed = needed_of(collection, orjson.loads(body))
            named |= keys_in(orjson.dumps(needed).decode())
    return {key for key in named if not (copy / BLOBS / key).is_file()}


@contextlib.contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as connection:
        yield connection


def _listed(copy: Path) -> dict[str, str]:
    lines = (copy / LIST).read_text().splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _size_of(copy: Path, hashes: dict[str, str]) -> int:
    return sum((copy / name).stat().st_size for name in hashes)


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
