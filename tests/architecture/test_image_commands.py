"""The image of the workspace has the operator's commands, and they run with what is in it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def copied(dockerfile: Path, service: str, root: Path) -> Path:
    """Lay out under ``root`` what an image of ``service`` has in /app of ours."""
    text = dockerfile.read_text().replace("\\\n", " ").replace("${SERVICE}", service)
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        *sources, target = line.split()
        if not target.startswith("/app/"):
            continue
        for source in sources:
            is_folder = (ROOT / source).is_dir()
            place = root / target.removeprefix("/app/")
            place = place / Path(source).name if target.endswith("/") and not is_folder else place
            place.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if is_folder else shutil.copyfile
            copy(ROOT / source, place)
    for removed in re.findall(r'if \[ "\$SERVICE" != workspace \]; then rm -r (.*?);', text):
        for name in removed.split() if service != "workspace" else ():
            path = root / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return root


ONLY_LOCKED = """
import re, runpy, sys
from importlib.metadata import packages_distributions
requirements, *sys.argv = sys.argv[1:]
text = open(requirements).read()
locked = {re.sub(r"[-_.]+", "-", name).lower()
          for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\\[.*\\])?==", text, re.M)}
absent = {module for module, names in packages_distributions().items()
          if not {re.sub(r"[-_.]+", "-", name).lower() for name in names} & locked}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
sys.path.insert(0, ".")
runpy.run_module("services", run_name="__main__")
"""


def run_in(app: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run its command line with the packages that its requirements lock, and no others."""
    requirements = ROOT / "requirements" / "workspace.txt"
    data = {"LOUPE_DATA": str(app / "data"), "LOUPE_STORES": "embedded"}
    return subprocess.run(
        [sys.executable, "-c", ONLY_LOCKED, str(requirements), "services", *arguments],
        cwd=app,
        env={"PATH": os.environ["PATH"], **data},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def workspace_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dockerfile = ROOT / "docker" / "python.Dockerfile"
    return copied(dockerfile, "workspace", tmp_path_factory.mktemp("app"))


def test_the_workspaces_image_has_the_operators_commands(workspace_app: Path) -> None:
    said = run_in(workspace_app, "--help")
    offered = re.search(r"\{(.*?)\}", said.stdout.replace("\n", ""))
    assert offered is not None, said.stderr
    assert offered[1].replace(" ", "").split(",") == [
        "events", "collect", "audit", "backup", "key", "keys", "new-key", "tenants",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys", "list"],
        ["keys", "add", "second"],
        ["tenants", "add", "acme"],
        ["collect"],
        ["audit"],
        ["events", "replay", "--topic", "image", "--dry-run"],
        ["key"],
        ["new-key"],
    ],
    ids=" ".join,
)
def test_an_operators_command_runs_with_what_the_image_has(
    workspace_app: Path, arguments: list[str]
) -> None:
    (workspace_app / "data").mkdir(exist_ok=True)
    said = run_in(workspace_app, *arguments)
    assert said.returncode == 0, said.stderr


def test_no_other_image_has_commands(tmp_path: Path) -> None:
    app = copied(ROOT / "docker" / "python.Dockerfile", "gallery", tmp_path)
    assert {path.name for path in (app / "services").iterdir()} == {"__init__.py", "gallery"}
    said = run_in(app, "keys", "list")
    assert "No module named services.__main__" in said.stderr
