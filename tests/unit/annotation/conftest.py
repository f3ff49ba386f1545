import pytest

from shared.hosting.stores import Stores
from tests.unit.annotation.told_by_hand import World


@pytest.fixture
async def world(stores: Stores) -> World:
    made = World(stores)
    await made.open()
    return made
