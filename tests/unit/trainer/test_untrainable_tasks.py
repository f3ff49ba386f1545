"""A project whose task no network can learn yet burns no training and serves no boxes."""

from pathlib import Path

import httpx
import pytest

from services.trainer.app import build
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.retraining_policy import RetrainingPolicy
from services.trainer.handlers.trainings import Wish
from services.trainer.process.runner import Run
from services.trainer.process.tasks import BUILDERS, builder_of
from services.trainer.repository import Artefacts, Order, Training
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.project_events import ProjectCreated
from shared.contracts.training_events import SnapshotFrozen, TrainingEnded
from shared.errors import InvalidInput
from shared.hosting.stores import Stores
from shared.runtime.tasks.spec import TaskNotTrainable
from shared.runtime.tasks.table import TASKS
from tests.running import running
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import WHO, Place, Time
from tests.unit.trainer.test_gate import report
from tests.unit.trainer.test_training_process import order
from tests.unit.trainer.test_trainings import annotate

BASE = f"/api/trainer/projects/{PROJECT}"
POLICY = RetrainingPolicy(min_corrections=1, quiet_s=1, max_wait_s=60)


@pytest.fixture
async def other(untrained: str, stores: Stores, tmp_path: Path, time: Time) -> Place:
    """A trainer with a project of a task without networks."""
    place = Place(stores, tmp_path, clock=time)
    await place.open(untrained)
    await annotate(place)
    return place


def test_the_trainer_builds_exactly_the_tasks_that_are_said_to_be_trainable() -> None:
    assert set(BUILDERS) == {name for name, spec in TASKS.items() if spec.is_trainable}


@pytest.mark.parametrize("task", TASKS)
async def test_every_task_of_today_is_trained(stores: Stores, task: str) -> None:
    started, policy, off, _ = await asked(stores, task)
    assert [answer.status_code for answer in (started, policy, off)] == [202, 200, 200]
    assert started.json()["recipe"]["task"] == task


async def test_the_api_refuses_with_409_what_cannot_be_trained(
    stores: Stores, untrained: str
) -> None:
    started, policy, off, listed = await asked(stores, untrained)
    assert off.status_code == 200, "what starts nothing may be stored"
    for answer in (started, policy):
        problem = answer.json()
        assert (answer.status_code, problem["type"].rsplit(":", 1)[-1]) == (
            409, "task-not-trainable",
        )  # fmt: skip
        assert untrained in problem["detail"]
    assert listed.json()["total"] == 0


async def asked(stores: Stores, task: str) -> list[httpx.Response]:
    """Ask for a training, a policy that starts some and one that does not, and the list."""
    async with running(stores, [build(stores)]) as place:
        created = ProjectCreated.model_validate(
            {"project_id": PROJECT, "name": "pins", "task": task}
        )
        await place.say(created, PROJECT)
        saved = AnnotationSaved(project_id=PROJECT, image_id="I1", labels=("a",))
        await place.say(saved, "I1")
        return [
            await place.client.post(f"{BASE}/trainings", json={}),
            await place.client.put(f"{BASE}/retraining-policy", json={"enabled": True}),
            await place.client.put(f"{BASE}/retraining-policy", json={"enabled": False}),
            await place.client.get(f"{BASE}/trainings"),
        ]


async def test_corrections_start_no_training(other: Place, time: Time) -> None:
    await other.queue.change(
        "default", PROJECT, lambda line: line.model_copy(update={"policy": POLICY})
    )
    saved = CorrectionSaved(project_id=PROJECT, image_id="I1", prediction_id="P", author="key-1")
    await other.hear(other.event(saved, "I1", 2))
    for _ in range(3):
        time.pass_s(100)
        assert await other.retraining.look_at_due() == 0
    assert await other.records() == []


async def test_a_training_of_before_is_neither_resumed_nor_promoted(other: Place) -> None:
    """Before the refusal such projects were trained as box detectors."""
    asked = Order(
        training_id="T", mode="train", trigger="person", recipe=Recipe(task="detection"),
        requested_at=other.clock(),
    )  # fmt: skip
    await other.queue.place("default", PROJECT, asked)
    frozen = SnapshotFrozen(
        project_id=PROJECT, training_id="T", manifest_key="m", dataset_hash="d", images=1,
        total_images=1, labels=("a",),
    )  # fmt: skip
    await other.outcomes.dataset_frozen(other.event(frozen, "T"))
    ended = TrainingEnded(project_id=PROJECT, training_id="T", state="terminated")
    await other.outcomes.ended(other.event(ended, "T"))
    with pytest.raises(TaskNotTrainable):
        await other.trainings.resume(WHO, PROJECT, "T")
    made = Artefacts(
        model_key="a", model_manifest_key="a", weights_key="a", predictions_key="a",
        golden_key="a", backbone_weights="none", started_from="", epochs=1, input_width=32,
        input_height=32,
    )  # fmt: skip

    def succeeded(training: Training) -> Training:
        update = {"state": "succeeded", "version_number": 1, "artefacts": made}
        return training.model_copy(update=update)

    await other.trainings_of("default").change("T", succeeded)
    await other.gate.report_completed(report(other, "T", 0.9))
    (record,) = await other.records()
    assert not record.promoted
    assert "can be served yet" in record.gate_reason
    assert (await other.line()).champion is None
    assert [event for event in await other.said() if event.type == "model.promoted"] == []


def test_the_process_has_no_network_for_it(untrained: str) -> None:
    with pytest.raises(TaskNotTrainable, match=untrained):
        builder_of(untrained)


@pytest.mark.usefixtures("untrained")
def test_a_job_of_before_fails_in_words(tmp_path: Path) -> None:
    wanted = order(tmp_path, "tte")
    text = wanted.snapshot.read_text()
    wanted.snapshot.write_text(text.replace('"task":"detection"', '"task":"ocr"'))
    with pytest.raises(TaskNotTrainable, match="ocr"):
        Run(wanted)


async def test_a_recipe_of_another_task_is_refused_at_its_field(place: Place) -> None:
    await annotate(place)
    with pytest.raises(InvalidInput) as refused:
        await place.trainings.request(WHO, PROJECT, Wish(recipe=Recipe(task="ocr")))
    assert [error.field for error in refused.value.errors] == ["task"]


async def test_a_version_of_a_deleted_project_is_not_promoted(place: Place) -> None:
    from tests.unit.trainer.test_gate import version

    await annotate(place)
    training_id = await version(place)
    for line in place.projects.subscriptions():
        if line.event.type == "project.deleted":
            await line.handler(place.event(line.event(project_id=PROJECT), PROJECT, 2))
    await place.gate.report_completed(report(place, training_id, 0.9))
    await place.settle()
    assert [event for event in place.delivered if event.type == "model.promoted"] == []
