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


def modules(folder: Path) -> list[Module]:
    """Read every Python file below ``folder``, but for what was installed or generated."""
    paths = sorted(folder.rglob("*.py"))
    own = [path for path in paths if "node_modules" not in path.parts]
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
    functions = [length for module in house for length in module.function_lines()]
    total, beside = sum(m.lines for m in working), sum(m.lines for m in outside)
    long = sum(length > LONG_FUNCTION for length in functions)
    return {
        "lines outside rooms, of those outside domain/": f"{share(beside, total)} ({beside:,})",
        "files outside rooms": f"{len(outside)}",
        "type: ignore": f"{sum(module.text.count('type: ignore') for module in house)}",
        "lines of services and shared": f"{sum(sizes):,} in {len(house)} files",
        "lines of a file, median and largest": f"{statistics.median(sizes):g}, {max(sizes)}",
        f"files over {LONG_FILE} lines": f"{sum(size > LONG_FILE for size in sizes)}",
        f"functions over {LONG_FUNCTION} lines": f"{share(long, len(functions))} ({long})",
    }


def main() -> None:
    """Print the figures of one checkout."""
    parser = argparse.ArgumentParser(description="The house in figures.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[1])
    for name, figure in figures(parser.parse_args().folder).items():
        print(f"{name:48} {figure}")


if __name__ == "__main__":
    main()
