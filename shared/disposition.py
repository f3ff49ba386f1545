"""Content-Disposition of a form's parts (RFC 7578): which field, and what the file is called."""

from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value


def disposition_of(value: bytes) -> tuple[str, str | None]:
    r"""Return the field and the file name of a Content-Disposition header, None for no file.

    A name may come as UTF-8 bytes, as ``filename*`` (RFC 5987), which then counts, or as encoded
    words (RFC 2047): all of them are sent by clients in use.

    >>> disposition_of(b'form-data; name="f"; filename="x.png"; filename*=UTF-8\'\'%C3%A9.png')
    ('f', 'é.png')
    >>> disposition_of(b'form-data; name="f"; filename="=?utf-8?B?w6kucG5n?="')
    ('f', 'é.png')
    >>> disposition_of(b'form-data; name="comment"')
    ('comment', None)
    """
    message = Message()
    message["content-disposition"] = value.decode("utf-8", "replace")
    plain: dict[str, str] = {}
    extended: dict[str, str] = {}
    for name, given in message.get_params([], header="content-disposition"):
        kept = plain if isinstance(given, str) else extended
        kept[name.lower()] = collapse_rfc2231_value(given)
    both = plain | extended
    file_name = both.get("filename")
    return both.get("name", ""), None if file_name is None else _decoded(file_name)


def _decoded(name: str) -> str:
    """Return ``name`` with its encoded words read, or as it is where they cannot be."""
    if not name.isascii():
        return name
    try:
        return str(make_header(decode_header(name)))
    except (LookupError, UnicodeError, HeaderParseError):
        return name
