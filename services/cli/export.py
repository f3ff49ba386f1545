"""`loupe export`: a version's certified file, from a running platform into a folder."""

import argparse
import json
import shlex
from functools import partial
from pathlib import Path

from services.cli.access import (
    WELL,
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

_OVER = ("succeeded", "failed", "cancelled")


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("export", help="a version's file, certified and signed")
    add_access(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--version", help="such as V3")
    which.add_argument("--id", help="wait for this export, which was asked for before")
    parser.add_argument("--target", default="sdk", help="sdk (the default), onnx, …")
    parser.add_argument("--output", type=Path, default=Path(), help="folder of the file")
    add_waiting(parser)


def run(args: argparse.Namespace) -> int:
    """Export; 0 with the file, 1 without, 3 while it is made. Prints the export as JSON."""
    return ended("export", partial(_export, args))


def _export(args: argparse.Namespace) -> int:
    with signed_in(args) as client:
        place = f"/api/inference/projects/{find_project(client, args.project)['id']}/exports"
        if args.id:
            export = client.get(f"{place}/{args.id}")
        else:
            body = {"version": args.version, "target": args.target}
            export = client.post(place, body, key=new_id())
        if not args.no_wait:
            words = f"{same_access(args)} --output {shlex.quote(str(args.output))}"
            export = wait_for(_work(client, place, export, words), args.wait_s)
            export = {**export, "file": _downloaded(client, place, export, args.output)}
    print(json.dumps(export, ensure_ascii=False))
    return WELL


def _work(client: Client, place: str, export: Json, words: str) -> LongWork:
    return LongWork(
        title=f"{export['version']} as {export['target']}",
        look=lambda: client.get(f"{place}/{export['id']}"),
        is_over=lambda now: now["state"] in _OVER,
        note=lambda now: now["progress"]["stage"] or now["state"],
        again=f"loupe export --id {export['id']} {words}",
    )


def _downloaded(client: Client, place: str, export: Json, folder: Path) -> str:
    if export["state"] != "succeeded":
        raise CommandFailed(
            f"the export is {export['state']}: {export['error'] or 'somebody stopped it'}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / Path(export["name"]).name
    client.download(f"{place}/{export['id']}/content", target, sha256=export["sha256"])
    return str(target)
