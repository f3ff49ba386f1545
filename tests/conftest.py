"""Fixtures that every test may use."""

import os

# Spinning OpenMP threads starve everything else on two cores; must be set before torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Networks as small as ours here learn no sooner by two threads, which take a quarter more CPU.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from services.workspace.handlers import key_set
from shared.documents import hearing
from shared.hosting.stores import Stores
from shared.http import tokens
from shared.settings import StoreSettings
from tests.signing import VARIABLES

if TYPE_CHECKING:
    from tests.unit.trainer.trained import Trainings

# Loops are compiled when they are first called, and machines are busy: no example has a deadline.
settings.register_profile("loupe", deadline=None)
settings.load_profile("loupe")

# Pytest listens to every logger that does not propagate. What this one tells takes PyTorch seconds
# of each export to write down, which it does only where somebody listens.
logging.getLogger("torch.__trace").addHandler = lambda handler: None

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real development data sets; skips where it is not beside the repository."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is not beside this checkout")
    return folder


@pytest.fixture(autouse=True)
def _platform_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a data folder of its own, and the keys of tokens."""
    monkeypatch.setenv("LOUPE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LOUPE_STORES", "embedded")
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    """Embedded stores on a temporary folder; a test opens the collections it needs."""
    stores = Stores.of(StoreSettings(stores="embedded", data=tmp_path / "data"))
    yield stores
    await stores.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services hear at once of what was taken back; the rule itself is tested apart."""
    monkeypatch.setattr(key_set, "_KEPT_S", 0.0)
    for name in ("_AGE_S", "_OLD_S", "_PAUSE_S"):
        monkeypatch.setattr(tokens, name, 0.0)


@pytest.fixture
def all_is_heard(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """To be called when a test has no more news to come: from then on nobody waits for any."""
    return lambda: monkeypatch.setattr(hearing, "MOST_WAITING", 0)


@pytest.fixture(scope="session")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> "Trainings":
    """Whole trainings, one of each task."""
    from tests.unit.trainer.trained import Trainings  # loads PyTorch, which most tests need not

    return Trainings(tmp_path_factory.mktemp("trainings"))
