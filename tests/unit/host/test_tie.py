"""A child that is tied to its parent never outlives it."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from shared.tie import tied
from tests.running import until

ROOT = Path(__file__).parents[3]
PARENT = """
import subprocess, sys
from shared.tie import tied
child = subprocess.Popen(tied((sys.executable, "-c", "import time; time.sleep(600)")))
print(child.pid, flush=True)
child.wait()
"""


def test_the_command_takes_the_place_of_the_launcher() -> None:
    done = subprocess.run(
        tied((sys.executable, "-c", "import os; print(os.getppid())")),
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == os.getpid()


async def test_a_killed_parent_takes_its_child_with_it() -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())

    async def is_the_command() -> bool:
        return command_of(child)[:2] == [sys.executable, "-c"]

    await until(is_the_command)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()

    async def gone() -> bool:
        return not command_of(child)

    await until(gone)


def command_of(pid: int) -> list[str]:
    """The command line of a process; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def test_without_its_parent_nothing_is_started() -> None:
    command = list(tied((sys.executable, "-c", "print('started')")))
    command[4] = "1"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "started" not in done.stdout
