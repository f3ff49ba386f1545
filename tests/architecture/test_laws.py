"""Laws that no import tells: one compare-and-set loop, one lease loop, one clearing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.standalone import BUILDS
from shared.hosting.stores import Stores

ROOT = Path(__file__).resolve().parents[2]
# The loop itself; the consumer, which hands an event whose handler lost a race to it again.
MAY_RACE = {"shared/documents/port.py", "shared/events/handling.py"}
OF_NO_PROJECT = {"workspace.api_keys", "workspace.projects"}


def modules() -> list[Path]:
    return sorted([*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")])


def loops(tree: ast.AST) -> Iterator[ast.stmt]:
    """Everything that stands in a loop, a function defined there included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            yield from node.body


def races(source: str) -> bool:
    """Whether a loop catches a lost race to try again."""
    handlers = (
        handler
        for part in loops(ast.parse(source))
        for handler in ast.walk(part)
        if isinstance(handler, ast.ExceptHandler) and handler.type is not None
    )
    return any(
        isinstance(name, ast.Name) and name.id == "VersionConflict"
        for handler in handlers
        for name in ast.walk(handler.type or handler)
    )


def leases(source: str) -> bool:
    """Whether jobs are claimed or leases renewed."""
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("claim", "heartbeat")
        for node in ast.walk(ast.parse(source))
    )


def breaking(law: object) -> set[str]:
    assert callable(law)
    return {path.relative_to(ROOT).as_posix() for path in modules() if law(path.read_text("utf-8"))}


def test_no_loop_of_compare_and_set_stands_outside_of_change() -> None:
    assert breaking(races) == MAY_RACE


def test_no_lease_loop_stands_outside_of_the_worker() -> None:
    assert breaking(leases) == {"shared/jobs/worker.py"}


@pytest.mark.parametrize(
    "planted",
    [
        "while True:\n    try:\n        write()\n    except VersionConflict:\n        continue\n",
        "for _ in x:\n    try:\n        write()\n    except (A, VersionConflict):\n        pass\n",
        "async def f():\n    async for x in y:\n        try:\n            write()\n"
        "        except VersionConflict as lost:\n            raise lost\n",
    ],
)
def test_a_planted_race_is_seen(planted: str) -> None:
    assert races(planted)
    assert not races("try:\n    write()\nexcept VersionConflict:\n    raise\n")


def test_a_planted_lease_is_seen() -> None:
    assert leases("async def f(queue):\n    job = await queue.claim(['x'], 'me')\n")
    assert leases("beat = queue.heartbeat\n")


def test_every_collection_says_how_a_deleted_project_is_found_in_it(stores: Stores) -> None:
    without = {
        spec.name
        for build in BUILDS
        for service in [build(stores)]
        for spec in service.collections
        if spec.project_path is None and spec.name != f"{service.name}.projects"
    }
    assert without <= OF_NO_PROJECT | {"gallery.leftovers"}
