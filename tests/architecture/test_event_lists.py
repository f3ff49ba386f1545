"""What a service says that it hears and tells is what it hears, and what the catalogue knows."""

import importlib
import re
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

from services.standalone import BUILDS
from shared.contracts.audit_events import PLATFORM
from shared.contracts.catalogue import all_events
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.settings import StoreSettings

KNOWN = {event.type for event in all_events() if event.source != PLATFORM}
HEARD = {event.type for event in all_events()}


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Service]:
    monkeypatch.setenv("LOUPE_DATA", str(tmp_path))
    stores = Stores.of(StoreSettings())
    return [build(stores) for build in BUILDS]


def said(service: Service, direction: str) -> list[str]:
    """The patterns behind `Events in:` or `Events out:` in the docstring of the service."""
    text = importlib.import_module(f"services.{service.name}").__doc__ or ""
    (found,) = re.findall(rf"Events {direction}: (.*?)\.\n", text, re.DOTALL)
    return [] if found == "none" else re.split(r",\s+", found)


def test_a_service_says_what_it_hears(services: list[Service]) -> None:
    for service in services:
        patterns, heard = said(service, "in"), {line.event.type for line in service.subscriptions}
        unsaid = {name for name in heard if not any(fnmatch(name, p) for p in patterns)}
        unheard = [p for p in patterns if not any(fnmatch(name, p) for name in heard)]
        assert (service.name, unsaid, unheard) == (service.name, set(), [])


def test_every_event_of_the_catalogue_is_told_by_one_service(services: list[Service]) -> None:
    told = Counter(name for service in services for name in said(service, "out"))
    assert set(told) == KNOWN
    assert max(told.values()) == 1


def test_the_readme_names_the_same_events(services: list[Service]) -> None:
    table = (Path(__file__).parents[2] / "README.md").read_text()
    for service in services:
        line = rf"^\| `{service.name}` \|.*?\| (.*?) \| (.*?) \|$"
        (row,) = re.findall(line, table, re.MULTILINE)
        heard = {line.event.type for line in service.subscriptions}
        for cell, types in zip(row, (heard, set(said(service, "out"))), strict=True):
            assert (service.name, types_of(cell)) == (service.name, types)


def types_of(cell: str) -> set[str]:
    """The types that a cell names: `.b` goes on with the word of the name before it."""
    patterns: list[str] = []
    for name in re.findall(r"`([a-z_.*]+)`", cell.replace("projects", "`project.*`")):
        patterns.append(patterns[-1].partition(".")[0] + name if name.startswith(".") else name)
    return {known for known in HEARD for pattern in patterns if fnmatch(known, pattern)}
