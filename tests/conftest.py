"""Fixtures that every test may use."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real development data sets; skips where it is not beside the repository."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    """Folder of pretrained backbones; skips where it is not beside the repository."""
    folder = SHARED / "weights"
    if not folder.is_dir():
        pytest.skip("../shared/weights is not beside this checkout")
    return folder
