"""`loupe train`: ask a running platform for a training and wait for its version."""

import argparse
import json
from functools import partial
from pathlib import Path

from services.cli.access import (
    WELL,
    WRONG,
    CommandFailed,
    add_access,
    ended,
    find_project,
    same_access,
    signed_in,
)
from services.cli.client import Client, Json
from services.cli.commands import SubParsers
from services.cli.waiting import LongWork, add_waiting, wait_for
from shared.ids import new_id

_FAILED = ("failed", "terminated")


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("train", help="train a project's next version")
    add_access(parser)
    parser.add_argument("--recipe", type=Path, help="JSON file; else the project's own holds")
    parser.add_argument("--mode", default="train", choices=("train", "train_and_test"))
    parser.add_argument("--id", help="wait for this training, which was asked for before")
    add_waiting(parser)


def run(args: argparse.Namespace) -> int:
    """Train; 0 with a version, 1 without one, 3 while it goes on. Prints the training as JSON."""
    return ended("train", partial(_train, args))


def _train(args: argparse.Namespace) -> int:
    body = {"mode": args.mode, **_recipe(args.recipe)}
    with signed_in(args) as client:
        place = f"/api/trainer/projects/{find_project(client, args.project)['id']}/trainings"
        if args.id:
            training = client.get(f"{place}/{args.id}")
        else:
            training = client.post(place, body, key=new_id())
        if not args.no_wait:
            training = wait_for(_work(client, place, training, same_access(args)), args.wait_s)
    print(json.dumps(training, ensure_ascii=False))
    if training["error"]:
        raise CommandFailed(f"training {training['number']}: {training['error']}")
    return WRONG if training["status"] in _FAILED else WELL


def _recipe(path: Path | None) -> dict[str, Json]:
    if path is None:
        return {}
    try:
        return {"recipe": json.loads(path.read_text("utf-8"))}
    except ValueError as error:
        raise CommandFailed(f"{path} is not JSON: {error}") from None


def _work(client: Client, place: str, training: Json, access: str) -> LongWork:
    return LongWork(
        title=f"training {training['number']}",
        look=lambda: client.get(f"{place}/{training['id']}"),
        is_over=_is_over,
        note=_note,
        again=f"loupe train --id {training['id']} {access}",
    )


def _is_over(training: Json) -> bool:
    """Whether it failed, or its version is judged and the gate has spoken."""
    if training["status"] != "success":
        return training["status"] in _FAILED
    judged = training["figures"] and (training["promoted"] or training["gate_reason"])
    return bool(judged or training["error"])


def _note(training: Json) -> str:
    progress = training["progress"]
    if training["status"] == "success":
        rate = training["average_detection_rate"]
        judged = "is judged" if rate is None else f"average detection rate {rate:.3f}"
        return f"{training['version']} {judged}"
    parts = [training["status"] if training["status"] != "running" else progress["stage"]]
    if progress["epochs"]:
        parts.append(f"epoch {progress['epoch']} of {progress['epochs']}")
    if progress["seconds_left"] is not None:
        parts.append(f"{progress['seconds_left']:.0f} s left")
    return ", ".join(filter(None, parts))
