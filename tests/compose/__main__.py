"""`python -m tests.compose`: the whole loop against the composed containers, each killed in it.

The platform must be up (`docker compose --profile infra --profile app up -d`). Ends with 0 when the
loop finished and nothing that was acknowledged is missing.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import httpx
from rich.console import Console

from services.cli.client import ApiError, Client, Json, Unreachable
from services.cli.demo.data import DemoData, open_data
from services.cli.demo.loop import Budgets, DemoFailed, DemoLoop
from services.cli.demo.screen import versions_table
from services.cli.demo.state import DemoRun
from services.cli.synthetic.dataset import DatasetPlan, PartPlan, write_dataset
from shared.ids import new_id
from tests.compose.auditing import audit
from tests.compose.killing import PLAN, ComposedContainers, Killer, StagedShow, say
from tests.compose.ledger import Ledger, RecordingClient

SERVICES = ("workspace", "gallery", "tiling", "annotation", "trainer", "evaluator", "inference")
# Enough for a model that finds something, few enough for a machine with two cores.
SMALL = DatasetPlan(
    train=PartPlan(small=48, large=0, anodised_share=0.04, dim_share=0.03),
    test=PartPlan(small=16, large=0, anodised_share=0.12, dim_share=0.10),
    unseen=PartPlan(small=12, large=1, anodised_share=0.40, dim_share=0.25),
)
_START_S = 300.0
_LOOP_S = 1500.0
_CATCH_UP_S = 120.0


def main(arguments: list[str]) -> int:
    """Walk, kill, audit; print what happened with times."""
    parser = argparse.ArgumentParser(prog="python -m tests.compose")
    parser.add_argument("--no-kills", action="store_true", help="only walk the loop")
    parser.add_argument("--budget-s", type=float, default=240.0, help="training time of V1")
    parser.add_argument("--second-budget-s", type=float, default=120.0, help="training time of V2")
    options = parser.parse_args(arguments)
    if not Path(".env").exists():
        raise SystemExit("there is no .env here: run `make compose-env` and start the composition")
    settings = read_settings(Path(".env"))
    address = f"http://127.0.0.1:{settings.get('LOUPE_PUBLISH', '8080')}"
    containers = ComposedContainers(lambda: ready(address))
    containers.find([service for _, service in PLAN])
    wait_ready(address)
    say(f"all services answer at {address}")
    show = StagedShow(Console(width=110))
    run = DemoRun(new_id(), "", 11)
    problems: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        RecordingClient(address, settings["LOUPE_WORKSPACE_ADMIN_KEY"]) as client,
    ):
        write_dataset(Path(folder), seed=11, plan=SMALL)
        loop = DemoLoop(client, run, show, check=lambda: None)
        budgets = Budgets(options.budget_s, options.second_budget_s)
        killer = Killer(containers, () if options.no_kills else PLAN)
        show.killer = killer
        killer.start()
        try:
            versions = walk_to_the_end(loop, open_data(Path(folder)), budgets)
        finally:
            killer.finish()
        problems += killer.problems
        wait_ready(address)
        key = settings["LOUPE_WORKSPACE_ADMIN_KEY"]
        with signed_in(address, key) as files, Client(address, key) as reader:
            problems += audit(reader, files, run, client.ledger)
        problems += counted(client.ledger)
    show.console.print(versions_table(*versions))
    say(summary(client.ledger))
    for problem in problems:
        say(f"PROBLEM: {problem}")
    say("nothing is lost" if not problems else f"{len(problems)} problems")
    return 1 if problems else 0


def counted(ledger: Ledger) -> list[str]:
    """Return where less was acknowledged than the walk hands in."""
    labelled = _images(SMALL.train) + _images(SMALL.test)
    wanted = {
        "images": (labelled + _images(SMALL.unseen), len(ledger.images)),
        "label files": (labelled, len(ledger.labels)),
        "predictions": (_images(SMALL.unseen), len(ledger.predictions)),
    }
    return [
        f"{count} {what} were acknowledged instead of {expected}"
        for what, (expected, count) in wanted.items()
        if count != expected
    ]


def _images(part: PartPlan) -> int:
    return part.small + part.large


def summary(ledger: Ledger) -> str:
    """Return what was acknowledged, in numbers."""
    return (
        f"acknowledged: {len(ledger.images)} images, labels of {len(ledger.labels)},"
        f" corrections of {len(ledger.corrections)}, {len(ledger.predictions)} predictions"
    )


def signed_in(address: str, api_key: str) -> httpx.Client:
    """Return a plain HTTP client with a token, not opened yet."""
    body = {"api_key": api_key}
    answer = httpx.post(f"{address}/api/workspace/tokens", json=body, timeout=60)
    token = answer.raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=address, headers=headers, timeout=60)


def walk_to_the_end(loop: DemoLoop, data: DemoData, budgets: Budgets) -> tuple[Json, Json]:
    """Walk the loop; whenever a part of the platform is away too long, go on from where it was."""
    deadline = time.monotonic() + _LOOP_S
    refused_since: float | None = None
    while True:
        try:
            return loop.walk(data, budgets)
        except (ApiError, DemoFailed, Unreachable, httpx.HTTPError) as error:
            # A service that was away has not heard of everything yet; what is lost stays refused.
            is_away = isinstance(error, Unreachable | httpx.HTTPError) or (
                isinstance(error, ApiError) and error.status >= 500
            )
            refused_since = None if is_away else (refused_since or time.monotonic())
            now = time.monotonic()
            if now > deadline or (refused_since and now - refused_since > _CATCH_UP_S):
                raise
            say(f"the loop is interrupted ({error}); going on")
            time.sleep(2.0)


def read_settings(file: Path) -> dict[str, str]:
    """Return the variables of `.env`."""
    lines = (line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    return {name: value for name, value in lines if not name.startswith("#")}


def ready(address: str) -> bool:
    """Tell whether every service says that it is ready."""
    try:
        return all(
            httpx.get(f"{address}/api/{service}/readyz", timeout=5).status_code == 200
            for service in SERVICES
        )
    except httpx.HTTPError:
        return False


def wait_ready(address: str) -> None:
    """Wait until every service is ready; raise TimeoutError when that takes minutes."""
    deadline = time.monotonic() + _START_S
    while not ready(address):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not every service at {address} is ready")
        time.sleep(1.0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
