"""Addresses of webhooks, as a person gives them."""

from urllib.parse import urlsplit

from services.workspace.domain.addresses import Allowed, address_in
from services.workspace.domain.webhooks import MAX_URL
from shared.errors import FieldError, InvalidInput

_SCHEMES = ("https", "http")


def check_url(url: str, allowed: Allowed) -> None:
    """Refuse an address that no message could be sent to; a name is looked up when one is sent.

    Raises:
        InvalidInput: It is no address of the web, carries a password or a fragment, is not of
            `https` (`http` is taken only where the operator allows networks), or names an address
            that is neither public nor allowed.
    """
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise _wrong(f"must be an address of {MAX_URL} ASCII characters at most, without blanks")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong("must be an address such as https://example.com/path") from None
    if parts.scheme not in _SCHEMES or not parts.hostname or port == 0:
        raise _wrong("must be an address such as https://example.com/path")
    if parts.username is not None or parts.fragment or parts.password is not None:
        raise _wrong("must have neither a user, nor a password, nor a fragment")
    literal = address_in(parts.hostname)
    is_plain = parts.scheme == "http"
    if is_plain and (not allowed.networks or (literal and not allowed.plain(literal))):
        raise _wrong("must begin with https; http is for networks that the operator allows")
    if literal is not None and not allowed.secure(literal):
        raise _wrong("must be a public address, or one that the operator allows")


def _wrong(why: str) -> InvalidInput:
    return InvalidInput("messages cannot be sent there", errors=[FieldError("url", why)])
