"""A key ends when it was told to, its tokens with it, and tells when it was last used."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from services import __main__ as command
from services.workspace.adapters.signer import Signer
from services.workspace.app import build
from services.workspace.domain.api_keys import digest, make_key
from services.workspace.errors import LastAdminKey
from services.workspace.handlers.key_list import KeyList
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.revocations import Revocations
from services.workspace.repository import API_KEYS, TENANTS, ApiKey
from shared.callers import Caller
from shared.clock import Timestamp, format_time
from shared.documents.embedded import EmbeddedCollection
from shared.documents.port import CollectionSpec, Document, TenantScope
from shared.errors import DependencyDown, InvalidInput, QuotaExceeded, Unauthenticated
from shared.hosting.stores import Stores
from shared.http.tokens import LIFETIME_S
from shared.paging import PageParams
from tests.running import Running, running
from tests.signing import KEY_FILE

START = datetime(2026, 11, 27, 8, 0, 0, 250_000, tzinfo=UTC)
BOSS = Caller("default", "boss", "admin")
SOURCE = "192.0.2.1"


class Watch:
    """A clock that stands still until it is turned."""

    now = START

    def __call__(self) -> datetime:
        return self.now


class Door:
    """The use cases of keys by one clock."""

    def __init__(self, stores: Stores) -> None:
        self.watch = Watch()
        self.keys = Keys(stores.documents, clock=self.watch)
        self.revocations = Revocations(stores.documents, self.keys, clock=self.watch)
        self.list = KeyList(stores.documents, clock=self.watch)
        self.stored = stores.documents.collection(API_KEYS, TenantScope("default"))

    async def made(self, lifetime_s: float | None = None, *, role: Any = "admin") -> str:
        ends = None if lifetime_s is None else self.watch.now + timedelta(seconds=lifetime_s)
        made = await self.revocations.make_key(BOSS, name="line 2", role=role, expires_at=ends)
        return made.text

    async def maker_of(self, key: str) -> str | None:
        return (await self.stored.get(id_of(key))).created_by

    async def last_use(self, key: str) -> datetime | None:
        return (await self.stored.get(id_of(key))).last_used_at


@pytest.fixture
async def door(stores: Stores) -> Door:
    await stores.open([TENANTS, API_KEYS])
    return Door(stores)


def id_of(key: str) -> str:
    return key.split("_")[1]


async def test_a_key_past_its_term_gives_no_token(door: Door) -> None:
    key = await door.made(100)
    assert (await door.keys.sign_in(key, source=SOURCE)).subject == id_of(key)
    door.watch.now = START + timedelta(seconds=99)
    assert (await door.keys.sign_in(key, source=SOURCE)).subject == id_of(key)
    door.watch.now = START + timedelta(seconds=100)
    with pytest.raises(Unauthenticated, match="the API key has expired"):
        await door.keys.sign_in(key, source=SOURCE)


@pytest.mark.parametrize(("passed_s", "lifetime_s"), [(0, LIFETIME_S), (200, 800), (999, 1)])
async def test_no_token_outlives_its_key(door: Door, passed_s: int, lifetime_s: int) -> None:
    key = await door.made(1000)
    door.watch.now = START + timedelta(seconds=passed_s)
    signer = Signer(KEY_FILE, clock=door.watch)
    who = await door.keys.sign_in(key, source=SOURCE)
    claims = jwt.decode(signer.issue(who), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == signer.lifetime_s(who) == lifetime_s
    assert claims["exp"] <= (START + timedelta(seconds=1000)).timestamp()


async def test_a_use_is_written_once_a_minute(door: Door) -> None:
    key = await door.made()
    assert await door.last_use(key) is None
    await asyncio.gather(*(door.keys.sign_in(key, source=SOURCE) for _ in range(10)))
    first = await door.stored.get(id_of(key))
    assert (first.last_used_at, first.version) == (START, 2)
    for seconds, expected_s in ((59, 0), (60, 60), (119, 60), (121, 121), (-3600, -3600)):
        door.watch.now = START + timedelta(seconds=seconds)  # the last: a clock that was set back
        await door.keys.sign_in(key, source=SOURCE)
        assert await door.last_use(key) == START + timedelta(seconds=expected_s)


async def test_a_store_that_takes_no_writes_keeps_nobody_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await door.made()

    async def full(*_: object, **__: object) -> None:
        raise DependencyDown("the disk is full")

    monkeypatch.setattr(EmbeddedCollection, "replace", full)
    assert (await door.keys.sign_in(key, source=SOURCE)).subject == id_of(key)
    assert await door.last_use(key) is None


async def test_who_fails_to_sign_in_has_not_used_the_key(door: Door) -> None:
    key = await door.made(50)
    door.watch.now = START + timedelta(seconds=50)
    with pytest.raises(Unauthenticated):
        await door.keys.sign_in(key, source=SOURCE)
    assert await door.last_use(key) is None


class EarlierKey(Document):
    """A key as releases stored it that knew of no expiry."""

    name: str
    digest: str
    role: str
    created_at: Timestamp
    created_by: str | None = None
    revoked_at: Timestamp | None = None
    generation: int = 0
    ended_tokens: tuple[str, ...] = ()
    ended_at: Timestamp | None = None


async def test_keys_of_earlier_releases_open_and_count(door: Door, stores: Stores) -> None:
    earlier = CollectionSpec(API_KEYS.name, EarlierKey, API_KEYS.indexes)
    fresh = make_key()
    await stores.documents.collection(earlier, TenantScope("default")).insert(
        EarlierKey(
            id=fresh.key_id,
            tenant="default",
            name="old",
            digest=digest(fresh.text),
            role="admin",
            created_at=START,
        )
    )
    (seen,) = (await door.list.page(BOSS, PageParams())).items
    assert (seen.state, seen.key.expires_at, seen.key.last_used_at) == ("valid", None, None)
    with pytest.raises(LastAdminKey):
        await door.revocations.revoke_key(BOSS, fresh.key_id)
    assert (await door.keys.sign_in(fresh.text, source=SOURCE)).until is None
    assert await door.last_use(fresh.text) == START


async def test_an_administrator_whose_key_expired_administers_nothing(door: Door) -> None:
    lasting, short = await door.made(), await door.made(60)
    door.watch.now = START + timedelta(seconds=60)
    with pytest.raises(LastAdminKey):
        await door.revocations.revoke_key(BOSS, id_of(lasting))
    await door.revocations.revoke_key(BOSS, id_of(short))
    await door.made(60)
    assert (await door.revocations.revoke_key(BOSS, id_of(lasting))).revoked_at


async def test_an_expired_key_takes_no_room_but_while_its_end_is_told(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.workspace.handlers.revocations._MOST_KEYS", 2)
    told, _ = await door.made(60), await door.made(60)
    with pytest.raises(QuotaExceeded):
        await door.made(60)
    await door.revocations.end_tokens(BOSS, id_of(told))
    door.watch.now = START + timedelta(seconds=60)
    await door.made(10**6)
    with pytest.raises(QuotaExceeded):
        await door.made(60)
    door.watch.now = START + timedelta(days=2)
    await door.made(60)


async def test_what_the_operator_makes_was_made_by_no_key(door: Door) -> None:
    operator = Caller.system("default")
    made = await door.revocations.make_key(operator, name="k", role="admin")
    assert await door.maker_of(made.text) is None
    assert await door.maker_of(await door.made()) == BOSS.subject


@pytest.mark.parametrize("lifetime_s", [-1, 0, 0.2])
async def test_no_key_is_made_that_expired_already(door: Door, lifetime_s: float) -> None:
    with pytest.raises(InvalidInput):
        await door.made(lifetime_s)


async def asked(run: Running, key: str, **body: Any) -> httpx.Response:
    token = await run.client.post("/api/workspace/tokens", json={"api_key": key})
    headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
    if not body:
        return await run.client.get("/api/workspace/keys", headers=headers)
    return await run.client.post("/api/workspace/keys", headers=headers, json=body)


async def test_the_list_tells_who_made_a_key_when_it_ends_and_which_one_asks(
    stores: Stores,
) -> None:
    await stores.open([TENANTS, API_KEYS])
    first = await Keys(stores.documents).make_key("default", name="first key", role="admin")
    async with running(stores, [build(stores)]) as run:
        made = await asked(run, first, name="line 2", role="member", expires_in_days=30)
        listed = (await asked(run, first)).json()["items"]
        foreign = await Keys(stores.documents).make_key("other", name="k", role="admin")
        others = (await asked(run, foreign)).json()["items"]
    assert made.status_code == 201
    assert made.json().items() >= listed[0].items()
    begun, ends = (datetime.fromisoformat(listed[0][at]) for at in ("created_at", "expires_at"))
    assert timedelta(days=30, seconds=-1) < ends - begun <= timedelta(days=30)
    assert listed[0] | {"id": "", "created_at": "", "expires_at": ""} == {
        "id": "",
        "name": "line 2",
        "role": "engineer",
        "created_at": "",
        "created_by": id_of(first),
        "created_by_name": "first key",
        "expires_at": "",
        "last_used_at": None,
        "revoked_at": None,
        "state": "valid",
        "is_own": False,
        "is_operator": False,
    }
    assert [(one["name"], one["is_own"], one["created_by_name"]) for one in listed[1:]] == [
        ("first key", True, None)
    ]
    assert listed[1]["last_used_at"]
    assert [one["is_own"] for one in others] == [True]


@pytest.mark.parametrize(
    ("wanted", "language", "field", "message"),
    [
        (0, "en", "expires_in_days", "greater than or equal to 1"),
        (3651, "zh-CN", "expires_in_days", "3650"),
        ("next week", "en", "expires_in_days", "valid integer"),
    ],
)
async def test_what_is_no_expiry_is_refused_in_words(
    stores: Stores, wanted: object, language: str, field: str, message: str
) -> None:
    async with running(stores, [build(stores)]) as run:
        answer = await run.client.post(
            "/api/workspace/keys",
            headers={"Accept-Language": language},
            json={"name": "k", "role": "viewer", "expires_in_days": wanted},
        )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert message in error["message"]


async def test_an_expired_key_is_refused_in_words(stores: Stores) -> None:
    await stores.open([TENANTS, API_KEYS])
    keys, fresh = stores.documents.collection(API_KEYS, TenantScope("default")), make_key()
    past = ApiKey(
        id=fresh.key_id,
        tenant="default",
        name="k",
        digest=fresh.digest,
        role="viewer",
        created_at=START,
        expires_at=START,
    )
    await keys.insert(past)
    async with running(stores, [build(stores)]) as run:
        for language, detail in (("en", "the API key has expired"), ("zh-CN", "API 密钥已过期")):
            answer = await run.client.post(
                "/api/workspace/tokens",
                headers={"Accept-Language": language},
                json={"api_key": fresh.text},
            )
            assert (answer.status_code, answer.json()["detail"]) == (401, detail)


async def test_the_operator_gives_a_key_its_term(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOUPE_STORES", "embedded")
    monkeypatch.setenv("LOUPE_DATA", str(tmp_path))

    async def said(*words: str) -> tuple[int, str]:
        code = await asyncio.to_thread(command.main, ["keys", *words])
        return code, capsys.readouterr().out.strip()

    assert (await said("add", "one", "--expires", "2999-01-31"))[0] == 0
    assert (await said("add", "two"))[0] == 0
    assert (await said("add", "gone", "--expires", format_time(START)))[0] == 1
    with pytest.raises(SystemExit):
        await said("add", "odd", "--expires", "soon")
    listed = (await said("list"))[1].splitlines()
    assert [line.split()[3:] for line in listed] == [
        ["valid", "-", "2999-01-31T23:59:59Z", "one"],
        ["valid", "-", "-", "two"],
    ]
