"""A training process gets no secret that it has no use for."""

from pathlib import Path

import pytest

from services.trainer.work.executor import ProcessExecutor, TrainingProcessDied
from shared.settings import DOOR_SECRETS, STORE_SECRETS
from tests.unit.trainer.test_training_process import order

LOOK = """
import os
from pathlib import Path
Path(os.environ["SEEN_FILE"]).write_text(" ".join(os.environ))
os._exit(3)  # what it would train is of no interest
"""


async def test_a_training_process_holds_neither_the_doors_nor_the_stores_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOOK)  # Python runs it in every process it starts
    for name in (*DOOR_SECRETS, *STORE_SECRETS):
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("SEEN_FILE", str(tmp_path / "seen"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(TrainingProcessDied, match="exit status 3"):
        [message async for message in ProcessExecutor().run(order(tmp_path, "te"))]
    seen = (tmp_path / "seen").read_text().split()
    assert "SEEN_FILE" in seen
    assert not {*DOOR_SECRETS, *STORE_SECRETS} & set(seen)
