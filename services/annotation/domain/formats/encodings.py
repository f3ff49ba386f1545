"""Text in the encodings that systems and older tools gave it, as UTF-8.

UTF-8 and a mark of UTF-16 tell themselves, and XML may declare what it is in. What is neither was
written in a system's encoding: Chinese where it reads as that alone, and then it is told; else it
is left as it is, for the reader of its format to refuse.
"""

import codecs
import re

from services.annotation.domain.formats.chinese import is_chinese
from services.annotation.domain.formats.model import FormatError

MAX_BYTES = 20 * 2**20  # larger files are not recoded
GUESSED = "its text is not UTF-8 and was read as GB18030: look whether names are right"

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9_.-]{1,40})[\"'][^>]*\?>")
_WIDE = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "cp936": "gb18030"}
_WIDE |= {name: name for name in ("big5", "euc-jp", "euc-kr", "cp949")}
_WIDE |= dict.fromkeys(("shift_jis", "shift-jis", "sjis", "cp932", "windows-31j"), "cp932")
_WIDE |= dict.fromkeys(("big5-hkscs", "cp950"), "big5hkscs")
_UTF8 = ("utf-8", "utf8")


def as_utf8(data: bytes) -> tuple[bytes, str]:
    """Return text as UTF-8, and what to tell of it where its encoding was guessed.

    >>> as_utf8("划痕".encode("gbk"))[0].decode()
    '划痕'
    >>> as_utf8("Straße, Größe".encode("cp1252")) == ("Straße, Größe".encode("cp1252"), "")
    True
    """
    if len(data) > MAX_BYTES:
        return data, ""
    if data.startswith(_MARKS):
        try:
            return data.decode("utf-16").encode(), ""
        except UnicodeDecodeError:
            return data, ""
    if _is_only_chinese(data):
        return _recoded(data, "gb18030"), GUESSED
    return data.removeprefix(codecs.BOM_UTF8), ""


def xml_as_utf8(data: bytes) -> tuple[bytes, str]:
    """Return XML in an encoding that its parser does not know as UTF-8, and what to tell of it.

    Without a declaration it is UTF-8 by the standard, and some tools declare UTF-8 but write the
    system's encoding; that is tried where it can be nothing else.

    Raises:
        FormatError: It is not in the encoding that it declares.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    declared = _DECLARED.match(data)
    name = declared[1].decode().lower() if declared else "utf-8"
    rest = data[declared.end() :] if declared else data
    if name in _UTF8:
        if _is_only_chinese(rest):
            return _recoded(rest, "gb18030"), GUESSED
        return (data if data.startswith(_MARKS) else _recoded(data, "utf-8")), ""
    if not name.startswith("utf") and _is_utf8(rest) and not rest.isascii():
        return rest, ""  # nothing else reads as UTF-8 by chance
    wide = _WIDE.get(name)
    return (data if wide is None else _recoded(rest, wide)), ""


def _recoded(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except UnicodeDecodeError as error:
        start = error.start
        raise FormatError(f"not XML: byte {start} is not {encoding}: save it as UTF-8") from None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_only_chinese(data: bytes) -> bool:
    return not _is_utf8(data) and is_chinese(data)
