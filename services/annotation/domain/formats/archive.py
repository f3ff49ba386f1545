"""Opening a stranger's zip: plain files at its root or in the folders of a data set, counted.

Folders around all of them, as a zip of a folder has, count for nothing.
"""

import contextlib
import itertools
import lzma
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from services.annotation.domain.formats import roots
from services.annotation.domain.formats.model import FormatError, is_picture
from shared.contracts.names import file_name, folded, has_unseen

MAX_ENTRIES = 20_000
MAX_ENTRY_BYTES = 64 * 2**20  # labelme writes the picture into its file unless it is told not to
MAX_TOTAL_BYTES = 2 * 2**30
MAX_RATIO = 200
_RATIO_FLOOR_BYTES = 2**20  # a small file of repeated lines packs well and harms nobody
_CHUNK_BYTES = 2**18
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, OverflowError, ValueError),
)
_LOCAL_HEADER_BYTES = 30
_UTF8_NAME = 0x800
_NAME_ENCODINGS = ("utf-8", "gb18030", "big5", "cp932", "cp949")  # of systems of East Asia
_LEGAL_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,255}\Z")
_NESTED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
_OF_SYSTEMS = (".ds_store", "thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Member:
    """A plain file at the archive's root, or in a folder as tools lay out a data set.

    Attributes:
        name: The file's own name.
        path: The name with its folders, separated by slashes; folders around all are left out.
        size_bytes: What the archive says of its size.
        info: The archive's entry.
        around: The folders around all label files, slash included.
    """

    name: str
    path: str
    size_bytes: int
    info: zipfile.ZipInfo
    around: str = ""

    @property
    def folders(self) -> tuple[str, ...]:
        """Names of the folders, those around all included, outermost first, in small letters."""
        return tuple(part.lower() for part in f"{self.around}{self.path}".split("/")[:-1])


@dataclass(frozen=True)
class RefusedMember:
    """An entry that is not read, and why."""

    name: str
    reason: str


class LabelArchive:
    """A checked zip; reading goes member by member and counts real bytes, never declared ones.

    Args:
        source: The zip, seekable.
        is_known: Whether a name is one of an image: decides which encoding an old name is in.

    Raises:
        FormatError: The archive as a whole is refused: no zip, encrypted, a link, too many entries
            or too large by its own word, or two entries of one name.
    """

    def __init__(
        self, source: IO[bytes], *, is_known: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._is_known = is_known
        try:
            self._zip = zipfile.ZipFile(source)
            infos = self._zip.infolist()
        except (*_DAMAGED, NotImplementedError) as error:
            raise FormatError(f"not a readable zip archive: {error}") from None
        if len(infos) > MAX_ENTRIES:
            raise FormatError(f"{len(infos)} entries; at most {MAX_ENTRIES} are allowed")
        if sum(info.file_size for info in infos) > MAX_TOTAL_BYTES:
            raise FormatError(f"unpacks to more than {MAX_TOTAL_BYTES >> 30} GiB")
        self._read_bytes = 0
        self.members: list[Member] = []
        self.refused: list[RefusedMember] = []
        found = [(path, info) for info in infos if (path := self._path(info))]
        infos_by_path = dict(found)
        around = roots.around(
            list(infos_by_path), is_known, lambda path: self._begin(infos_by_path[path])
        )
        taken = {folded(path) for path, _ in found if not path.startswith(around)}
        for path, info in found:
            inner = path.removeprefix(around)
            if inner == path or folded(inner) in taken:
                self._sort("", path, info)
            else:
                self._sort(around, inner, info)
        _refuse_doubles([member.path for member in self.members])
        _refuse_overlaps(infos)

    def _path(self, info: zipfile.ZipInfo) -> str:
        """Return where an entry lies; nothing of a folder, or of what a system adds."""
        if info.flag_bits & 0x1:
            raise FormatError(f"{_shown(info.filename)} is encrypted")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise FormatError(f"{_shown(info.filename)} is a link")
        path = _name_of(info, self._is_known).replace("\\", "/").removeprefix("./")
        is_left_aside = (
            path.lower().startswith("__macosx/") or file_name(path).lower() in _OF_SYSTEMS
        )
        return "" if path.endswith("/") or is_left_aside else path

    def _sort(self, around: str, path: str, info: zipfile.ZipInfo) -> None:
        member = Member(file_name(path), path, info.file_size, info, around)
        reason = _refusal(member)
        if reason:
            self.refused.append(RefusedMember(_shown(path), reason))
        else:
            self.members.append(member)

    def read(self, member: Member) -> bytes:
        """Return a member's bytes.

        Raises:
            FormatError: It is larger than it says or than allowed, packed beyond the allowed ratio,
                damaged, or the archive's total is used up.
        """
        parts, size = [], 0
        try:
            with self._zip.open(member.info) as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    size += len(chunk)
                    self._read_bytes += len(chunk)
                    self._check(member, size)
                    parts.append(chunk)
        except FormatError:
            raise
        except (*_DAMAGED, NotImplementedError) as error:
            raise FormatError(f"damaged in the archive: {error}") from None
        except RuntimeError:
            raise FormatError("encrypted") from None
        return b"".join(parts)

    def _begin(self, info: zipfile.ZipInfo) -> bytes:
        """Return an entry's first bytes; none of a damaged one."""
        with contextlib.suppress(*_DAMAGED, RuntimeError), self._zip.open(info) as file:
            return file.read(_CHUNK_BYTES)
        return b""

    def _check(self, member: Member, size: int) -> None:
        if size > MAX_ENTRY_BYTES:
            raise FormatError(f"larger than {MAX_ENTRY_BYTES >> 20} MiB")
        if self._read_bytes > MAX_TOTAL_BYTES:
            raise FormatError(f"the archive unpacks to more than {MAX_TOTAL_BYTES >> 30} GiB")
        if size > max(_RATIO_FLOOR_BYTES, MAX_RATIO * member.info.compress_size):
            raise FormatError(f"packed more than {MAX_RATIO} times: looks like a bomb")


def _name_of(info: zipfile.ZipInfo, is_known: Callable[[str], bool]) -> str:
    """Return an entry's name; one without the mark of UTF-8 is in it or in a system's encoding."""
    names = [info.filename]
    if not info.flag_bits & _UTF8_NAME and not info.filename.isascii():
        raw = info.filename.encode("cp437")
        for encoding in _NAME_ENCODINGS:
            with contextlib.suppress(UnicodeDecodeError):
                names.append(raw.decode(encoding))
    return next((name for name in names if is_known(file_name(name))), names[0])


def _refusal(member: Member) -> str:
    name, picture = member.name, is_picture(member.name)  # which is never read
    if not picture and not all(map(roots.is_own, member.path.split("/")[:-1])):
        return (
            "in a folder; label files lie at the archive's root, in one folder together, or in the"
            " folders of a data set (annotations, labels, train …)"
        )
    if not _LEGAL_NAME.match(name) or has_unseen(name) or name in (".", ".."):
        return "the file name holds characters that are not allowed"
    if name.lower().endswith(_NESTED):
        return "an archive inside the archive"
    if not picture and member.size_bytes > MAX_ENTRY_BYTES:
        return f"larger than {MAX_ENTRY_BYTES >> 20} MiB"
    return ""


def _refuse_doubles(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        key = unicodedata.normalize("NFC", name)
        if key in seen:
            raise FormatError(f"two entries are called {_shown(name)}")
        seen.add(key)


def _refuse_overlaps(infos: list[zipfile.ZipInfo]) -> None:
    """Two entries that share packed bytes unpack far more than the file holds (CVE-2024-0450)."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for first, second in itertools.pairwise(ordered):
        end = first.header_offset + _LOCAL_HEADER_BYTES + first.compress_size
        if end > second.header_offset:
            raise FormatError(f"{_shown(second.filename)} overlaps another entry")


def _shown(name: str) -> str:
    """A name fit for a message: bounded and printable."""
    return "".join(c if c.isprintable() else "?" for c in name[:120])
