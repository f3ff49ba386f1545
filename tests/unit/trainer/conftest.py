from pathlib import Path

import pytest

from shared.hosting.stores import Stores
from tests.unit.trainer.platform import Place, Time


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def place(stores: Stores, tmp_path: Path, time: Time) -> Place:
    place = Place(stores, tmp_path, clock=time)
    await place.open()
    return place
