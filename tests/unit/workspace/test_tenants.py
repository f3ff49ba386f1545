"""Tenants: made by the operator, apart from one another, suspended and resumed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from services import __main__ as command
from services.gallery.app import build as gallery
from services.workspace.app import build
from services.workspace.domain.api_keys import make_key
from services.workspace.handlers import new_tenants
from services.workspace.handlers.key_set import KeySet
from services.workspace.handlers.keys import Keys
from services.workspace.handlers.new_tenants import MadeTenant, NewTenants
from services.workspace.handlers.revocations import Revocations
from services.workspace.handlers.tenants import Tenants
from services.workspace.repository import API_KEYS, PLATFORM, PROJECTS, TENANTS, Project
from shared.callers import Caller
from shared.clock import utc_now
from shared.documents import hearing
from shared.documents.embedded import EmbeddedCollection
from shared.documents.port import TenantScope
from shared.errors import AlreadyExists, InvalidInput, NotFound, QuotaExceeded, Unauthenticated
from shared.hosting.stores import Stores
from shared.http.tokens import Tokens, digest_of
from shared.ids import new_id
from shared.paging import PageParams
from tests.running import Running, running, signed_in, until
from tests.signing import SIGNER

pytestmark = pytest.mark.usefixtures("quick")

OPERATOR = Caller.system(PLATFORM)
TENANTS_PLACE = "/api/workspace/tenants"
SUSPENDED = "urn:loupe:problem:tenant-suspended"

Command = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def loupe(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line on the test's own data folder: its code, and what it told."""

    async def said(*words: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(command.main, list(words))
        told = capsys.readouterr()
        return code, told.out.strip(), told.err.strip()

    return said


async def made(loupe: Command, tenant: str) -> str:
    """Make a tenant by the command; return the first key."""
    code, key, _ = await loupe("tenants", "add", tenant, "--name", tenant.title())
    assert code == 0
    return key


async def opened(stores: Stores) -> NewTenants:
    await stores.open([API_KEYS, PROJECTS, TENANTS])
    return NewTenants(stores.documents, Keys(stores.documents))


async def names(stores: Stores) -> list[str]:
    page = await Tenants(stores.documents).page(PageParams())
    return sorted(tenant.id for tenant in page.items)


async def test_a_tenant_sees_nothing_of_another(
    stores: Stores, loupe: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(stores, [build(stores), gallery(stores)]) as run:
        acme, other = [await signed_in(run, await made(loupe, name)) for name in ("acme", "other")]
        body = {"name": "pins", "task": "detection"}
        answer = await run.client.post("/api/workspace/projects", headers=acme, json=body)
        project = answer.json()["id"]
        images = f"/api/gallery/projects/{project}/images"
        picture = cv2.imencode(".png", np.eye(64, dtype=np.uint8))[1].tobytes()
        files = [("files", ("a.png", picture, "image/png"))]

        async def uploaded() -> Any:
            answer = await run.client.post(images, headers=acme, files=files)
            return answer.json() if answer.status_code == 201 else None

        image = (await until(uploaded))["files"][0]["image"]["id"]
        monkeypatch.setattr(hearing, "_NEW_S", 0.0)  # a minute later
        ids = {project: new_id(), image: new_id()}
        for method, place in (
            ("GET", f"/api/workspace/projects/{project}"),
            ("DELETE", f"/api/workspace/projects/{project}"),
            ("GET", images),
            ("GET", f"{images}/{image}"),
            ("DELETE", f"{images}/{image}"),
        ):
            foreign = await asked(run, method, place, other)
            unknown = await asked(run, method, exchanged(place, ids), other)
            assert (foreign.status_code, unknown.status_code) == (404, 404), place
            assert exchanged(foreign.text, ids) == unknown.text
        for place in ("projects", "keys"):
            listed = await asked(run, "GET", f"/api/workspace/{place}", other)
            assert project not in listed.text
            assert "acme" not in listed.text
        assert (await asked(run, "GET", f"{images}/{image}", acme)).status_code == 200


async def asked(run: Running, method: str, place: str, who: dict[str, str]) -> httpx.Response:
    return await run.client.request(method, place, headers=who)


def exchanged(text: str, ids: dict[str, str]) -> str:
    for one, other in ids.items():
        text = text.replace(one, other)
    return text


async def test_a_suspended_tenant_is_out_everywhere_and_resumed_it_is_as_before(
    stores: Stores, loupe: Command
) -> None:
    async with running(stores, [build(stores), gallery(stores)]) as run:
        keys = [await made(loupe, name) for name in ("acme", "other")]
        acme, other = [await signed_in(run, key) for key in keys]
        assert (await loupe("tenants", "suspend", "acme", "--reason", "unpaid"))[0] == 0
        for place in ("/api/workspace/projects", "/api/gallery/projects/P/images"):
            refused = await asked(run, "GET", place, {**acme, "Accept-Language": "zh-CN"})
            assert (refused.status_code, refused.json()["detail"]) == (401, "该租户已被停用")
            assert (await asked(run, "GET", place, other)).status_code in (200, 404, 503)
        for _ in range(12):  # a right key is no failure, however often it comes
            answer = await run.client.post("/api/workspace/tokens", json={"api_key": keys[0]})
            assert (answer.status_code, answer.json()["type"]) == (403, SUSPENDED)
        assert "unpaid" not in answer.text
        assert (await loupe("tenants", "suspend", "acme", "--reason", "again"))[0] == 0
        listed = (await loupe("tenants", "list"))[1].splitlines()
        assert [line.split()[0] for line in listed] == ["other", "acme", "default"]
        assert listed[1].endswith("Acme  unpaid")
        assert (await loupe("tenants", "resume", "acme"))[0] == 0
        assert (await asked(run, "GET", "/api/workspace/projects", acme)).status_code == 200
        await signed_in(run, keys[0])


async def test_who_guesses_at_a_key_of_a_suspended_tenant_hears_nothing_of_it(
    stores: Stores,
) -> None:
    new = await opened(stores)
    await new.make(OPERATOR, "acme", "Acme")
    await Tenants(stores.documents).suspend(OPERATOR, "acme", "unpaid")
    with pytest.raises(Unauthenticated):
        await Keys(stores.documents).sign_in(make_key().text, source="192.0.2.1")


async def test_a_token_signed_while_its_tenant_was_suspended_does_not_open(stores: Stores) -> None:
    new, keys = await opened(stores), Keys(stores.documents)
    made = await new.make(OPERATOR, "acme", "Acme")
    before = await keys.sign_in(made.api_key, source="192.0.2.1")
    await Tenants(stores.documents).suspend(OPERATOR, "acme", "unpaid")
    told = await Revocations(stores.documents, keys).lately()
    assert told.tenants == {digest_of(before.mark)}
    assert digest_of("acme") not in told.tenants, "strangers could try the names of customers"
    tokens = Tokens(KeySet(SIGNER, Revocations(stores.documents, keys)).read)
    with pytest.raises(Unauthenticated, match="suspended"):
        await tokens.check(SIGNER.issue(before))
    assert not await tokens.open_to(before)


async def test_the_operators_key_does_by_the_interface_what_the_command_does(
    stores: Stores, loupe: Command
) -> None:
    async with running(stores, [build(stores)]) as run:
        await until(lambda: names(stores))
        code, key, _ = await loupe("keys", "add", "operator", "--operator")
        assert code == 0
        boss = await signed_in(run, key)
        body = {"id": "acme", "name": "Acme 轴承"}
        answer = await run.client.post(TENANTS_PLACE, headers=boss, json=body)
        assert answer.status_code == 201
        acme = await signed_in(run, answer.json()["api_key"])
        own = (await asked(run, "GET", "/api/workspace/tenant", acme)).json()
        assert own == body
        (first,) = (await asked(run, "GET", "/api/workspace/keys", acme)).json()["items"]
        assert (first["created_by"], first["is_operator"]) == (None, False)
        again = await run.client.post(TENANTS_PLACE, headers=boss, json=body)
        assert (again.status_code, again.json()["errors"][0]["field"]) == (409, "id")
        place = f"{TENANTS_PLACE}/acme"
        why = {"reason": "moved"}
        answer = await run.client.post(f"{place}:suspend", headers=boss, json=why)
        assert answer.json()["suspended_by"] == key.split("_")[1]
        assert (await asked(run, "GET", place, boss)).json()["reason"] == "moved"
        assert (await asked(run, "GET", "/api/workspace/tenant", acme)).status_code == 401
        assert (await asked(run, "POST", f"{place}:resume", boss)).json()["suspended_at"] is None
        assert (await asked(run, "GET", "/api/workspace/tenant", acme)).status_code == 200
        unknown = await asked(run, "POST", f"{TENANTS_PLACE}/nobody:resume", boss)
        assert unknown.status_code == 404
        own_place = f"{TENANTS_PLACE}/default:suspend"
        locked = await run.client.post(own_place, headers=boss, json=why)
        assert locked.status_code == 409
        listed = (await asked(run, "GET", TENANTS_PLACE, boss)).json()["items"]
        assert [tenant["id"] for tenant in listed] == ["acme", "default"]


async def test_an_administrator_is_no_operator_and_makes_none(
    stores: Stores, loupe: Command
) -> None:
    async with running(stores, [build(stores)]) as run:
        admin = await signed_in(run, await made(loupe, "acme"))
        body = {"name": "k", "role": "admin"}
        answer = await run.client.post("/api/workspace/keys", headers=admin, json=body)
        assert answer.json()["is_operator"] is False
        wish = {**body, "operator": True}
        answer = await run.client.post("/api/workspace/keys", headers=admin, json=wish)
        assert answer.status_code == 422
        for method, place in (
            ("GET", TENANTS_PLACE),
            ("GET", f"{TENANTS_PLACE}/acme"),
            ("POST", f"{TENANTS_PLACE}/acme:resume"),
        ):
            assert (await asked(run, method, place, admin)).status_code == 403


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("writes", [1, 2, 3])
async def test_a_kill_after_each_write_leaves_nothing_that_cannot_be_tried_again(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    new = await opened(stores)
    left = writes

    def dying(write: Any) -> Any:
        async def killed(self: Any, document: Any, **more: Any) -> Any:
            nonlocal left
            stored = await write(self, document, **more)
            left -= 1
            if left == 0:
                raise Killed
            return stored

        return killed

    with monkeypatch.context() as patch:
        for name in ("insert", "replace"):
            patch.setattr(EmbeddedCollection, name, dying(getattr(EmbeddedCollection, name)))
        with pytest.raises(Killed):
            await new.make(OPERATOR, "acme", "Acme")
    await Tenants(stores.documents).adopt()  # the next start
    if writes == 3:  # it is whole, and the text of its key is lost
        with pytest.raises(AlreadyExists):
            await new.make(OPERATOR, "acme", "Acme")
        assert await names(stores) == ["acme"]
        return
    assert await names(stores) == []
    for act in (Tenants(stores.documents).get, lambda name: suspend(stores, name)):
        with pytest.raises(NotFound):
            await act("acme")
    made = await new.make(OPERATOR, "acme", "Acme two")
    who = await Keys(stores.documents).sign_in(made.api_key, source="192.0.2.1")
    assert (who.tenant, made.tenant.name) == ("acme", "Acme two")
    keys = stores.documents.collection(API_KEYS, TenantScope("acme"))
    assert await keys.count() == 1, "no key is left whose text nobody was told"
    with pytest.raises(AlreadyExists):
        await new.make(OPERATOR, "acme", "Acme")


async def suspend(stores: Stores, name: str) -> None:
    await Tenants(stores.documents).suspend(OPERATOR, name, "unpaid")


async def test_of_several_who_make_a_tenant_at_once_one_is_told_a_key(stores: Stores) -> None:
    new = await opened(stores)
    for turn in range(10):
        tenant = f"t{turn}"
        makings = [new.make(OPERATOR, tenant, tenant) for _ in range(4)]
        answers = await asyncio.gather(*makings, return_exceptions=True)
        told = [answer for answer in answers if isinstance(answer, MadeTenant)]
        assert len(told) == 1
        assert all(isinstance(one, AlreadyExists) for one in answers if one not in told)
        keys = stores.documents.collection(API_KEYS, TenantScope(tenant))
        assert await keys.count() == 1
        await Keys(stores.documents).sign_in(told[0].api_key, source="192.0.2.1")


async def test_tenants_from_before_there_were_any_are_let_in_and_listed(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stores.open([API_KEYS, PROJECTS])
    monkeypatch.setenv("LOUPE_WORKSPACE_DEFAULT_TENANT", "plant")
    key = await Keys(stores.documents).make_key("Old Customer", name="k", role="admin")
    fields = {"name": "pins", "task": "detection", "created_at": utc_now(), "created_by": "k"}
    project = Project.model_validate({"id": "P", "tenant": "quiet", **fields})
    await stores.documents.collection(PROJECTS, TenantScope("quiet")).insert(project)
    async with running(stores, [build(stores)]) as run:
        who = await signed_in(run, key)
        await until(lambda: has(stores, ["Old Customer", "plant", "quiet"]))
        own = (await asked(run, "GET", "/api/workspace/tenant", who)).json()
    assert own == {"id": "Old Customer", "name": "Old Customer"}


async def has(stores: Stores, wanted: list[str]) -> bool:
    return await names(stores) == wanted


async def test_a_key_for_a_tenant_that_nobody_made_is_refused_in_words(loupe: Command) -> None:
    code, told, why = await loupe("keys", "--tenant", "acmee", "add", "boss")
    assert (code, told) == (1, "")
    assert "no tenant acmee" in why
    assert "tenants add acmee" in why
    assert (await loupe("keys", "add", "boss"))[0] == 0
    await made(loupe, "acme")
    assert (await loupe("keys", "--tenant", "acme", "add", "boss"))[0] == 0


async def test_the_command_tells_what_is_wrong_and_where(loupe: Command) -> None:
    await made(loupe, "acme")
    for words, why in (
        (("add", "acme"), "a tenant acme exists"),
        (("add", "Acme"), "id: must be 1 to 40 of a-z"),
        (("add", "plant", "--name", " "), "name: must be printable"),
        (("suspend", "acme", "--reason", "\x1b[2J"), "reason: must be printable"),
        (("suspend", "nobody", "--reason", "x"), "no tenant nobody"),
        (("resume", "nobody"), "no tenant nobody"),
    ):
        code, told, error = await loupe("tenants", *words)
        assert (code, told) == (1, ""), words
        assert why in error


@pytest.mark.parametrize("tenant", ["", "-", "a-", "-a", "A", "a/b", "a b", "ä", "..", "a" * 41])
async def test_an_id_that_could_not_stand_in_names_and_addresses_is_refused(
    stores: Stores, tenant: str
) -> None:
    new = await opened(stores)
    with pytest.raises(InvalidInput) as refused:
        await new.make(OPERATOR, tenant, "Acme")
    assert [error.field for error in refused.value.errors] == ["id"]


async def test_a_platform_has_bounded_tenants(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_tenants, "MOST_TENANTS", 2)
    new = await opened(stores)
    for name in ("a", "b"):
        await new.make(OPERATOR, name, name)
    with pytest.raises(QuotaExceeded):
        await new.make(OPERATOR, "c", "c")
