"""Access tokens: only the workspace can make one that others accept."""

import asyncio
import hashlib
import hmac
import json
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.workspace.adapters.signer import Signer, put_new_key
from shared.callers import Caller
from shared.clock import utc_now
from shared.errors import DependencyDown, Unauthenticated
from shared.http import tokens as module
from shared.http.tokens import LIFETIME_S, Tokens, keys_at
from tests.signing import KEY_FILE, SIGNER, fresh_tokens, private_key, reading

WHO = Caller("t", "k", "engineer")
SHORT = b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "YQ"}]}'


def claims(**other: object) -> dict[str, object]:
    now = int(utc_now().timestamp())
    said = {"iss": "loupe", "sub": "k", "tenant": "t", "role": "admin", "iat": now}
    return {**said, "exp": now + 900, "jti": "k.1", "gen": 0, **other}


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def made_by_hand(header: dict[str, object], secret: bytes | None) -> str:
    """A token as an attacker would write it: no library that refuses to help."""
    text = f"{part({**header, 'kid': SIGNER.public_keys()[0]['kid']})}.{part(claims())}"
    mac = b"" if secret is None else hmac.digest(secret, text.encode(), hashlib.sha256)
    return f"{text}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


async def test_a_token_opens_until_it_ends() -> None:
    who = await fresh_tokens().check(SIGNER.issue(WHO))
    assert (who.tenant, who.subject, who.role) == ("t", "k", "engineer")
    past = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(Unauthenticated):
        await fresh_tokens().check(Signer(KEY_FILE, clock=lambda: past).issue(WHO))
    assert LIFETIME_S <= 3600


async def test_who_lacks_the_private_key_makes_no_token_that_opens() -> None:
    """A service holds the public keys alone; each way to sign with what it has is refused."""
    public = SIGNER.public_keys()[0]
    ours = {"kid": public["kid"]}
    own, other = Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    pem = private_key().public_key()
    forged = [
        jwt.encode(claims(), own, algorithm="EdDSA", headers=ours),
        jwt.encode(claims(), own, algorithm="EdDSA", headers={"kid": "own"}),
        jwt.encode(claims(), other, algorithm="ES256", headers=ours),
        jwt.encode(claims(), None, algorithm="none", headers=ours),
        made_by_hand({"alg": "none"}, None),
        made_by_hand({"alg": "None"}, None),
        made_by_hand({"alg": "HS256"}, pem.public_bytes_raw()),
        made_by_hand({"alg": "HS256"}, public["x"].encode()),
        made_by_hand({"alg": "HS256"}, json.dumps(public).encode()),
        made_by_hand({"alg": "EdDSA"}, pem.public_bytes_raw()),
        made_by_hand({"alg": "HS256", "jwk": public}, b"x"),
        jwt.encode(claims(), own, algorithm="EdDSA", headers={**ours, "jwk": public}),
    ]
    tokens = fresh_tokens()
    for token in forged:
        with pytest.raises(Unauthenticated):
            await tokens.check(token)
    await tokens.check(jwt.encode(claims(), private_key(), algorithm="EdDSA", headers=ours))


async def test_a_token_of_the_shared_secret_of_old_does_not_open() -> None:
    with pytest.raises(Unauthenticated):
        await fresh_tokens().check(jwt.encode(claims(), "0123456789abcdef" * 4, algorithm="HS256"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "other"},
        {"exp": 1},
        {"role": "system"},
        {"exp": 1e30},
        {"jti": 1},
        {"gen": True},
        {"gen": "0"},
    ],
)
async def test_a_token_whose_claims_are_wrong_does_not_open(wrong: dict[str, object]) -> None:
    headers = {"kid": SIGNER.public_keys()[0]["kid"]}
    token = jwt.encode(claims(**wrong), private_key(), algorithm="EdDSA", headers=headers)
    with pytest.raises(Unauthenticated):
        await fresh_tokens().check(token)


