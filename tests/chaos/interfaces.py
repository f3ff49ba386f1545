"""Has schemathesis ask every operation of every service, with all of its checks.

    python -m tests.chaos.interfaces --examples 100 --seed 7

The platform is that of `tests.chaos.furnished`; half of the requests that are meant to be right are
those of `tests.chaos.right_requests`, so that each operation does what it is there for.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.contracts import PUBLISHED
from shared.tie import tied
from tests.servers.processes import free_port

ROOT = Path(__file__).parents[2]
SERVICES = tuple(sorted(path.stem for path in (PUBLISHED / "openapi").glob("*.json")))
_START_S = 600.0  # a hang, not a slow machine


@dataclass(frozen=True)
class Asking:
    """How much is asked.

    Attributes:
        seed: Of all that is drawn.
        examples: Requests drawn for each operation; 0 asks those of the coverage phase alone.
        workers: Requests at once.
    """

    seed: int = 1
    examples: int = 0
    workers: int = 1


@dataclass
class Outcome:
    """What was found of a service: failures as text, and the operations that never succeeded."""

    service: str
    failures: str = ""
    unreached: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """Return what is broken as text; empty where nothing is."""
        never = [f"never answered with a 2xx: {label}\n" for label in self.unreached]
        return "".join([self.failures, *never])


@contextmanager
def furnished(folder: Path) -> Iterator[str]:
    """Run a furnished platform on ``folder``; give its address."""
    port = free_port()
    with (folder / "platform.log").open("wb") as log:
        platform = subprocess.Popen(
            tied([sys.executable, "-m", "tests.chaos.furnished", str(folder), str(port)]),
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        until = time.monotonic() + _START_S
        while not (folder / "given.json").exists():
            if platform.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "platform.log").read_text()[-4000:])
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        platform.terminate()
        platform.wait()


def ask(service: str, address: str, folder: Path, asking: Asking) -> Outcome:
    """Ask every operation of ``service`` at ``address``; ``folder`` holds what is given."""
    document = PUBLISHED / "openapi" / f"{service}.json"
    seen, report = folder / f"{service}.seen", folder / f"{service}.json"
    phases = "examples,coverage" + (",fuzzing" if asking.examples else "")
    command = [sys.executable, "-m", "schemathesis.cli"]
    command += ["--config-file", str(Path(__file__).with_name("schemathesis.toml")), "--no-color"]
    command += ["run", str(document), "--url", address, "--checks", "all", "--phases", phases]
    command += ["--seed", str(asking.seed), "--workers", str(asking.workers), "--no-shrink"]
    command += ["--max-examples", str(asking.examples or 1), "--continue-on-failure"]
    command += ["--report", "json", "--report-json-path", str(report), "--request-timeout", "60"]
    environment = os.environ | {
        "LOUPE_CHAOS_ADDRESS": address,
        "LOUPE_CHAOS_GIVEN": str(folder / "given.json"),
        "LOUPE_CHAOS_SEED": str(asking.seed),
        "LOUPE_CHAOS_SEEN": str(seen),
        "SCHEMATHESIS_HOOKS": "tests.chaos.hooks",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    outcome = Outcome(service, unreached=_unreached(document, seen))
    if done.returncode:
        outcome.failures = done.stdout + done.stderr
    return outcome


def _unreached(document: Path, seen: Path) -> list[str]:
    lines = seen.read_text().splitlines() if seen.exists() else []
    reached = {line.partition(" ")[2] for line in lines if line.startswith("2")}
    paths = json.loads(document.read_text())["paths"]
    every = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    return sorted(every - reached)


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print what was found, and return 1 for a failure or an operation never reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.interfaces")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("services", nargs="*", metavar="service", help="all where none is named")
    args = parser.parse_args(arguments)
    asking, broken = Asking(args.seed, args.examples, args.workers), 0
    with tempfile.TemporaryDirectory() as name, furnished(Path(name)) as address:
        for service in args.services or SERVICES:
            began = time.monotonic()
            outcome = ask(service, address, Path(name), asking)
            broken += bool(outcome.told)
            kept = "BROKEN" if outcome.told else "kept"
            print(f"{service}: {kept}, {time.monotonic() - began:.0f} s", flush=True)
            print(outcome.told, end="", flush=True)
    return min(broken, 1)


if __name__ == "__main__":
    sys.exit(main())
