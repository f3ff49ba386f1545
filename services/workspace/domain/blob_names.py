"""Which blobs are named by what is stored: a blob that nothing names may go.

A blob is named by its whole key, or by the hash that ends its key together with the id of its
project. The look is at text, not at fields: whatever says it, wherever, keeps the blob.
"""

import re
from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_KEY = re.compile(r"t/[A-Za-z0-9_-]+(?:/[A-Za-z0-9_.=-]+)+")
_STRING_KEY = re.compile(f'(?<=")(?:{_KEY.pattern})(?=")')
_HASH = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")
LONGEST = 512
"""Characters of the longest key; parts of a text that is read in pieces overlap by as much."""


class Named:
    """The names that were read, 8 bytes each: two that share a mark only keep a blob too many."""

    def __init__(self, known: "Named | None" = None) -> None:
        """Begin with the names that are ``known``, which were sealed."""
        self._read = array("q")
        self._sorted: NDArray[np.int64] = np.empty(0, np.int64) if known is None else known._sorted

    def read(self, text: str, project_id: str) -> None:
        """Take the names in ``text``, which belongs to a project; '' is none of a project."""
        self._read.extend(hash(key) for key in _KEY.findall(text))
        self._read.extend(hash((project_id, found)) for found in _HASH.findall(text))

    def seal(self) -> None:
        """Sort what was read, before names are asked for."""
        if self._read:
            self._sorted = np.union1d(self._sorted, np.frombuffer(self._read, np.int64))
            self._read = array("q")

    def __contains__(self, key: str) -> bool:
        """Tell whether a blob is named."""
        project_id, _, name = key.split("/", 2)[2].partition("/")
        ways = (hash(key), hash((project_id, name)), hash(("", name)))
        return any(map(self._has, ways))

    def _has(self, mark: int) -> bool:
        place = int(np.searchsorted(self._sorted, mark))
        return place < self._sorted.size and int(self._sorted[place]) == mark


def keys_in(text: str) -> set[str]:
    """Return the keys of projects' blobs that a JSON text names, each a whole string of it.

    >>> keys_in('{"a": "t/acme/P/9f86d081", "b": "t/acme/9f86d081", "c": "unit/acme/P/1"}')
    {'t/acme/P/9f86d081'}
    """
    return {key for key in _STRING_KEY.findall(text) if project_of(key)}


def hash_in(key: str) -> str | None:
    """Return the hash that names a blob's content; None for keys of another form.

    >>> hash_in("t/acme/P/uploads/U/0-1") is None, hash_in("t/acme/P/" + "0" * 64) == "0" * 64
    (True, True)
    """
    name = key.rpartition("/")[2]
    return name if _HASH.fullmatch(name) else None


def project_of(key: str) -> str | None:
    """Return the project whose folder a blob stands in; None for keys of another form.

    >>> project_of("t/acme/P/9f86d081"), project_of("t/acme/9f86d081")
    ('P', None)
    """
    parts = key.split("/")
    return parts[2] if len(parts) > 3 and parts[0] == "t" else None


def needed_of(collection: str, body: dict[str, object]) -> dict[str, object]:
    """Return the fields whose names count: of a job that ended only where one may go on with it.

    >>> job = {"finished_at": "now", "state": "failed", "payload": {"given": 1, "checkpoint": 2}}
    >>> needed_of("trainer.jobs", job)
    {'checkpoint': 2}
    >>> needed_of("trainer.jobs", job | {"state": "succeeded"})
    {}
    """
    if not collection.endswith(".jobs") or body.get("finished_at") is None:
        return body
    payload = body.get("payload")
    if body.get("state") == "succeeded" or not isinstance(payload, dict):
        return {}
    return {"checkpoint": payload.get("checkpoint")}


def manifests_of(body: dict[str, object]) -> Iterable[str]:
    """Return the keys of the blobs that name other blobs: frozen datasets."""
    key = body.get("manifest_key")
    return (key,) if isinstance(key, str) and key else ()