async def test_a_changed_key_lets_the_tokens_before_it_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.0)
    key = tmp_path / "signing.key"
    signer = Signer(key)
    tokens = Tokens(reading(signer))
    first = signer.issue(WHO)
    await tokens.check(first)
    put_new_key(key)
    second = signer.issue(WHO)
    kids = [jwt.get_unverified_header(token)["kid"] for token in (first, second)]
    assert kids[0] != kids[1]
    assert [one["kid"] for one in signer.public_keys()] == kids[::-1]
    for token in (second, first):
        await tokens.check(token)
    put_new_key(key)
    third = Tokens(reading(signer))
    await third.check(signer.issue(WHO))
    await third.check(second)
    with pytest.raises(Unauthenticated):
        await third.check(first)
    assert key.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["signing.key"]


async def test_a_key_that_was_taken_back_stops_to_open_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "signing.key"
    signer = Signer(key)
    tokens = Tokens(reading(signer))
    old = signer.issue(WHO)
    await tokens.check(old)
    put_new_key(key)
    put_new_key(key)
    assert module._OLD_S <= 10
    monkeypatch.setattr(module, "_OLD_S", 0.0)
    monkeypatch.setattr(module, "_PAUSE_S", 0.0)
    with pytest.raises(Unauthenticated):  # the very first after the service was idle
        await tokens.check(old)


async def test_keys_are_kept_while_the_workspace_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.0)
    monkeypatch.setattr(module, "_AGE_S", 0.0)
    away = False

    async def read() -> bytes:
        if away:
            raise ConnectionRefusedError("nobody listens")
        return await reading(SIGNER)()

    tokens = Tokens(read)
    token = SIGNER.issue(WHO)
    await tokens.check(token)
    away = True
    for _ in range(5):
        await tokens.check(token)
        await asyncio.sleep(0)
    with pytest.raises(Unauthenticated):
        await tokens.check(jwt.encode(claims(), private_key(), "EdDSA", headers={"kid": "other"}))
    await tokens.check(token)


async def test_who_never_saw_the_keys_says_so_and_is_not_ready(tmp_path: Path) -> None:
    tokens = Tokens(keys_at(str(tmp_path / "none.json")))
    with pytest.raises(DependencyDown):
        await tokens.check(SIGNER.issue(WHO))
    with pytest.raises(DependencyDown):
        await tokens.ready()


@pytest.mark.parametrize(
    "text", [b"", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "oct"}]}', SHORT, b"\xff"]
)
async def test_what_is_no_set_of_keys_is_no_keys(text: bytes) -> None:
    async def read() -> bytes:
        return text

    with pytest.raises(DependencyDown):
        await Tokens(read).ready()


async def test_strangers_cannot_make_a_service_ask_the_workspace_at_will() -> None:
    asked = 0

    async def read() -> bytes:
        nonlocal asked
        asked += 1
        return await reading(SIGNER)()

    tokens = Tokens(read)
    own = Ed25519PrivateKey.generate()
    names = [jwt.encode(claims(), own, "EdDSA", headers={"kid": str(n)}) for n in range(200)]
    began = time.monotonic()
    for token in names:
        with pytest.raises(Unauthenticated):
            await tokens.check(token)
    assert asked <= 2 + (time.monotonic() - began) / module._PAUSE_S


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A workspace's key set over HTTP."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = await reading(SIGNER)()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/workspace/jwks"


async def test_the_keys_are_read_from_an_address_whatever_proxy_there_is(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    await Tokens(keys_at(address)).check(SIGNER.issue(WHO))


async def test_several_processes_that_begin_at_once_have_one_key(tmp_path: Path) -> None:
    signers = [Signer(tmp_path / "signing.key") for _ in range(16)]
    names = await asyncio.gather(
        *(asyncio.to_thread(lambda one=one: one.public_keys()[0]["kid"]) for one in signers)
    )
    assert len(set(names)) == 1
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600
