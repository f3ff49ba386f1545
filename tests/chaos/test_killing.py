"""Ten kills of a platform that is written to, and a walk of `tests.chaos.killing`."""

from pathlib import Path

import pytest

from services.cli.synthetic.dataset import write_dataset
from tests.chaos.killing import PLAN, audit, walk_with_kills
from tests.chaos.storm import storm

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1200)]


def test_ten_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    outcome = storm(tmp_path, kills=10, seed=1)
    assert outcome.broken == []
    assert len(outcome.killed) == 10
    assert outcome.rows > 0
    assert outcome.ready_s != [], "the platform itself was killed, and came back"


@pytest.mark.parametrize("seed", [3])
def test_a_killed_loop_goes_on_and_loses_nothing(tmp_path: Path, seed: int) -> None:
    data = tmp_path / "images"
    write_dataset(data, seed=1, plan=PLAN)
    folder = tmp_path / "walk"
    folder.mkdir()
    walk = walk_with_kills(seed, 3, folder, data)
    assert len(walk.killed) == 3
    audit(walk)
