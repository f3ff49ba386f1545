"""A receiver of webhooks that runs in the test: real sockets, with TLS or without."""

import asyncio
import base64
import datetime
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def answer(status: int, *headers: str) -> bytes:
    """Return a whole answer."""
    return "\r\n".join((f"HTTP/1.1 {status} Said", *headers, "Content-Length: 0", "", "")).encode()


@dataclass(frozen=True)
class Message:
    """A request as it came: its first line, its headers by lower-case names, its body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came to a server, which answers with what ``say`` returns.

    Who is answered None hangs, and is answered 500 once ``release`` is set.
    """

    port: int = 0
    came: list[Message] = field(default_factory=list)
    say: Callable[[Message], bytes | None] = lambda _: OK
    open_now: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        self.open_now += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            message = Message(first, headers, body)
            self.came.append(message)
            said = self.say(message)
            if said is None:
                said = await self._held(reader)
            writer.write(said)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_now -= 1
            writer.close()

    async def _held(self, reader: asyncio.StreamReader) -> bytes:
        """Wait until the other side hangs up, or it is to be answered."""
        waits = {asyncio.create_task(reader.read()), asyncio.create_task(self.release.wait())}
        _, left = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in left:
            wait.cancel()
        return answer(500) if self.release.is_set() else b""


@asynccontextmanager
async def receiving(secure: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver on a free port of 127.0.0.1."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=secure)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for ``name`` that signs itself; return its file, and a server's side."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.crt", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


def verified(message: Message, *secrets: str) -> dict[str, Any]:
    """Check a message as a receiver does (Standard Webhooks, "verifying"); return its JSON."""
    told = message.headers
    signed = f"{told['webhook-id']}.{told['webhook-timestamp']}.".encode() + message.body
    signatures = told["webhook-signature"].split(" ")
    assert len(signatures) == len(secrets)
    for secret, signature in zip(secrets, signatures, strict=True):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        made = hmac.new(key, signed, hashlib.sha256).digest()
        assert signature == "v1," + base64.b64encode(made).decode()
    found: dict[str, Any] = json.loads(message.body)
    return found
