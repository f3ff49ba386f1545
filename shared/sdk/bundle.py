"""The bundle: a model that left the platform, as one zip or the folder that it unpacks to.

``bundle.json`` says what the model is and the SHA-256 of every other file; ``signature.json`` holds
the signature of ``bundle.json``'s bytes and the public key that checks it.
"""

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.sdk.ed25519 import is_signed

FORMAT = "loupe.bundle/1"
FACTS, SIGNATURE = "bundle.json", "signature.json"
MODEL, MANIFEST, CERTIFICATE = "model.onnx", "model.json", "certificate.json"
NOTICE, GOLDEN, EXPECTED = "NOTICE.txt", "golden.npz", "expected.json"
_MOST_BYTES = 4 << 30  # of all files; a bundle that says more is damaged


class BundleError(ValueError):
    """The bundle is no bundle, not whole, or not what was signed."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a bundle, read into memory.

    Attributes:
        files: Content by name, ``/`` between folders.
        facts: What ``bundle.json`` says.
    """

    files: Mapping[str, bytes]
    facts: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path | str) -> "Bundle":
        """Read a bundle's zip or folder; nothing is checked yet.

        Raises:
            BundleError: There is none at ``path``, or another release's.
        """
        place = Path(path)
        try:
            files = _files_of(place) if place.is_dir() else _members_of(place)
        except BundleError:
            raise
        except Exception as error:  # zipfile has no class of its own for what is damaged
            raise BundleError(f"{place} is not a bundle: {error}") from error
        facts = document(files, FACTS)
        if facts.get("format") != FORMAT:
            raise BundleError(f"{FACTS} has format {facts.get('format')!r}; this reads {FORMAT}")
        if not isinstance(facts.get("files"), dict):
            raise BundleError(f"{FACTS} names no files")
        return cls(files, facts)

    @property
    def fingerprint(self) -> str:
        """That of the key inside, whoever's it is: compare it with the platform's."""
        return fingerprint_of(self._signature()[0])

    def faults(self, fingerprint: str | None = None) -> list[str]:
        """Say in words what of the bundle is not what was signed; nothing where all is well.

        Args:
            fingerprint: That of the key which must have signed; None takes the one inside.
        """
        found = self._changed_files()
        try:
            key, signature = self._signature()
        except BundleError as error:
            return [*found, str(error)]
        if not is_signed(self.files[FACTS], signature, key):
            found.append(f"the signature is not one of this {FACTS}")
        if fingerprint is not None and fingerprint_of(key) != fingerprint:
            found.append(f"another key signed it: {fingerprint_of(key)}")
        return found

    def _changed_files(self) -> list[str]:
        said: Mapping[str, Any] = self.facts["files"]
        found = [f"{name} is missing" for name in sorted(said.keys() - self.files.keys())]
        unsigned = self.files.keys() - said.keys() - {FACTS, SIGNATURE}
        found += [f"{name} is not of the bundle" for name in sorted(unsigned)]
        for name in sorted(said.keys() & self.files.keys()):
            if hashlib.sha256(self.files[name]).hexdigest() != said[name]:
                found.append(f"{name} was changed")
        return found

    def _signature(self) -> tuple[bytes, bytes]:
        signed = document(self.files, SIGNATURE)
        try:
            return bytes.fromhex(signed["public_key"]), bytes.fromhex(signed["signature"])
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{SIGNATURE} is damaged") from error


def document(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """Return a JSON object of a bundle; raise BundleError where there is none of this name."""
    try:
        values = json.loads(files[name])
    except KeyError:
        raise BundleError(f"the bundle has no {name}") from None
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name} is not JSON") from error
    if not isinstance(values, dict):
        raise BundleError(f"{name} is not a JSON object")
    return values


def fingerprint_of(public_key: bytes) -> str:
    """Return what people compare of a public key: its SHA-256 in hexadecimal.

    >>> fingerprint_of(bytes(32))[:16]
    '66687aadf862bd77'
    """
    return hashlib.sha256(public_key).hexdigest()


def _files_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    _check_size(folder, sum(path.stat().st_size for path in paths))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        _check_size(path, sum(member.file_size for member in members))
        # Of two files of one name others may unpack the one that is not read here.
        for name, count in Counter(member.filename for member in members).items():
            if count > 1:
                raise BundleError(f"{path} is not a bundle: it has {name} more than once")
        return {member.filename: archive.read(member) for member in members}


def _check_size(place: Path, size_bytes: int) -> None:
    if size_bytes > _MOST_BYTES:
        raise BundleError(f"{place} is not a bundle: its files are too large together")
