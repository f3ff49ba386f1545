"""`loupe import FOLDER`: images and their labels from a folder into a project."""

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from services.cli.client import ApiError, Client, Unreachable
from services.cli.commands import SubParsers
from services.cli.folders import Folder, NoData, read_folder
from services.cli.label_packs import pack_labels
from services.cli.uploads import upload_all
from services.data_folder import ADMIN_KEY

_SHOWN = 20


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("import", help="images and labels of a folder into a project")
    parser.add_argument("folder", type=Path, help="images with labelme, VOC, YOLO, COCO, CreateML")
    parser.add_argument("--project", required=True, help="name of the project; made when missing")
    parser.add_argument("--task", default="detection", help="task of a project that is made")
    parser.add_argument("--address", default=_address(), help="of the platform")
    parser.add_argument("--key-file", type=Path, default=_key_file(), help="holds the API key")


def run(args: argparse.Namespace) -> int:
    """Import; 0, or 1 with one line that says what is wrong."""
    console = Console()
    try:
        folder = read_folder(args.folder)
        with Client(args.address, read_key(args.key_file)) as client:
            project = find_or_create(client, args.project, args.task)
            failed = _import(client, project["id"], folder, console)
    except (NoData, ApiError, Unreachable, OSError) as error:
        print(f"loupe import: {error}", file=sys.stderr)
        return 1
    return 1 if failed else 0


def read_key(path: Path) -> str:
    """Return the API key: of LOUPE_API_KEY, else of the file; raise NoData when there is none."""
    key = os.environ.get("LOUPE_API_KEY", "")
    if key:
        return key
    try:
        return path.read_text().strip()
    except OSError:
        raise NoData(
            f"no API key: set LOUPE_API_KEY, or start the platform, which writes {path}"
        ) from None


def find_or_create(client: Client, name: str, task: str) -> dict[str, str]:
    """Return the project of that name; create it when there is none."""
    for project in client.pages("/api/workspace/projects", name=name):
        if project["name"] == name:
            return dict(project)
    return dict(client.post("/api/workspace/projects", {"name": name, "task": task}))


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


def _address() -> str:
    host, port = os.environ.get("LOUPE_HOST", "127.0.0.1"), os.environ.get("LOUPE_PORT", "8080")
    return f"http://{host}:{port}"


def _key_file() -> Path:
    return Path(os.environ.get("LOUPE_DATA", "data")) / ADMIN_KEY
