"""Modules are named by nouns: what they hold, not what somebody once did in them."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The field's own words, and acts that a thing is called by: `a training`, `the clearing`.
NOUNS = {
    "averaging", "clearing", "clipping", "hearing", "hosting", "judging", "lighting", "matching",
    "merging", "opening", "ordering", "paging", "planning", "publishing", "rendering",
    "retraining", "sampling", "signing", "smoothing", "staging", "tiling", "training",
}  # fmt: skip
VERBS = {
    "apply", "build", "calculate", "check", "clean", "collect", "compute", "convert", "create",
    "cut", "delete", "deploy", "do", "download", "draw", "encode", "fetch", "find",
    "get", "handle", "load", "make", "open", "parse", "predict", "read", "receive",
    "remove", "render", "restore", "save", "send", "train", "update", "validate", "write",
}  # fmt: skip
# A command is called as it is typed.
COMMANDS = (ROOT / "services/cli", ROOT / "tools/pretrain")


def no_nouns(modules: Iterable[Path]) -> list[str]:
    """Return the names of modules and packages that say an act."""
    return [
        path.stem
        for path in modules
        if (path.stem.endswith("ing") and path.stem.rpartition("_")[2] not in NOUNS)
        or path.stem.partition("_")[0] in VERBS
    ]


def named() -> Iterable[Path]:
    """Yield every module, and every package, but for the commands."""
    for room in ("services", "shared", "tools"):
        for path in (ROOT / room).rglob("*.py"):
            if path.parent not in COMMANDS and "node_modules" not in path.parts:
                yield path.parent if path.stem == "__init__" else path


def test_modules_are_named_by_nouns() -> None:
    assert no_nouns(named()) == []


def test_no_noun_is_listed_that_no_module_bears() -> None:
    borne = {path.stem.rpartition("_")[2] for path in (*named(), *(ROOT / "tests").glob("*.py"))}
    assert borne >= NOUNS


@pytest.mark.parametrize("name", ["parsing", "label_cutting", "read_files", "make"])
def test_a_planted_act_is_seen(name: str) -> None:
    assert no_nouns([Path(f"shared/{name}.py"), Path("shared/next_training.py")]) == [name]


def classes(service: Path) -> set[str]:
    """Return the names of what a service's modules define for one another."""
    return {
        node.name
        for path in service.rglob("*.py")
        if "node_modules" not in path.parts
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


def borne_twice(services: Iterable[Path]) -> dict[str, list[str]]:
    """Return the names of classes that several services have, and which do."""
    bearers: dict[str, list[str]] = {}
    for service in services:
        for name in classes(service):
            bearers.setdefault(name, []).append(service.name)
    return {name: found for name, found in bearers.items() if len(found) > 1}


def test_no_two_services_have_a_class_of_one_name(tmp_path: Path) -> None:
    """Where one speaks of `Versions` it is clear whose; what is the same is shared."""
    assert borne_twice(path.parent for path in (ROOT / "services").glob("*/__init__.py")) == {}
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "domain.py").write_text("class Versions: pass\nclass _Own: pass\n")
    assert borne_twice(tmp_path.iterdir()).keys() == {"Versions"}
