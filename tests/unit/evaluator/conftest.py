"""Makes the builders beside this file importable by the evaluator's tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services draw twenty sets for an interval: their tests are not about its width."""
    monkeypatch.setenv("LOUPE_EVALUATOR_REPLICATES", "20")
