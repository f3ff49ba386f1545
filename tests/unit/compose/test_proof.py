"""The proof on containers tells what went wrong: failed kills, who stayed away, what is lost."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.architecture.test_containers import ROOT
from tests.compose.__main__ import counted
from tests.compose.auditing import Found, compare
from tests.compose.killing import PLAN, ComposedContainers, Killer, Pace
from tests.compose.ledger import Ledger, from_labelme, shapes_of

QUICK = Pace(down_s=0.0, quiet_s=0.0, back_s=0.0)


class Fleet:
    """Containers that obey; an `undead` one never comes back, a `stubborn` one cannot be killed."""

    def __init__(self, *, undead: str = "", stubborn: str = "") -> None:
        self.killed: list[str] = []
        self._undead, self._stubborn = undead, stubborn

    def kill(self, service: str) -> None:
        if service == self._stubborn:
            raise subprocess.CalledProcessError(1, "docker kill")
        self.killed.append(service)

    def start(self, service: str) -> None:
        assert self.killed[-1] == service

    def is_back(self, service: str) -> bool:
        return service != self._undead


def walked(fleet: Fleet, plan: list[tuple[str, str]], stages: list[str]) -> list[str]:
    killer = Killer(fleet, plan, pace=QUICK)
    killer.start()
    for stage in stages:
        killer.enter(stage)
        if any(stage.startswith(begin) for begin, _ in plan):
            killer.await_quiet()
    killer.finish()
    return killer.problems


def test_each_is_killed_in_its_stage() -> None:
    fleet = Fleet()
    plan = [("train", "worker"), ("test", "triton"), ("upload", "gallery")]
    assert walked(fleet, plan, ["upload images", "train V1", "test unseen images"]) == []
    assert fleet.killed == ["gallery", "worker", "triton"]


def test_a_training_too_short_leaves_its_victims_to_the_next() -> None:
    fleet = Fleet()
    plan = [("report", "evaluator"), ("train V2", "trainer")]
    killer = Killer(fleet, plan, pace=QUICK)
    killer.enter("report on the images")
    killer.enter("train V2")
    killer.start()
    killer.await_quiet()
    killer.finish()
    assert sorted(fleet.killed) == ["evaluator", "trainer"]
    assert killer.problems == []


def test_a_new_stage_does_not_wait_for_the_quiet_after_the_last() -> None:
    fleet = Fleet()
    plan = [("upload", "minio"), ("test", "triton")]
    killer = Killer(fleet, plan, pace=Pace(down_s=0.0, quiet_s=3600.0, back_s=0.0))
    killer.start()
    for stage in ("upload images", "test unseen images"):
        killer.enter(stage)
        killer.await_quiet()
    killer.finish()
    assert fleet.killed == ["minio", "triton"]


def test_a_kill_that_fails_is_a_problem_even_if_it_is_the_last() -> None:
    (problem,) = walked(Fleet(stubborn="triton"), [("test", "triton")], ["test unseen images"])
    assert problem.startswith("triton could not be killed")


def test_who_does_not_come_back_is_a_problem() -> None:
    (problem,) = walked(Fleet(undead="kafka"), [("train", "kafka")], ["train V1"])
    assert problem.startswith("kafka is not back")


def test_who_was_never_killed_is_a_problem() -> None:
    assert walked(Fleet(), [("test", "triton")], ["upload"]) == ["triton was never killed"]


def test_every_container_of_the_platform_is_killed() -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    wanted = {name for name, settings in composed.items() if "gpu" not in settings["profiles"]}
    wanted.remove("access")  # has ended long before the walk begins
    assert {service for _, service in PLAN} == wanted
    stages = {stage.split()[0] for stage, _ in PLAN}
    assert {"upload", "import", "train", "report", "deploy", "test", "correct"} <= stages


PIT = {"label": "pit", "kind": "box", "points": [[1, 1], [2, 2]]}
DENT = {"label": "dent", "kind": "box", "points": [[5, 5], [9, 9]]}


def world() -> tuple[Ledger, Found]:
    """Two images, one labelled and one corrected, two trainings, a test run; nothing is wrong."""
    images = {"a": ("a.jpg", "1f"), "b": ("b.jpg", "2e")}
    predictions = {"p": ["b", *shapes_of([PIT])]}
    ledger = Ledger(
        dict(images),
        {"a": shapes_of([PIT])},
        {"b": shapes_of([DENT])},
        {"r": 1},
        dict(predictions),
        {"t1"},
    )
    trainings = [
        {"id": "t1", "status": "success", "version": "V1", "corrections": 0},
        {"id": "t2", "status": "success", "version": "V2", "corrections": 1},
    ]
    found = Found(
        dict(images),
        {"a": ["pit"], "b": ["dent"]},
        {"a": {"shapes": [PIT], "corrected": False}, "b": {"shapes": [DENT], "corrected": True}},
        trainings,
        {"V1": {"labels": ["pit"]}, "V2": {"labels": ["pit"]}},
        [{"id": "r", "state": "succeeded", "done": 1, "failed": 0}],
        dict(predictions),
    )
    return ledger, found


def test_a_walk_that_lost_nothing_has_no_problem() -> None:
    assert compare(*world()) == []


LOSSES: list[tuple[str, Callable[[Found], Any], str]] = [
    ("other bytes", lambda f: f.images.update(a=("a.jpg", "00")), "other bytes"),
    ("an image twice", lambda f: _twice(f), "a.jpg is there 2 times"),
    ("imported labels", lambda f: f.annotations["a"].update(shapes=[]), "a.jpg has the shapes []"),
    ("their place", lambda f: f.annotations["a"].update(shapes=[moved(PIT)]), "a.jpg has the sh"),
    ("a correction's place", lambda f: f.annotations["b"].update(shapes=[moved(DENT)]), "b.jpg"),
    (
        "a correction's kind",
        lambda f: f.annotations["b"].update(shapes=[DENT | {"kind": "rotated_box", "angle": 5.0}]),
        "the correction of b.jpg is lost",
    ),
    ("a prediction", lambda f: f.predictions.clear(), "prediction p on b is lost"),
    ("its shapes", lambda f: f.predictions.update(p=["b"]), "prediction p on b is lost"),
    ("labels from nowhere", lambda f: f.annotations["a"]["shapes"].append(DENT), "were acknow"),
    ("a correction", lambda f: f.annotations["b"].update(shapes=[PIT]), "correction of b.jpg"),
    ("its mark", lambda f: f.annotations["b"].update(corrected=False), "count as corrected"),
    ("the gallery's view", lambda f: f.shown.update(a=[]), "the gallery shows []"),
    ("a training", lambda f: f.trainings[0].update(id="t9"), "training t1 is lost"),
    ("a second training", lambda f: f.trainings.pop(), "two trainings"),
    ("a failed training", lambda f: f.trainings[1].update(status="failed"), "two trainings"),
    ("a correction in V2", lambda f: f.trainings[1].update(corrections=0), "V2 learnt 0"),
    ("a report", lambda f: f.reports["V2"].update(labels=[]), "empty report"),
    ("a test run", lambda f: f.test_runs.clear(), "test runs are {}"),
    ("a test", lambda f: f.test_runs[0].update(done=0, failed=1), "test runs are"),
]


def moved(shape: dict[str, Any]) -> dict[str, Any]:
    return shape | {"points": [[90, 90], [95, 95]]}


def _twice(found: Found) -> None:
    found.images["c"] = found.images["a"]
    found.annotations["c"], found.shown["c"] = {"shapes": [], "corrected": False}, []


@pytest.mark.parametrize(("what", "lose", "says"), LOSSES, ids=[row[0] for row in LOSSES])
def test_what_was_acknowledged_and_is_lost_is_named(
    what: str, lose: Callable[[Found], Any], says: str
) -> None:
    ledger, found = world()
    lose(found)
    assert [line for line in compare(ledger, found) if says in line], what


def test_a_walk_to_which_nothing_was_acknowledged_proves_nothing() -> None:
    assert len(compare(Ledger(), Found())) >= 6
    assert len(counted(Ledger())) == 3


def test_label_files_are_read_as_the_platform_names_their_shapes() -> None:
    drawn = {"label": "pit", "shape_type": "rectangle", "points": [[1, 1], [2, 2]]}
    assert shapes_of([from_labelme(drawn)]) == shapes_of([PIT])


def test_a_composition_that_is_not_there_ends_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSE", "false")
    with pytest.raises(SystemExit, match="COMPOSE=docker-compose"):
        ComposedContainers(lambda: True).find(["gallery"])
    monkeypatch.setenv("COMPOSE", "true")
    with pytest.raises(SystemExit, match="no container of gallery is there"):
        ComposedContainers(lambda: True).find(["gallery"])


def test_an_image_that_is_gone_is_named() -> None:
    ledger, found = world()
    del found.images["a"], found.annotations["a"], found.shown["a"]
    assert compare(ledger, found) == ["image a.jpg is lost"]
