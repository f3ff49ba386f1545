"""What may be said of the holder of a lease, and what may not."""

import os

import pytest

from shared.holder import holder_name, is_dead

HOST, BOOT, NAMESPACE, PID, STARTED = holder_name().split("/")
NO_PROCESS = str(2**22 + 1)  # above the highest process id that Linux gives


@pytest.mark.parametrize(
    ("name", "dead", "why"),
    [
        (holder_name(), False, "this process"),
        (f"{HOST}/{BOOT}/{NAMESPACE}/{NO_PROCESS}/{STARTED}", True, "no such process"),
        (f"{HOST}/{BOOT}/{NAMESPACE}/{PID}/1", True, "the id went to another process"),
        (f"{HOST}/{BOOT}/{NAMESPACE}/1/{STARTED}", True, "the id went to somebody else's process"),
        (f"{HOST}/other/{NAMESPACE}/{NO_PROCESS}/{STARTED}", False, "another machine of that name"),
        (f"{HOST}/{BOOT}/[1]/{NO_PROCESS}/{STARTED}", False, "another container of this machine"),
        (f"{HOST}-{os.getpid()}", False, "a machine that cannot tell"),
        ("worker-1", False, "a name of somebody's choice"),
        ("", False, "no name"),
    ],
)
def test_only_a_process_that_certainly_ended_is_dead(name: str, dead: bool, why: str) -> None:
    assert is_dead(name) == dead, why
