"""Arrows point down, and the guard sees it when one does not: each planted violation is caught."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# (file, line that breaks a rule, contract that must catch it)
VIOLATIONS = [
    (
        "services/gallery/handlers/images.py",
        "import services.tiling.app",
        "Services never import one another",
    ),
    ("services/gallery/repository.py", "import services.gallery.api", "arrows point down"),
    ("services/gallery/domain/status.py", "import services.gallery.handlers", "arrows point down"),
    (
        "services/annotation/handlers/labels.py",
        "import services.annotation.api.schemas",
        "arrows point down",
    ),
    ("services/tiling/work/planted.py", "import services.tiling.api.schemas", "arrows point down"),
    ("services/evaluator/loose.py", "", "every module has its room"),
    ("services/inference/loose.py", "", "every module has its room"),
    ("services/evaluator/domain/planted.py", "import shared.documents.port", "Rules do no input"),
    ("services/tiling/domain/planted.py", "import httpx", "Rules do no input"),
    ("services/annotation/domain/planted.py", "import motor", "Rules do no input"),
    ("services/trainer/domain/planted.py", "import shared.blobs.port", "Rules do no input"),
    ("services/inference/domain/planted.py", "import tritonclient", "Rules do no input"),
    ("services/workspace/domain/planted.py", "import socket", "Rules ask nothing"),
    ("services/trainer/domain/planted.py", "import subprocess", "Rules ask nothing"),
    (
        "services/inference/handlers/predictions.py",
        "import torch",
        "torch is imported in the trainer only",
    ),
    ("shared/runtime/predictor.py", "import torch", "torch is imported in the trainer only"),
    ("shared/vision/boxes.py", "import shared.documents.port", "arrows point down"),
    ("shared/vision/boxes.py", "import cv2", "knows numpy and nothing"),
    ("shared/documents/port.py", "import shared.http.app", "arrows point down"),
    ("shared/http/app.py", "import shared.hosting.host", "arrows point down"),
    ("shared/loose.py", "", "arrows point down"),
    ("shared/errors.py", "import services.workspace.app", "Shared never imports a service"),
    ("services/gallery/app.py", "import tools.contracts.publishing", "developers' tools"),
    ("services/workspace/app.py", "import services.standalone", "Only the standalone host"),
    ("services/trainer/handlers/trainings.py", "import motor", "Clients of stores stay behind"),
    (
        "services/trainer/domain/tasks/planted.py",
        "import services.trainer.domain.tasks.detection.training",
        "Tasks never import one another",
    ),
    (
        "shared/runtime/tasks/ocr.py",
        "import shared.runtime.tasks.detection",
        "Tasks never import one another",
    ),
    ("services/gallery/handlers/images.py", "import sqlite3", "Clients of stores stay behind"),
]


FILE_METHODS = {"read_bytes", "write_bytes", "write_text", "unlink", "mkdir", "rglob"}


def touches_disk(source: str) -> bool:
    """Whether a module calls the builtin ``open`` or a method that only files have."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return any(
        call.id == "open" if isinstance(call, ast.Name) else call.attr in FILE_METHODS
        for call in calls
        if isinstance(call, ast.Name | ast.Attribute)
    )


def test_rules_open_no_file() -> None:
    modules = sorted(ROOT.glob("services/*/domain/**/*.py"))
    assert len(modules) > 50
    assert [path.name for path in modules if touches_disk(path.read_text())] == []
    assert touches_disk("def rule(path):\n    return open(path).read()\n")
    assert touches_disk("def rule(path):\n    path.write_text('x')\n")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    ignore = shutil.ignore_patterns("node_modules", "dist", "__pycache__", "console")
    for name in ("services", "shared", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_the_house_as_it_stands_keeps_its_rules(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("file", "line", "contract"), VIOLATIONS)
def test_a_planted_violation_is_caught(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / file
    original = path.read_text() if path.exists() else None
    path.write_text((original or '"""Planted."""\n') + f"\n{line}\n")
    try:
        result = lint(copy)
    finally:
        if original is None:
            path.unlink()
        else:
            path.write_text(original)
    assert result.returncode == 1, result.stdout
    broken = [row for row in result.stdout.splitlines() if " BROKEN" in row]
    assert any(contract in row for row in broken), result.stdout
