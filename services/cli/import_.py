"""`loupe import FOLDER`: images and their labels from a folder into a project."""

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from services.cli.access import WELL, WRONG, add_access, ended, find_or_create, signed_in
from services.cli.client import Client
from services.cli.commands import SubParsers
from services.cli.folders import Folder, NoData, read_folder
from services.cli.label_packs import pack_labels
from services.cli.uploads import upload_all

_SHOWN = 20


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("import", help="images and labels of a folder into a project")
    parser.add_argument("folder", type=Path, help="images with labelme, VOC, YOLO, COCO, CreateML")
    add_access(parser)
    parser.add_argument("--task", default="detection", help="task of a project that is made")


def run(args: argparse.Namespace) -> int:
    """Import; 0, or 1 with one line that says what is wrong."""
    return ended("import", partial(_into_project, args))


def _into_project(args: argparse.Namespace) -> int:
    folder = read_folder(args.folder)
    with signed_in(args) as client:
        project = find_or_create(client, args.project, args.task)
        failed = _import(client, project["id"], folder, Console())
    return WRONG if failed else WELL


def _import(client: Client, project_id: str, folder: Folder, console: Console) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("uploading", total=len(folder.images))
        uploaded = upload_all(
            client, project_id, folder.images, on_files=lambda n: progress.advance(task, n)
        )
    for name, reason in uploaded.refused.items():
        console.print(f"[yellow]{name}: {reason}")
    images = [image for image in folder.images if image.name in uploaded.ids]
    if not images:
        raise NoData("the gallery took none of the images")
    report = client.import_labels(project_id, pack_labels(folder, images))
    bad = [entry for entry in report["entries"] if entry["status"] == "failed"]
    for entry in bad[:_SHOWN]:
        console.print(f"[yellow]{entry['file']}: {entry['message']}")
    console.print(
        f"{len(uploaded.ids)} images, {report['imported']} annotated, {len(bad)} label files wrong,"
        f" {report['warnings']} warnings"
    )
    return len(bad) + len(uploaded.refused)
