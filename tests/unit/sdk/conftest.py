"""The wheel as its users have it."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from shared.sdk.wheel import build_wheel

SITE = Path(sysconfig.get_paths()["purelib"])
LIBRARIES = ("numpy", "numpy.libs", "cv2", "opencv_python_headless.libs", "onnxruntime")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def python(wheel, tmp_path_factory) -> Path:
    """A fresh environment with the wheel and what it says it needs, and nothing else."""
    place = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    python = place / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    subprocess.run([*install, "--disable-pip-version-check", wheel], check=True)
    (site,) = place.glob("lib/python*/site-packages")
    for name in LIBRARIES:
        if (SITE / name).exists():
            (site / name).symlink_to(SITE / name)
    return python
