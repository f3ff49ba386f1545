"""Laws that no import tells: one compare-and-set loop, one lease loop, one clearing."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.standalone import BUILDS
from shared.documents.port import CollectionSpec, Document
from shared.hosting.stores import Stores
from shared.jobs.job import job_spec
from shared.projects.directory import ProjectView, projects_spec

ROOT = Path(__file__).resolve().parents[2]
# Who may hear of a lost race, and why. A loop and the helper that it asks may stand far apart, so
# the helper is looked for alone: whoever writes again what was lost does it by `change`.
MAY_RACE = {
    "shared/documents/port.py": "the loop itself",
    "shared/events/handler.py": "hands an event whose handler lost a race to it again",
}
MAY_LOSE = MAY_RACE | {
    "shared/events/progress.py": "says that the store is down, and the event waits",
    "services/gallery/handlers/resumable.py": "tells the client where the upload stands now",
    "services/inference/work/deployer.py": "leaves it to the next pass, which reads anew",
    "services/trainer/handlers/retraining.py": "somebody else looks",
}
MAY_CLEAR = {
    "shared/projects/clearing.py": "the clearing of deleted projects",
    "services/annotation/handlers/annotation_store.py": "the history of a deleted image",
    "services/annotation/handlers/drafts.py": "drafts of saved work and of a deleted image",
    "services/annotation/handlers/label_checks.py": "what a project's people called no error",
    "services/inference/handlers/doubts.py": "doubts about an annotated or deleted image",
    "services/inference/handlers/test_runs.py": "what belongs to a test past its term",
    "services/workspace/handlers/collector.py": "its own notes of blobs",
    "services/workspace/handlers/deliveries.py": "what a removed webhook was told",
}
MAY_DELETE_PROJECTS = {
    "services/workspace/handlers/projects.py": "says that a project is deleted",
    "shared/projects/directory.py": "notes it, once for every service",
    "shared/events/compaction.py": "keeps nothing else of the project's events",
}
OF_NO_PROJECT = {
    "gallery.limits",
    "inference.export_keys",
    "inference.limits",
    "trainer.limits",
    "workspace.api_keys",
    "workspace.audit",  # what was done to a project outlives it
    "workspace.projects",
    "workspace.rounds",
    "workspace.holdings",
    "workspace.tenants",
    "workspace.webhooks",
    "workspace.deliveries",  # what was told of a project outlives it, for 30 days
}


def modules() -> list[Path]:
    return sorted([*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")])


def loops(tree: ast.AST) -> Iterator[ast.stmt]:
    """Everything that stands in a loop, a function defined there included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            yield from node.body


def loses(tree: ast.AST) -> bool:
    """Whether a lost race is caught or passed over, by its name or by one of all errors."""
    return loses_by_name(tree) or any(
        isinstance(node, ast.Try) and writes(node.body) and any(map(catches_all, node.handlers))
        for node in ast.walk(tree)
    )


def writes(body: list[ast.stmt]) -> bool:
    """Whether documents are written there."""
    return any(
        isinstance(node, ast.Await)
        and isinstance(node.value, ast.Call)
        and _name_of(node.value.func) in ("insert", "replace", "delete")
        for statement in body
        for node in ast.walk(statement)
    )


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches what it does not name."""
    caught = [] if handler.type is None else list(ast.walk(handler.type))
    return not caught or any(
        _name_of(name) in ("LoupeError", "Exception", "BaseException") for name in caught
    )


def loses_by_name(tree: ast.AST) -> bool:
    """Whether a lost race is caught or passed over by its name."""
    caught = [
        *(node.type for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)),
        *(
            argument
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and _name_of(node.func) == "suppress"
            for argument in node.args
        ),
    ]
    return any(
        _name_of(name) == "VersionConflict"
        for each in caught
        if each is not None
        for name in ast.walk(each)
    )


def _name_of(node: ast.AST) -> str:
    """Return the last word of a name, as it is or behind the module that has it."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def hears_of_races(source: str) -> bool:
    """Whether a lost race is caught anywhere."""
    return loses(ast.parse(source))


def races(source: str) -> bool:
    """Whether a loop catches a lost race to try again."""
    return any(loses(part) for part in loops(ast.parse(source)))


def leases(source: str) -> bool:
    """Whether jobs are claimed or leases renewed."""
    return ("claim" in source or "heartbeat" in source) and any(
        isinstance(node, ast.Attribute) and node.attr in ("claim", "heartbeat")
        for node in ast.walk(ast.parse(source))
    )


def clears(source: str) -> bool:
    """Whether documents are removed by what they say (a `Where`): `clear` of one argument."""
    return "clear" in source and any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "clear"
        and len(node.args) == 1
        for node in ast.walk(ast.parse(source))
    )


def deletes_projects(source: str) -> bool:
    """Whether the deletion of a project is heard or said."""
    return "ProjectDeleted" in source and any(
        _name_of(node) == "ProjectDeleted" for node in ast.walk(ast.parse(source))
    )


