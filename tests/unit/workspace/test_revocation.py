"""What leaked is locked out before its term: tokens, all tokens of a key, keys."""

import asyncio
import base64
import itertools
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from services import __main__ as command
from services.gallery.app import build as gallery
from services.workspace.adapters.signer import Signer
from services.workspace.app import build
from services.workspace.domain.api_keys import make_key
from services.workspace.handlers import key_set
from services.workspace.handlers import revocations as revoking
from services.workspace.handlers.key_set import KeySet
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.new_tenants import MOST_TENANTS
from services.workspace.handlers.revocations import Revocations
from services.workspace.repository import API_KEYS, TENANTS
from shared.callers import Caller, Role
from shared.clock import utc_now
from shared.errors import DependencyDown, QuotaExceeded, Unauthenticated
from shared.hosting.stores import Stores
from shared.http import tokens as module
from shared.http.tokens import LIFETIME_S, Revoked, Tokens, digest_of
from tests.running import Running, running, signed_in, until
from tests.signing import KEY_FILE, SIGNER, signed

SECONDS = 10.0
PROJECTS = "/api/workspace/projects"
IMAGES = "/api/gallery/projects/P/images"

pytestmark = pytest.mark.usefixtures("quick")
assert module._OLD_S + module._ANSWER_S + key_set._KEPT_S < SECONDS


async def key_of(stores: Stores, role: Role = "admin", tenant: str = "default") -> str:
    await stores.open([TENANTS, API_KEYS])
    return await Keys(stores.documents).make_key(tenant, name="k", role=role)


async def opened(run: Running, headers: dict[str, str]) -> list[int]:
    """What two services answer; neither knows the project, so that 404 is a door that opens."""
    answers = [await run.client.get(place, headers=headers) for place in (PROJECTS, IMAGES)]
    return [200 if answer.status_code == 404 else answer.status_code for answer in answers]


def odd_tokens(key_id: str) -> list[str]:
    """Unsigned tokens whose ids no workspace gave: lone surrogates, long ones, other kinds."""
    ids = ("\ud800", f"{key_id}.\ud800", f"{key_id}.{'a' * 65}", f"{key_id}.", 7, [key_id], None)
    claims = [json.dumps({"jti": one}).encode() for one in ids]
    return [f"e30.{base64.urlsafe_b64encode(one).decode().rstrip('=')}.e30" for one in claims]


def id_of(key: str) -> str:
    return key.split("_")[1]


async def asked(run: Running, headers: dict[str, str], place: str, **body: Any) -> httpx.Response:
    return await run.client.post(f"/api/workspace/{place}", headers=headers, json=body or None)


async def test_one_token_is_taken_back_by_itself_or_its_id_on_every_service(stores: Stores) -> None:
    key = await key_of(stores)
    async with running(stores, [build(stores), gallery(stores)]) as run:
        first, second, third = [await signed_in(run, key) for _ in range(3)]
        text = first["Authorization"][7:]
        assert (await asked(run, first, "tokens:revoke", token=text)).status_code == 204
        claims = jwt.decode(second["Authorization"][7:], options={"verify_signature": False})
        for _ in range(2):  # again is harmless
            answer = await asked(run, third, "tokens:revoke", token=claims["jti"])
            assert answer.status_code == 204
        assert [await opened(run, who) for who in (first, second, third)] == [
            [401, 401],
            [401, 401],
            [200, 200],
        ]


async def test_all_tokens_of_a_key_are_taken_back_and_the_key_goes_on(stores: Stores) -> None:
    admin, leaked = await key_of(stores), await key_of(stores, "member")
    async with running(stores, [build(stores), gallery(stores)]) as run:
        who = await signed_in(run, admin)
        lost = [await signed_in(run, leaked) for _ in range(3)]
        answer = await asked(run, who, f"keys/{id_of(leaked)}:end-tokens")
        assert (answer.status_code, answer.json()["revoked_at"]) == (200, None)
        for one in lost:
            assert await opened(run, one) == [401, 401]
        assert await opened(run, await signed_in(run, leaked)) == [200, 200]
        assert await opened(run, who) == [200, 200]


