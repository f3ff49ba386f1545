"""Receivers of webhooks: one request, to an address that was checked, within bounds.

The name is looked up here and the connection made to the address that was found, so that no second
look-up can tell another one. Redirects are not followed, and of an answer no more is read than its
head. No proxy of the environment is asked.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import h11

from services.workspace.domain.addresses import Address, Allowed, address_in
from services.workspace.domain.webhooks import Trouble

TIMEOUT_S = 10.0
_HEAD_BYTES = 16 << 10
_READ_BYTES = 4 << 10
# Threads of their own. A look-up goes on when its message was given up, for some 30 s where a name
# server hangs: four times the sixteen that are under way, so that no tenant's names fill them.
_LOOKUPS = 64
_MOST_ADDRESSES = 3
_PORTS = {"https": 443, "http": 80}


class Unanswered(Exception):
    """There was no answer; ``trouble`` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble: Trouble = trouble


@dataclass(frozen=True)
class Receivers:
    """Sends messages to the addresses that are ``allowed``.

    ``ca_file`` holds certificates that are trusted beside the system's.
    """

    allowed: Allowed
    trusted: ssl.SSLContext
    timeout_s: float
    lookups: ThreadPoolExecutor

    @classmethod
    def of(
        cls, allowed: Allowed, *, ca_file: Path | None = None, timeout_s: float = TIMEOUT_S
    ) -> "Receivers":
        """Build them; raise OSError or ssl.SSLError where the file has no certificates."""
        trusted = ssl.create_default_context()
        if ca_file is not None:
            trusted.load_verify_locations(ca_file)
        lookups = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="webhook-names")
        return cls(allowed, trusted, timeout_s, lookups)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a message; return the status of the answer. Raise Unanswered."""
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._post(urlsplit(url), headers, body)
        except TimeoutError:
            raise Unanswered("timeout") from None
        except ssl.SSLError:
            raise Unanswered("tls") from None
        except h11.ProtocolError:
            raise Unanswered("broken") from None
        except OSError:
            raise Unanswered("refused") from None

    async def _post(self, url: SplitResult, headers: Mapping[str, str], body: bytes) -> int:
        port = url.port or _PORTS[url.scheme]
        addresses = await self._addresses(url, port)
        reader, writer = await self._connected(url, addresses, port)
        try:
            return await _asked(reader, writer, _head(url, headers, body), body)
        finally:
            writer.transport.abort()  # the rest of the answer is not waited for

    async def _addresses(self, url: SplitResult, port: int) -> Sequence[Address]:
        """Return where a message may go; raise Unanswered for nowhere."""
        host = url.hostname or ""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self.lookups, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError):
            raise Unanswered("unresolved") from None
        known = dict.fromkeys(address_in(str(place[0])) for *_, place in found)
        may = self.allowed.plain if url.scheme == "http" else self.allowed.secure
        kept = [address for address in known if address is not None and may(address)]
        if not kept:
            raise Unanswered("not_allowed")
        return kept[:_MOST_ADDRESSES]

    async def _connected(
        self, url: SplitResult, addresses: Sequence[Address], port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection to the first address that takes one.

        One that is silent, as IPv6 where only IPv4 leads outside, has its share of the time; the
        last one has all that is left.
        """
        secure = url.scheme == "https"
        share_s = self.timeout_s / (len(addresses) + 1)
        for address in addresses:
            try:
                async with asyncio.timeout(None if address == addresses[-1] else share_s):
                    return await asyncio.open_connection(
                        str(address),
                        port,
                        limit=_HEAD_BYTES,
                        ssl=self.trusted if secure else None,
                        server_hostname=url.hostname if secure else None,
                    )
            except ssl.SSLError:
                raise
            except OSError:  # TimeoutError is one
                continue
        raise Unanswered("refused")


def _head(url: SplitResult, headers: Mapping[str, str], body: bytes) -> h11.Request:
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else str(url.hostname)
    told = {
        "Host": host if url.port in (None, _PORTS[url.scheme]) else f"{host}:{url.port}",
        "Connection": "close",
        "Content-Length": str(len(body)),
        **headers,
    }
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return h11.Request(method="POST", target=target, headers=list(told.items()))


async def _asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: h11.Request, body: bytes
) -> int:
    """Send a request; return the status of its answer. Raise h11's ProtocolError, OSError."""
    talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
    for part in (head, h11.Data(data=body), h11.EndOfMessage()):
        writer.write(talk.send(part) or b"")
    await writer.drain()
    read = 0
    while True:
        event = talk.next_event()
        if isinstance(event, h11.Response):
            return event.status_code
        if event is h11.NEED_DATA:
            data = await reader.read(_READ_BYTES)
            read += len(data)
            if read > 2 * _HEAD_BYTES:  # hints without an end
                raise h11.RemoteProtocolError("no answer in so many bytes")
            talk.receive_data(data)
        elif not isinstance(event, h11.InformationalResponse):
            raise h11.RemoteProtocolError("closed without an answer")
