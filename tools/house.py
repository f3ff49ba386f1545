"""`python -m tools.house [FOLDER]`: what the house looks like in figures, of a checkout at FOLDER.

Rooms are those of ARCHITECTURE.md: a line outside of them stands in a file, or a folder, of a
service that no layer of the import contract names.
"""

import argparse
import ast
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = {
    *("__init__", "__main__", "app", "settings", "errors", "subscriptions", "repository"),
    *("api", "handlers", "work", "process", "adapters", "domain"),
}
SERVICES = ("workspace", "gallery", "tiling", "annotation", "trainer", "evaluator", "inference")
EVERYWHERE = ("services", "shared", "tests", "tools", "benchmarks")
TASKS = ("detection", "instance_segmentation", "semantic_segmentation", "classification", "ocr")
LONG_FUNCTION = 50
LONG_FILE = 400


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file and what is in it."""

    path: Path
    text: str

    @property
    def lines(self) -> int:
        """Return how many lines it has."""
        return self.text.count("\n")

    def function_lines(self) -> Iterator[int]:
        """Yield the length of each function, decorators left out."""
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                yield node.end_lineno - node.lineno + 1

    def names(self, word: str) -> bool:
        """Return whether the code says this very word in quotes."""
        constants = (
            node for node in ast.walk(ast.parse(self.text)) if isinstance(node, ast.Constant)
        )
        return any(constant.value == word for constant in constants)


def modules(folder: Path, *endings: str) -> list[Module]:
    """Read the files below ``folder``, Python by default, that nobody installed or generated."""
    kinds = endings or (".py",)
    paths = sorted(path for path in folder.rglob("*") if path.suffix in kinds)
    own = [path for path in paths if not {"node_modules", "generated", "dist"} & set(path.parts)]
    return [Module(path.relative_to(folder), path.read_text(encoding="utf-8")) for path in own]


def is_in_a_room(path: Path) -> bool:
    """Whether a file, named from its service's folder, stands in a room.

    >>> is_in_a_room(Path("domain/gate.py")), is_in_a_room(Path("judging.py"))
    (True, False)
    """
    return path.parts[0].removesuffix(".py") in ROOMS


def share(part: int, whole: int) -> str:
    """Return a part as a percentage.

    >>> share(1, 8)
    '12.50 %'
    """
    return f"{100 * part / max(whole, 1):.2f} %"


def figures(root: Path) -> dict[str, str]:
    """Measure the checkout at ``root``."""
    rooms = [module for name in SERVICES for module in modules(root / "services" / name)]
    outside = [module for module in rooms if not is_in_a_room(module.path)]
    working = [module for module in rooms if module.path.parts[0] != "domain"]
    house = [module for name in ("services", "shared") for module in modules(root / name)]
    sizes = [module.lines for module in house]
    kinds = (".py", ".ts", ".tsx", ".css")
    files = [module for name in EVERYWHERE for module in modules(root / name, *kinds)]
    touched = {task: sum(module.names(task) for module in house) for task in TASKS}
    functions = [length for module in house for length in module.function_lines()]
    total, beside = sum(m.lines for m in working), sum(m.lines for m in outside)
    long = sum(length > LONG_FUNCTION for length in functions)
    return {
        "lines outside rooms, of those outside domain/": f"{share(beside, total)} ({beside:,})",
        "files outside rooms": f"{len(outside)}",
        "type: ignore": f"{sum(module.text.count('type: ignore') for module in house)}",
        "lines of services and shared": f"{sum(sizes):,} in {len(house)} files",
        "lines of a file, median and largest": f"{statistics.median(sizes):g}, {max(sizes)}",
        f"files over {LONG_FILE} lines, tests and console too": (
            f"{sum(module.lines > LONG_FILE for module in files)} of {len(files):,}"
        ),
        f"functions over {LONG_FUNCTION} lines": f"{share(long, len(functions))} ({long})",
        "files that name a task": ", ".join(f"{task} {count}" for task, count in touched.items()),
    }


def main() -> None:
    """Print the figures of one checkout."""
    parser = argparse.ArgumentParser(description="The house in figures.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[1])
    for name, figure in figures(parser.parse_args().folder).items():
        print(f"{name:50} {figure}")


if __name__ == "__main__":
    main()
