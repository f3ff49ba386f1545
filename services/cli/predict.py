"""`loupe predict`: ask a project's deployed model about image files, a line of JSON each."""

import argparse
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from services.cli.access import (
    WELL,
    WRONG,
    CommandFailed,
    add_access,
    ended,
    find_project,
    signed_in,
)
from services.cli.client import ApiError, Client, Json
from services.cli.commands import SubParsers
from shared.ids import new_id

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("predict", help="ask a deployed model, a line of JSON an image")
    parser.add_argument("images", type=Path, nargs="+", help="image files, or folders of them")
    add_access(parser)
    parser.add_argument("--version", help="such as V3; else the deployed one answers")
    parser.add_argument("--threshold", type=_share, help="lowest score to tell, 0 to 1")


def run(args: argparse.Namespace) -> int:
    """Predict; 0, or 1 where an image has no answer: its line says why, the others are asked."""
    return ended("predict", partial(_predict, args))


def _predict(args: argparse.Namespace) -> int:
    terms = {"version": args.version, "threshold": args.threshold}
    code = WELL
    with signed_in(args) as client:
        project_id = find_project(client, args.project)["id"]
        for path in _files(args.images):
            try:
                told = _asked(client, project_id, path, terms)
            except (ApiError, OSError) as error:
                told, code = {"error": str(error)}, WRONG
            print(json.dumps({"image": str(path), **told}, ensure_ascii=False), flush=True)
    return code


def _asked(client: Client, project_id: str, path: Path, terms: dict[str, Json]) -> Json:
    place = f"/api/inference/projects/{project_id}/predictions"
    return client.post_file(place, path, terms, key=new_id())


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a threshold is from 0 to 1")
    return value


def _files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        if not place.is_dir():
            yield place
            continue
        found = sorted(path for path in place.iterdir() if path.suffix.lower() in _SUFFIXES)
        if not found:
            raise CommandFailed(f"{place} holds no JPEG, PNG or BMP image")
        yield from found
