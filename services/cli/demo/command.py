"""`loupe demo`: start the platform, walk the loop, show the table, keep serving."""

import argparse
import contextlib
import os
import signal
import time
from pathlib import Path

from rich.console import Console

from services.cli.access import read_key
from services.cli.client import ApiError, Client, Unreachable
from services.cli.commands import SubParsers
from services.cli.demo.data import DemoData, generated_folder, open_data
from services.cli.demo.loop import Budgets, DemoFailed, DemoLoop
from services.cli.demo.platform import RunningPlatform, open_platform
from services.cli.demo.screen import Show
from services.cli.demo.state import open_run
from services.cli.folders import NoData
from services.cli.synthetic.dataset import DatasetPlan, plan_scenes

DEFAULT_SEED = 7
_FIRST_BUDGET_S = 100.0
_SECOND_BUDGET_S = 70.0


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "demo", help="the whole loop on generated images or your own, then keep serving"
    )
    parser.add_argument("--data", type=Path, help="your folder of images and labels")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of the generated images")
    parser.add_argument("--fresh", action="store_true", help="begin anew instead of going on")
    parser.add_argument("--exit", action="store_true", help="stop after the table")
    parser.add_argument(
        "--budget-s", type=float, default=_FIRST_BUDGET_S, help="training time of V1 in seconds"
    )
    parser.add_argument(
        "--epochs", type=int, help="passes of V1 over its images, instead of a time"
    )
    parser.add_argument(
        "--retraining-budget-s", type=float, default=_SECOND_BUDGET_S, help="the same of V2"
    )


def run(args: argparse.Namespace) -> int:
    """Walk the loop; 0, or 1 with one line that says what is wrong."""
    from services.data_folder import CannotStart, place_from_environment

    os.umask(0o077)  # its notes and the platform's log lie in the platform's folder
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop in order, as for Ctrl-C
    show = Show(Console())
    platform: RunningPlatform | None = None
    try:
        place = place_from_environment()
        data = _data(args, place.data, show)
        if words := data.words():
            show.warn(words)
        show.say(f"starting the platform on {place.data}")
        platform = open_platform(place.address, place.data)
        _walk(args, data, platform, show)
        show.say(f"the loop took {time.monotonic() - began:.0f} s")
        if not args.exit:
            show.say(
                f"\nThe console answers at [bold]{place.address}[/bold]"
                f" (key in {place.admin_key_file}). Ctrl-C ends."
            )
            platform.wait()
    except KeyboardInterrupt:
        show.say("stopped; `make demo` goes on from here")
    except (CannotStart, NoData, DemoFailed, ApiError, Unreachable) as error:
        show.console.print(f"loupe demo: {error}", style="red", highlight=False, markup=False)
        return 1
    finally:
        if platform is not None:
            with contextlib.suppress(KeyboardInterrupt):
                platform.stop()
    return 0


def _data(args: argparse.Namespace, folder: Path, show: Show) -> DemoData:
    if args.data is not None:
        return open_data(args.data.resolve())
    count = len(plan_scenes(DatasetPlan(), seed=args.seed))
    with show.stage("generate images", count) as stage:
        root = generated_folder(
            folder / "demo", seed=args.seed, on_image=lambda _name: stage.advance()
        )
    return open_data(root)


def _walk(args: argparse.Namespace, data: DemoData, platform: RunningPlatform, show: Show) -> None:
    source = "" if args.data is None else str(args.data.resolve())
    run_file = platform.key_file.parent / "demo" / "run.json"
    demo_run = open_run(run_file, source=source, seed=args.seed, fresh=args.fresh)
    with Client(platform.address, read_key(platform.key_file)) as client:
        loop = DemoLoop(client, demo_run, show, check=platform.check)
        first, second = loop.walk(
            data, Budgets(args.budget_s, args.retraining_budget_s, args.epochs)
        )
    show.versions(first, second)
