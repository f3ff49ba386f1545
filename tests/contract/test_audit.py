"""Every operation that may change something leaves exactly one line, and no other leaves any."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from shared.callers import ROLES
from shared.contracts.audit_events import ChangeAsked
from shared.contracts.envelope import unpack
from shared.hosting.stores import Stores
from shared.journal import spool_spec
from tests.contract.furnished import furnish, ids_of
from tests.contract.operations import Operation, Platform, operations_on
from tests.contract.requests import fitting_request
from tests.running import credentials

WORDS = Path(__file__).parents[2] / "services/console/src/i18n"
READS = {"get", "head", "options"}
IDS = ids_of("A")


async def lines_of(stores: Stores, platform: Platform, tenant: str) -> list[ChangeAsked]:
    """Take what the journals of a tenant were told since the last look."""
    spools = [spool_spec(service.name).name for service in platform.services]
    boxes = await stores.documents.outboxes(spools, 1000)
    await stores.documents.drain(boxes)
    assert {box.tenant for box in boxes} <= {tenant}
    events = [event for box in boxes for event in box.events]
    return [unpack(ChangeAsked, event.value_bytes()).data for event in events]


def changing_last(operations: Iterable[Operation]) -> list[Operation]:
    """What is taken away is asked for last."""
    return sorted(operations, key=lambda one: one.method == "delete")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_the_console_says_every_change_in_words(stores: Stores, language: str) -> None:
    told = (WORDS / language / "audit.ts").read_text().partition("operations: {")[2]
    async with operations_on(stores) as platform:
        changes = {one.told["operationId"] for one in platform.guarded if one.method not in READS}
    assert set(re.findall(r"^    (\w+):", told, re.MULTILINE)) == changes


async def test_every_change_leaves_one_line_and_every_read_none(stores: Stores) -> None:
    caller = credentials(is_operator=True)
    async with operations_on(stores) as platform:
        specs = [spec for service in platform.services for spec in service.all_collections]
        await furnish(stores.documents, specs, tenant="default", ids=IDS)
        done = 0
        for operation in changing_last(platform.guarded):
            answer = await platform.ask(operation.request(**IDS), caller)
            lines = await lines_of(stores, platform, "default")
            if operation.method in READS:
                assert lines == [], operation.name
                continue
            (line,) = lines
            told = (line.service, line.operation, line.status, line.key_id, line.role)
            service = operation.path.split("/")[2]
            asked = (service, operation.told["operationId"], answer.status_code)
            assert told == (*asked, "test-key", "admin"), operation.name
            named = {name: IDS[name] for name in line.named if name in IDS}
            assert line.named.items() >= named.items(), operation.name
            assert len(line.named) == operation.path.count("{"), operation.name
            done += answer.is_success
        assert done >= 20  # what was done, and not only refused


async def test_every_change_that_a_role_may_not_leaves_one_line(stores: Stores) -> None:
    async with operations_on(stores) as platform:
        changes = [one for one in platform.guarded if one.method not in READS]
        assert len(changes) > 40
        for operation in changes:
            answer = await platform.ask(operation.request(**IDS), credentials(role=ROLES[0]))
            (line,) = await lines_of(stores, platform, "default")
            assert (line.status, line.role) == (answer.status_code, "viewer"), operation.name
            assert line.made == ()
            if not operation.name.endswith("tokens:revoke"):
                assert line.status == 403, operation.name


async def test_a_strangers_change_is_no_line_of_the_tenant_that_it_names(stores: Stores) -> None:
    """It is one of the stranger's own, which tells them nothing that they did not send."""
    async with operations_on(stores) as platform:
        specs = [spec for service in platform.services for spec in service.all_collections]
        await furnish(stores.documents, specs, tenant="default", ids=IDS)
        changes = [one for one in platform.guarded if one.method not in READS and "{" in one.path]
        for operation in changes:
            await platform.ask(operation.request(**IDS), credentials("other", is_operator=False))
            (line,) = await lines_of(stores, platform, "other")
            assert line.made == (), operation.name


async def test_who_has_no_token_leaves_no_line(stores: Stores) -> None:
    async with operations_on(stores) as platform:
        for operation in platform.operations:
            document, path = operation.document, operation.path
            request = fitting_request(document, operation.method, path)
            await platform.ask(request, {})
        assert await lines_of(stores, platform, "nobody") == []
