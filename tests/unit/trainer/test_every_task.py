"""A project of any task can be trained, by a recipe of its own task alone."""

import pytest

from services.trainer.app import build
from services.trainer.domain.recipe import Recipe
from services.trainer.handlers.trainings import Wish
from services.trainer.process.tasks import BUILDERS
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.project_events import ProjectCreated
from shared.errors import InvalidInput
from shared.hosting.stores import Stores
from shared.runtime.tasks.table import TASKS
from tests.running import running
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import WHO, Place
from tests.unit.trainer.test_trainings import annotate

BASE = f"/api/trainer/projects/{PROJECT}"


def test_the_trainer_builds_every_task_there_is() -> None:
    assert set(BUILDERS) == set(TASKS)


@pytest.mark.parametrize("task", TASKS)
async def test_every_task_is_trained_and_may_train_itself_again(stores: Stores, task: str) -> None:
    async with running(stores, [build(stores)]) as place:
        created = ProjectCreated.model_validate(
            {"project_id": PROJECT, "name": "pins", "task": task}
        )
        await place.say(created, PROJECT)
        saved = AnnotationSaved(project_id=PROJECT, image_id="I1", labels=("a",))
        await place.say(saved, "I1")
        started = await place.client.post(f"{BASE}/trainings", json={})
        policy = await place.client.put(f"{BASE}/retraining-policy", json={"enabled": True})
    assert [started.status_code, policy.status_code] == [202, 200]
    assert started.json()["recipe"]["task"] == task


async def test_a_recipe_of_another_task_is_refused_at_its_field(place: Place) -> None:
    await annotate(place)
    with pytest.raises(InvalidInput) as refused:
        await place.trainings.request(WHO, PROJECT, Wish(recipe=Recipe(task="ocr")))
    assert [error.field for error in refused.value.errors] == ["task"]
