"""One request to a receiver: where it may go, how long it may take, what of an answer is read."""

import asyncio
import ipaddress
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.workspace.adapters.receivers import Receivers, Unanswered
from services.workspace.adapters.webhook_urls import check_url
from services.workspace.domain.addresses import Allowed, is_public, networks_in
from shared.errors import InvalidInput
from tests.running import until
from tests.unit.workspace.receiver import answer, certificate, receiving

HERE = Allowed(networks_in("127.0.0.0/8"))
NOWHERE = Allowed()


async def trouble_of(receivers: Receivers, url: str) -> str:
    with pytest.raises(Unanswered) as why:
        await receivers.post(url, {}, b"{}")
    return why.value.trouble


def knowing(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name lead to these addresses; return the names that were looked up."""
    asked: list[str] = []

    def found(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr("services.workspace.adapters.receivers.socket.getaddrinfo", found)
    return asked


async def test_a_message_arrives_as_it_was_sent_and_the_status_comes_back() -> None:
    async with receiving() as server:
        server.say = lambda _: answer(202, "X: y")
        url = f"http://127.0.0.1:{server.port}/a/b?c=%20d"
        status = await Receivers.of(HERE).post(url, {"webhook-id": "m"}, "{“é”}".encode())
    (came,) = server.came
    assert (status, came.line) == (202, "POST /a/b?c=%20d HTTP/1.1")
    assert came.headers["webhook-id"] == "m"
    assert came.headers["host"] == f"127.0.0.1:{server.port}"
    assert came.body == "{“é”}".encode()


async def test_a_certificate_is_checked_for_the_name_though_the_address_is_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, secure = certificate(tmp_path, "receiver.example")
    async with receiving(secure) as server:
        asked = knowing(monkeypatch, "127.0.0.1")
        knows = Receivers.of(HERE, ca_file=trusted)
        assert await knows.post(f"https://receiver.example:{server.port}/", {}, b"{}") == 204
        assert server.came[0].headers["host"] == f"receiver.example:{server.port}"
        assert asked == ["receiver.example"]  # once: no second look-up could tell another address
        assert await trouble_of(knows, f"https://other.example:{server.port}/") == "tls"
        stranger = Receivers.of(HERE)
        assert await trouble_of(stranger, f"https://receiver.example:{server.port}/") == "tls"
    assert len(server.came) == 1


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.100.100.200", "168.63.129.16"],
)
async def test_a_name_that_leads_inside_is_not_connected_to(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowing(monkeypatch, address)

    async def connected(*_: Any, **__: Any) -> None:
        raise AssertionError("connected")

    monkeypatch.setattr("services.workspace.adapters.receivers.asyncio.open_connection", connected)
    assert await trouble_of(Receivers.of(NOWHERE), "https://inside.example/") == "not_allowed"


async def test_of_several_addresses_of_a_name_only_those_that_are_allowed_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with receiving() as server:
        knowing(monkeypatch, "10.9.9.9", "127.0.0.1")
        assert await Receivers.of(HERE).post(f"http://a.example:{server.port}/", {}, b"") == 204


async def test_an_address_that_is_silent_leaves_time_for_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, secure = certificate(tmp_path, "receiver.example")
    silent: list[asyncio.StreamWriter] = []
    async with receiving(secure) as server:
        hanging = await asyncio.start_server(
            lambda _, writer: silent.append(writer), "127.0.0.2", server.port
        )
        knowing(monkeypatch, "127.0.0.2", "127.0.0.1")
        knows = Receivers.of(HERE, ca_file=trusted, timeout_s=4.5)
        assert await knows.post(f"https://receiver.example:{server.port}/", {}, b"{}") == 204
        hanging.close()
    assert len(silent) == 1
    silent[0].close()


async def test_without_tls_nothing_goes_to_public_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    knowing(monkeypatch, "8.8.8.8")
    assert await trouble_of(Receivers.of(HERE), "http://public.example/") == "not_allowed"


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with receiving() as server, receiving() as inside:
        server.say = lambda _: answer(307, f"Location: http://127.0.0.1:{inside.port}/")
        receivers = Receivers.of(HERE)
        assert await receivers.post(f"http://127.0.0.1:{server.port}/", {}, b"{}") == 307
    assert inside.came == []


async def test_a_receiver_that_never_answers_is_given_up_and_hung_up_on() -> None:
    async with receiving() as server:
        server.say = lambda _: None
        receivers = Receivers.of(HERE, timeout_s=1)
        assert await trouble_of(receivers, f"http://127.0.0.1:{server.port}/") == "timeout"
        await until(lambda: server.came and server.open_now == 0)


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
        b"HTTP/1.1 103 Early\r\n\r\n" * 20_000,
        b"",
    ],
    ids=["another protocol", "a head without end", "hints without end", "nothing"],
)
async def test_what_is_no_answer_is_given_up(said: bytes) -> None:
    async with receiving() as server:
        server.say = lambda _: said
        trouble = await trouble_of(Receivers.of(HERE), f"http://127.0.0.1:{server.port}/")
        assert trouble in ("broken", "refused")  # or it hung up before all was read


async def test_of_an_answer_without_end_only_the_head_is_read() -> None:
    async with receiving() as server:
        server.say = lambda _: (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9_000_000
        )
        receivers = Receivers.of(HERE)
        assert await receivers.post(f"http://127.0.0.1:{server.port}/", {}, b"{}") == 200
        await until(lambda: server.open_now == 0)


async def test_nobody_there_and_no_such_name_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert await trouble_of(Receivers.of(HERE), url) == "refused"

    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr("services.workspace.adapters.receivers.socket.getaddrinfo", unknown)
    assert await trouble_of(Receivers.of(HERE), "https://nobody.example/") == "unresolved"


async def test_a_name_server_that_hangs_holds_up_no_other_thread_and_no_other_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hanging = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(host: str, *_: Any, **__: Any) -> list[Any]:
        if host == "slow.example":
            asyncio.run_coroutine_threadsafe(hanging.wait(), loop).result()
        return []

    monkeypatch.setattr("services.workspace.adapters.receivers.socket.getaddrinfo", hang)
    receivers = Receivers.of(HERE, timeout_s=0.2)
    tries = [trouble_of(receivers, "https://slow.example/") for _ in range(40)]
    try:
        assert set(await asyncio.gather(*tries)) == {"timeout"}
        assert await asyncio.to_thread(lambda: "free") == "free"
        others = replace(receivers, timeout_s=5)
        assert await trouble_of(others, "https://quick.example/") == "not_allowed"  # was looked up
    finally:
        hanging.set()


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.1", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1"),
        *("192.0.0.192", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "fe80::1", "fc00::1"),
        *("fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "::7f00:1", "192.88.99.1"),
    ],
)
def test_what_only_the_platform_reaches_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))
    host = f"[{text}]" if ":" in text else text
    with pytest.raises(InvalidInput):
        check_url(f"https://{host}/", NOWHERE)


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "93.184.215.14"])
def test_what_everybody_reaches_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.com/", "https://", "https:///path", "example.com", "https://a b.com/"),
        *("https://user@example.com/", "https://user:word@example.com/", "https://example.com/#x"),
        *("https://example.com:99999/", "https://exämple.com/", "https://example.com/\n", ""),
        *("http://example.com/", "https://[::1/", "https://example.com:0/", "file:///etc/passwd"),
        "https://example.com/" + "a" * 1000,
    ],
)
def test_an_address_that_nothing_can_be_sent_to_is_refused_with_its_place(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_url(url, NOWHERE)
    assert [error.field for error in refusal.value.errors] == ["url"]


def test_the_operators_networks_are_allowed_with_and_without_tls() -> None:
    allowed = Allowed(networks_in("10.20.0.0/16, fd12::/16"))
    for url in ("http://10.20.3.4/", "https://10.20.3.4/", "http://[fd12::1]:8080/x"):
        check_url(url, allowed)
    check_url("http://mes.plant.example/", allowed)  # looked up when something is sent
    for url in ("http://10.21.0.1/", "https://10.21.0.1/", "http://8.8.8.8/"):
        with pytest.raises(InvalidInput):
            check_url(url, allowed)
    with pytest.raises(ValueError, match="host bits"):
        networks_in("10.20.0.1/16")
