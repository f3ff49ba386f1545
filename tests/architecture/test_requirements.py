"""A service's image holds exactly what its code imports: nothing is there by another's grace."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"services", "shared"}
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/app.py"))
# Loaded where an option asks for them, with a message of their own when they are missing.
OPTIONAL = {("inference", "triton_python_backend_utils")}


def imports_of(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def file_of(module: str) -> Path | None:
    path = ROOT / Path(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.exists():
            return candidate
    return None


def third_party_of(service: str) -> set[str]:
    """Every foreign module that the service's files reach, through `shared` too."""
    pending = list((ROOT / "services" / service).rglob("*.py"))
    seen: set[Path] = set()
    foreign: set[str] = set()
    while pending:
        file = pending.pop()
        if file in seen:
            continue
        seen.add(file)
        for module in imports_of(file):
            top = module.split(".")[0]
            if top in OURS:
                inner = file_of(module)
                pending += [inner] if inner else []
            elif top not in sys.stdlib_module_names:
                foreign.add(top)
    return foreign


def locked(service: str) -> set[str]:
    text = (ROOT / "requirements" / f"{service}.txt").read_text()
    return {normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==", text, re.M)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_imports_is_in_its_locked_requirements(service: str) -> None:
    provided = packages_distributions()
    there = locked(service)
    missing = {
        module
        for module in third_party_of(service)
        if (service, module) not in OPTIONAL
        and not {normal(name) for name in provided.get(module, [module])} & there
    }
    assert missing == set()
    assert len(there) > 20


def test_a_foreign_import_behind_shared_is_seen() -> None:
    assert {"fastapi", "aiokafka", "motor", "minio"} <= third_party_of("workspace")
