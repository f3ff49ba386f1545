"""A guarded child that does what its job says: for the tests of the pool."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.guarded.child import Work, serve


def _die_if_told(job: Any) -> None:
    if "die_once" in job and not Path(job["die_once"]).exists():
        Path(job["die_once"]).touch()
        os._exit(1)
    if "fork_off" in job:
        os._exit(1)


def load() -> Work:
    def work(job: Any) -> Iterator[Any]:
        print("a library's own words on standard output")
        if "echo" in job:
            yield from job["echo"]
        if "environment" in job:
            yield dict(os.environ)
        if "take_bytes" in job:
            bytearray(job["take_bytes"])
        if "write" in job:
            Path(job["write"]).write_bytes(bytes(job["bytes"]))
        if "think_s" in job:
            until = time.process_time() + job["think_s"]
            while time.process_time() < until:
                pass
        if "sleep_s" in job:
            time.sleep(job["sleep_s"])
        _die_if_told(job)
        yield os.getpid()

    return work


if __name__ == "__main__":
    serve(load)
