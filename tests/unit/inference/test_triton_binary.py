"""Where Triton cannot run, one line says so and what to do."""

from pathlib import Path

import pytest

from services.inference.adapters.triton.binary import check_platform, find_triton
from services.inference.errors import TritonUnavailable


@pytest.mark.parametrize(
    ("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")]
)
def test_other_platforms_get_one_clear_line(system, machine):
    with pytest.raises(TritonUnavailable, match=f"{machine} {system}") as caught:
        check_platform(system, machine)
    assert "LOUPE_INFERENCE_TRITON_URL" in caught.value.detail
    assert "\n" not in caught.value.detail


def test_x86_linux_is_fine():
    check_platform("Linux", "x86_64")


def test_missing_wheel_names_the_command_that_installs_it(tmp_path: Path):
    with pytest.raises(TritonUnavailable, match="nvidia-pytriton") as caught:
        find_triton(tmp_path)
    assert "\n" not in caught.value.detail