def breaking(law: Callable[[str], bool]) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in modules() if law(path.read_text("utf-8"))}


def test_no_loop_of_compare_and_set_stands_outside_of_change() -> None:
    assert breaking(races) == set(MAY_RACE)


def test_nobody_hears_of_a_lost_race_who_might_write_again() -> None:
    assert breaking(hears_of_races) == set(MAY_LOSE)


def test_no_lease_loop_stands_outside_of_the_worker() -> None:
    assert breaking(leases) == {"shared/jobs/worker.py"}


def test_no_clearing_of_deleted_projects_stands_outside_of_the_hosts() -> None:
    assert breaking(clears) == set(MAY_CLEAR)
    hearing = {name for name in breaking(deletes_projects) if "/contracts/" not in name}
    assert hearing == set(MAY_DELETE_PROJECTS)


TRY = "try:\n{pad}    write()\n{pad}except {error}:\n{pad}    pass\n"


@pytest.mark.parametrize(
    "error", ["VersionConflict", "(A, VersionConflict)", "errors.VersionConflict"]
)
@pytest.mark.parametrize("loop", ["while True:\n    ", "for _ in x:\n    "])
def test_a_planted_race_is_seen(loop: str, error: str) -> None:
    assert races(loop + TRY.format(error=error, pad="    "))
    assert not races(TRY.format(error=error, pad=""))
    assert not races(loop + TRY.format(error="NotFound", pad="    "))


@pytest.mark.parametrize(
    "helper",
    [
        "async def stored():\n    try:\n        await write()\n    except VersionConflict:\n"
        "        return False\n    return True\n",
        "def stored():\n    with contextlib.suppress(A, VersionConflict):\n        write()\n",
    ],
    ids=["a word", "a silence"],
)
def test_a_planted_helper_of_a_race_is_seen(helper: str) -> None:
    source = helper + "async def f():\n    while not await stored():\n        pass\n"
    assert not races(source), "which is why helpers have a law of their own"
    assert hears_of_races(source)


@pytest.mark.parametrize("error", ["except LoupeError", "except (A, Exception)", "except"])
def test_a_planted_race_that_catches_everything_is_seen(error: str) -> None:
    write = "while True:\n    try:\n        await things.{call}(x)\n"
    source = f"{write}    {error}:\n        pass\n"
    assert races(source.format(call="replace"))
    assert not races(source.format(call="find"))


def test_a_planted_lease_is_seen() -> None:
    assert leases("async def f(queue):\n    job = await queue.claim(['x'], 'me')\n")
    assert leases("beat = queue.heartbeat\n")


def test_a_planted_clearing_is_seen() -> None:
    sweeping = (
        "async def f(things):\n    while await things.clear({'project_id': 'P'}):\n        pass\n"
    )
    assert clears(sweeping)
    assert clears("async def f(self):\n    await self._of(t).clear(where, most=9)\n")
    assert not clears("seen.clear()\n")
    assert deletes_projects("table = (on(ProjectDeleted, remains.project_deleted),)\n")
    assert deletes_projects("table = (on(project_events.ProjectDeleted, handler),)\n")


def without_project(specs: Iterable[CollectionSpec[Any]]) -> set[str]:
    """Return the collections in which a deleted project's documents would stay for ever."""
    return {
        spec.name
        for spec in specs
        if spec.project_path is None and spec.model is not ProjectView  # whose marks stay
    }


def test_every_collection_says_how_a_deleted_project_is_found_in_it(stores: Stores) -> None:
    specs = [spec for build in BUILDS for spec in build(stores).collections]
    assert without_project(specs) == OF_NO_PROJECT


class Unnamed(Document):
    """Of a project, by a field that nobody looks at."""

    owner: str


def test_a_planted_collection_that_names_no_project_is_seen() -> None:
    planted = [
        CollectionSpec("x.forgotten", Unnamed),
        CollectionSpec("x.misspelt", Unnamed, project_field="onwer"),
        CollectionSpec("x.named", Unnamed, project_field="owner"),
        CollectionSpec("x.inside", Unnamed, project_field="owner.project_id"),
        projects_spec("x"),
        job_spec("x"),
    ]
    assert without_project(planted) == {"x.forgotten", "x.misspelt"}


LONGEST = 400


def too_long(files: Iterable[Path]) -> list[Path]:
    """Return the files of more lines than a person reads at once."""
    return [path for path in files if len(path.read_text("utf-8").splitlines()) > LONGEST]


def test_no_file_is_longer_than_a_person_reads(tmp_path: Path) -> None:
    console = ROOT / "services/console"
    files = [
        *modules(),
        *(ROOT / "tools").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "benchmarks").rglob("*.py"),
        *(path for path in (console / "src").rglob("*.ts*") if "generated" not in path.parts),
    ]
    assert too_long(files) == []
    longer = tmp_path / "longer.py"
    longer.write_text("pass\n" * (LONGEST + 1))
    assert too_long([longer]) == [longer]
