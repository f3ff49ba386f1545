"""A real Triton of its own for one test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.inference.app import build
from shared.hosting.stores import Stores
from shared.runtime.tasks.names import TaskName
from tests.adapters.inference.bench import Bench, running_bench
from tests.adapters.inference.site import Site
from tests.running import running


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A running Triton of its own for one test."""
    async with running_bench(tmp_path / "triton") as running:
        yield running


@pytest.fixture
def task() -> TaskName:
    """Of the site's project; a module that tests another one says it anew."""
    return "detection"


@pytest.fixture
async def site(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, task: TaskName
) -> AsyncIterator[Site]:
    """A running inference service with one project."""
    # A busy machine starts the server more slowly than a client of its own would wait.
    monkeypatch.setenv("LOUPE_INFERENCE_RETRY_BUDGET_S", "60")
    async with running(stores, [build(stores)]) as platform:
        site = Site(platform)
        await site.create_project(task=task)
        yield site
