"""A real Triton of its own for one test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.inference.bench import Bench, running_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A running Triton of its own for one test."""
    async with running_bench(tmp_path / "triton") as running:
        yield running