async def test_a_revoked_key_signs_in_no_more_and_its_tokens_end_after_a_restart_too(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, leaked = await key_of(stores), await key_of(stores, "admin")
    monkeypatch.setenv("LOUPE_WORKSPACE_ADMIN_KEY", leaked)  # stored again with each start
    async with running(stores, [build(stores), gallery(stores)]) as run:
        who, lost = await signed_in(run, admin), await signed_in(run, leaked)
        answer = await asked(run, who, f"keys/{id_of(leaked)}:revoke")
        assert answer.status_code == 200
        assert answer.json()["revoked_at"]
        again = await asked(run, who, f"keys/{id_of(leaked)}:revoke")
        assert again.json() == answer.json()
        assert await opened(run, lost) == [401, 401]
    async with running(stores, [build(stores), gallery(stores)]) as run:
        assert await opened(run, lost) == [401, 401]
        refused = await asked(run, {}, "tokens", api_key=leaked)
        assert refused.status_code == 401
        assert await opened(run, who) == [200, 200]


async def test_a_key_in_the_hands_of_a_sign_in_that_began_before_gives_no_token_that_opens(
    stores: Stores,
) -> None:
    await key_of(stores)
    key = await key_of(stores)
    keys = Keys(stores.documents)
    revocations = Revocations(stores.documents, keys)
    before = await keys.sign_in(key, source="192.0.2.1")
    await revocations.revoke_key(Caller("default", "k", "admin"), id_of(key))
    tokens = Tokens(KeySet(SIGNER, revocations).read)
    with pytest.raises(Unauthenticated, match="revoked"):
        await tokens.check(SIGNER.issue(before))


async def test_who_may_take_back_what(stores: Stores) -> None:
    admin, member = await key_of(stores), await key_of(stores, "member")
    foreign = await key_of(stores, "admin", "other")
    async with running(stores, [build(stores), gallery(stores)]) as run:
        boss, other, stranger = [await signed_in(run, key) for key in (admin, member, foreign)]
        text = boss["Authorization"][7:]
        assert (await asked(run, other, "tokens:revoke", token=text)).status_code == 403
        assert (await asked(run, stranger, "tokens:revoke", token=text)).status_code == 404
        for verb in ("revoke", "end-tokens"):
            place = f"keys/{id_of(admin)}:{verb}"
            assert (await asked(run, other, place)).status_code == 403
            assert (await asked(run, stranger, place)).status_code == 404
        for nonsense in ("", "x", "a.b.c", "e30.e30.e30", "a" * 2000, *odd_tokens(id_of(admin))):
            assert (await asked(run, boss, "tokens:revoke", token=nonsense)).status_code == 404
        mine = other["Authorization"][7:]
        assert (await asked(run, other, "tokens:revoke", token=mine)).status_code == 204
        assert [await opened(run, one) for one in (boss, other, stranger)] == [
            [200, 200],
            [401, 401],
            [200, 200],
        ]


async def test_the_last_administrator_cannot_lock_the_tenant_out(stores: Stores) -> None:
    admin = await key_of(stores)
    async with running(stores, [build(stores)]) as run:
        who = await signed_in(run, admin)
        answer = await asked(run, who, f"keys/{id_of(admin)}:revoke")
        assert (answer.status_code, answer.json()["type"]) == (
            409,
            "urn:loupe:problem:last-admin-key",
        )
        made = await asked(run, who, "keys", name="line 2", role="admin")
        assert made.status_code == 201
        fresh = await signed_in(run, made.json()["api_key"])
        assert (await asked(run, fresh, f"keys/{id_of(admin)}:revoke")).status_code == 200
        listed = (await run.client.get("/api/workspace/keys", headers=fresh)).json()["items"]
    assert [(one["name"], one["revoked_at"] is None) for one in listed] == [
        ("line 2", True),
        ("k", False),
    ]
    assert listed[0]["created_by"] == id_of(admin)
    assert made.json()["api_key"] not in json.dumps(listed)


async def test_tokens_of_many_keys_make_a_short_list_too(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.workspace.handlers.revocations._MOST_TOKENS_OF_TENANT", 5)
    revocations = Revocations(stores.documents, Keys(stores.documents))
    boss = Caller("default", "k", "admin")
    keys = [id_of(await key_of(stores)) for _ in range(8)]
    tokens = [SIGNER.issue(Caller("default", key, "member")) for key in keys]
    for token in tokens:
        claims = jwt.decode(token, options={"verify_signature": False})
        await revocations.end_token(boss, claims["jti"])
    told = await revocations.lately()
    assert (len(told.tokens), len(told.keys)) == (5, 3)
    checked = Tokens(KeySet(SIGNER, revocations).read)
    for token in tokens:
        with pytest.raises(Unauthenticated, match="revoked"):
            await checked.check(token)


def test_the_longest_list_of_many_tenants_is_short_enough_to_be_read() -> None:
    names = (digest_of(str(number)) for number in itertools.count())
    most = Revoked(
        tokens=frozenset(itertools.islice(names, MOST_TENANTS * revoking._MOST_TOKENS_OF_TENANT)),
        keys=dict.fromkeys(itertools.islice(names, MOST_TENANTS * revoking._MOST_KEYS), 10**6),
        tenants=frozenset(itertools.islice(names, MOST_TENANTS)),
    )
    assert len(most.model_dump_json().encode()) + 4096 < module._MOST_BYTES


async def test_those_who_ask_for_the_key_set_at_once_or_soon_share_one_look(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_set, "_KEPT_S", 3600.0)
    looks = 0

    class Counted(Revocations):
        async def lately(self) -> Revoked:
            nonlocal looks
            looks += 1
            if looks == 1:
                raise DependencyDown("the store is away")
            return await super().lately()

    await key_of(stores)
    known = KeySet(SIGNER, Counted(stores.documents, Keys(stores.documents)))
    with pytest.raises(DependencyDown):
        await known.told()
    told = await asyncio.gather(*(known.told() for _ in range(20)))
    assert [await known.told()] * 20 == told
    assert looks == 2
    monkeypatch.setattr(key_set, "_KEPT_S", 0.0)
    await known.told()
    assert looks == 3


async def test_any_number_of_tokens_taken_back_makes_a_short_list(stores: Stores) -> None:
    key = await key_of(stores)
    revocations = Revocations(stores.documents, Keys(stores.documents))
    who = Caller("default", id_of(key), "admin")
    tokens = [SIGNER.issue(who) for _ in range(150)]
    for token in tokens:
        claims = jwt.decode(token, options={"verify_signature": False})
        await revocations.end_token(who, claims["jti"])
    told = await revocations.lately()
    assert (len(told.tokens), len(told.keys)) == (49, 1)
    checked = Tokens(KeySet(SIGNER, revocations).read)
    for token in tokens:
        with pytest.raises(Unauthenticated, match="revoked"):
            await checked.check(token)


async def test_what_was_taken_back_is_told_for_as_long_as_a_token_can_open(stores: Stores) -> None:
    key = await key_of(stores)
    now = utc_now()
    past = Revocations(
        stores.documents, Keys(stores.documents), clock=lambda: now - timedelta(days=2)
    )
    await key_of(stores)
    await past.revoke_key(Caller("default", "k", "admin"), id_of(key))
    assert (await past.lately()).keys
    assert not (await Revocations(stores.documents, Keys(stores.documents)).lately()).keys
    ahead = Signer(KEY_FILE, clock=lambda: now + timedelta(seconds=2 * LIFETIME_S))
    with pytest.raises(Unauthenticated, match="future"):  # it would outlive what is told
        await Tokens(KeySet(SIGNER, past).read).check(ahead.issue(Caller("default", "k", "admin")))


@pytest.mark.parametrize("taken_back", ["token", "tokens", "key"])
async def test_what_was_taken_back_by_a_clock_behind_that_of_its_tokens_is_told(
    stores: Stores, taken_back: str
) -> None:
    """Set back by more than is told: when it comes to the time of signing, the token would open."""
    await stores.open([TENANTS, API_KEYS])
    clock = [utc_now()]
    signed_at = clock[0]
    keys = Keys(stores.documents, clock=lambda: clock[0])
    revocations = Revocations(stores.documents, keys, clock=lambda: clock[0])
    key = await keys.make_key("default", name="k", role="viewer")
    who = replace(await keys.sign_in(key, source="192.0.2.1"), token_id=f"{id_of(key)}.one")
    clock[0] -= timedelta(days=2)
    await keys.sign_in(key, source="192.0.2.1")  # which tells a last use of then
    boss = Caller("default", "k", "admin")
    if taken_back == "token":
        await revocations.end_token(boss, who.token_id)
    elif taken_back == "tokens":
        await revocations.end_tokens(boss, who.subject)
    else:
        await revocations.revoke_key(boss, who.subject)
    clock[0] = signed_at + timedelta(minutes=2)
    if taken_back == "token":  # one more forgets none before it
        await revocations.end_token(boss, f"{who.subject}.another")
    assert (await revocations.lately()).concern(who)


async def test_what_was_taken_back_is_told_though_a_clock_was_ahead_meanwhile(
    stores: Stores,
) -> None:
    await stores.open([TENANTS, API_KEYS])
    clock = [utc_now()]
    keys = Keys(stores.documents, clock=lambda: clock[0])
    revocations = Revocations(stores.documents, keys, clock=lambda: clock[0])
    key = await keys.make_key("default", name="k", role="viewer")
    who = replace(await keys.sign_in(key, source="192.0.2.1"), token_id=f"{id_of(key)}.one")
    boss = Caller("default", "k", "admin")
    await revocations.end_token(boss, who.token_id)
    clock[0] += timedelta(days=2)
    await revocations.end_token(boss, f"{who.subject}.another")
    assert not (await revocations.lately()).concern(who)  # by this clock it is long over
    clock[0] -= timedelta(days=2)
    assert (await revocations.lately()).concern(who)


async def test_a_tenant_has_bounded_keys(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.workspace.handlers.revocations._MOST_KEYS", 3)
    await key_of(stores)
    revocations = Revocations(stores.documents, Keys(stores.documents))
    who = Caller("default", "k", "admin")
    made = await revocations.make_key(who, name="a", role="viewer")
    await revocations.end_tokens(who, made.key.id)  # lives, and is told: it counts once
    again = await revocations.make_key(who, name="b", role="viewer")
    await revocations.revoke_key(who, again.key.id)  # and one that is told counts for a day
    with pytest.raises(QuotaExceeded):
        await revocations.make_key(who, name="c", role="viewer")


async def test_a_token_without_the_names_that_it_is_taken_back_by_does_not_open() -> None:
    whole = jwt.decode(SIGNER.issue(Caller("t", "k", "admin")), options={"verify_signature": False})

    async def read() -> bytes:
        return json.dumps({"keys": SIGNER.public_keys()}).encode()

    for name in ("jti", "gen"):
        with pytest.raises(Unauthenticated):
            await Tokens(read).check(signed({k: v for k, v in whole.items() if k != name}))
    await Tokens(read).check(signed(whole))


async def test_a_service_that_is_asked_all_the_time_hears_of_it(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As production looks: by age behind requests, never by a pause of them."""
    monkeypatch.undo()
    await key_of(stores)
    key = await key_of(stores)
    keys = Keys(stores.documents)
    revocations = Revocations(stores.documents, keys)
    tokens = Tokens(KeySet(SIGNER, revocations).read)
    token = SIGNER.issue(await keys.sign_in(key, source="192.0.2.1"))
    await tokens.check(token)
    await revocations.revoke_key(Caller("default", "k", "admin"), id_of(key))

    async def refused() -> bool:
        try:
            await tokens.check(token)
        except Unauthenticated:
            return True
        return False

    await until(refused)


async def test_the_operator_revokes_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOUPE_STORES", "embedded")
    monkeypatch.setenv("LOUPE_DATA", str(tmp_path))

    def said(*words: str) -> tuple[int, str]:
        code = command.main(["keys", *words])
        return code, capsys.readouterr().out.strip()

    made = [await asyncio.to_thread(said, "add", name) for name in ("one", "two")]
    key = id_of(made[0][1])
    assert (await asyncio.to_thread(said, "revoke", key))[0] == 0
    assert (await asyncio.to_thread(said, "revoke", "none0000"))[0] == 1
    code, listed = await asyncio.to_thread(said, "list")
    assert code == 0
    found = {line.split()[0]: line.split()[3] for line in listed.splitlines()}
    assert found == {key: "revoked", id_of(made[1][1]): "valid"}
    other = await asyncio.to_thread(said, "--tenant", "other", "list")
    assert other == (0, "")
    assert make_key().text != made[0][1]
