"""Who fails to sign in is counted and told; who guesses locks nobody out but themselves."""

import asyncio
import zlib

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from services.workspace.app import build
from services.workspace.domain.api_keys import key_id_of, make_key
from services.workspace.errors import TooManyAttempts
from services.workspace.handlers.keys import Keys
from services.workspace.repository import API_KEYS, TENANTS
from shared.attempts import Attempts
from shared.clock import utc_now
from shared.documents.port import TenantScope
from shared.errors import Unauthenticated
from shared.hosting.stores import Stores
from tests.running import running


class Watch:
    """A clock that stands still until it is turned."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def keys_of(stores: Stores, clock: Watch) -> Keys:
    await stores.open([TENANTS, API_KEYS])
    return Keys(stores.documents, monotonic=clock)


async def outcome(keys: Keys, key: str, source: str) -> str:
    try:
        return (await keys.sign_in(key, source=source)).tenant
    except (Unauthenticated, TooManyAttempts) as refusal:
        return refusal.code


async def test_after_ten_failures_a_source_gets_one_try_in_six_seconds(stores: Stores) -> None:
    clock = Watch()
    keys = await keys_of(stores, clock)
    tries = [outcome(keys, make_key().text, "192.0.2.1") for _ in range(30)]
    found = await asyncio.gather(*tries)
    assert sorted(found) == ["too-many-attempts"] * 20 + ["unauthenticated"] * 10
    with pytest.raises(TooManyAttempts) as refused:
        await keys.sign_in("lp_nonsense", source="192.0.2.1")
    assert refused.value.retry_after_s == 6
    assert await outcome(keys, "lp_nonsense", "192.0.2.2") == "unauthenticated"
    clock.now += 6
    assert await outcome(keys, "lp_nonsense", "192.0.2.1") == "unauthenticated"
    assert await outcome(keys, "lp_nonsense", "192.0.2.1") == "too-many-attempts"


async def test_who_knows_the_name_of_a_key_keeps_its_owner_out_of_nothing(stores: Stores) -> None:
    keys = await keys_of(stores, Watch())
    key = await keys.make_key("t", name="k", role="admin")
    key_id, (_, _, body, _) = key_id_of(key) or "", make_key().text.split("_")
    wrong = f"lp_{key_id}_{body}_{zlib.crc32((key_id + body).encode()):08x}"
    tries = [await outcome(keys, wrong, "192.0.2.1") for _ in range(12)]
    assert tries == ["unauthenticated"] * 10 + ["too-many-attempts"] * 2
    assert await outcome(keys, key, "192.0.2.2") == "t"


async def test_one_owner_of_many_ipv6_addresses_is_one_source(stores: Stores) -> None:
    keys = await keys_of(stores, Watch())
    found = [await outcome(keys, "lp_nonsense", f"2001:db8::{n:x}") for n in range(12)]
    assert found == ["unauthenticated"] * 10 + ["too-many-attempts"] * 2


async def test_a_key_that_signed_in_before_is_let_in_whatever_fails_beside_it(
    stores: Stores,
) -> None:
    keys = await keys_of(stores, Watch())
    key = await keys.make_key("t", name="k", role="admin")
    assert await outcome(keys, key, "192.0.2.1") == "t"
    for _ in range(12):
        await outcome(keys, make_key().text, "192.0.2.1")
    other = await keys.make_key("t", name="other", role="admin")
    assert await outcome(keys, other, "192.0.2.1") == "too-many-attempts"
    assert [await outcome(keys, key, "192.0.2.1") for _ in range(20)] == ["t"] * 20
    stored = stores.documents.collection(API_KEYS, TenantScope("t"))
    await stored.change(
        key.split("_")[1], lambda known: known.model_copy(update={"revoked_at": utc_now()})
    )
    assert await outcome(keys, key, "192.0.2.1") == "unauthenticated"
    assert await outcome(keys, key, "192.0.2.1") == "too-many-attempts"


async def test_who_signs_in_well_is_never_counted(stores: Stores) -> None:
    keys = await keys_of(stores, Watch())
    key = await keys.make_key("t", name="k", role="viewer")
    found = await asyncio.gather(*(outcome(keys, key, "192.0.2.1") for _ in range(10)))
    assert found == ["t"] * 10
    failed = [await outcome(keys, "lp_nonsense", "192.0.2.1") for _ in range(11)]
    assert failed == ["unauthenticated"] * 10 + ["too-many-attempts"]


def test_any_number_of_names_takes_bounded_memory() -> None:
    attempts = Attempts(burst=2, every_s=6, most=100, clock=Watch())
    for number in range(1000):
        assert attempts.begin(str(number)) == 0
    assert len(attempts) == 100


async def test_failures_are_told_by_log_answer_and_metric(stores: Stores) -> None:
    async with running(stores, [build(stores)]) as platform:
        wrong = make_key()
        with capture_logs() as lines:
            answers = [
                await platform.client.post("/api/workspace/tokens", json={"api_key": wrong.text})
                for _ in range(12)
            ]
        metrics = generate_latest().decode()
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 6
    assert answers[-1].json()["type"] == "urn:loupe:problem:too-many-attempts"
    told = [line for line in lines if line["event"] == "sign_in.failed"]
    assert len(told) == 10
    assert (told[0]["key"], told[0]["source"]) == (wrong.key_id, "127.0.0.1")
    assert wrong.text not in str(lines)
    assert 'loupe_sign_ins_total{outcome="limited"}' in metrics
