"""What schemathesis finds in a short look; the long one is `python -m tests.chaos.interfaces`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.interfaces import SERVICES, Asking, ask, furnished

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("furnished")
    with furnished(folder) as address:
        yield address, folder


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_does_what_its_interface_says(
    platform: tuple[str, Path], service: str
) -> None:
    address, folder = platform
    assert ask(service, address, folder, Asking(seed=1)).told == ""
