"""A project's own recipe: validated, versioned, and what its trainings take that name none."""

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import ConfigDict

from services.trainer.domain.losses.table import LossTerm
from services.trainer.domain.recipe import Recipe, RecipeSource
from services.trainer.handlers.recipes import KEPT
from services.trainer.handlers.trainings import Wish
from services.trainer.repository import LINES, RECIPES, TRAININGS, Line, Training
from shared.documents.port import CollectionSpec, Document, TenantScope
from shared.errors import InvalidInput, NotFound, VersionConflict
from shared.hosting.stores import Stores
from tests.running import Running
from tests.unit.trainer.corrections import POLICY, correction, use
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import START, WHO, Place, Time
from tests.unit.trainer.test_trainer_http import BASE, start, trainer
from tests.unit.trainer.test_trainings import annotate

PATH = f"{BASE}/recipe"
MINE = Recipe(budget_s=90, batch_size=4, seed=7)


async def corrected(place: Place, time: Time) -> Training:
    """The training that the policy starts after corrections."""
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)
    assert await place.retraining.look_at_due() == 1
    return (await place.records())[-1]


async def test_without_one_of_its_own_a_project_has_its_tasks_defaults(place: Place) -> None:
    standing = await place.recipes.of(WHO, PROJECT)
    assert standing.chosen.recipe == standing.defaults == Recipe().of_task("detection")
    assert standing.chosen.source == RecipeSource(kind="defaults")
    assert standing.stored.version == 0


async def test_each_change_is_a_revision_that_says_who_and_when(place: Place, time: Time) -> None:
    await place.recipes.set(WHO, PROJECT, MINE, expected=0)
    time.pass_s(60)
    await place.recipes.set(WHO, PROJECT, Recipe(budget_s=30), expected=1)
    await place.recipes.set(WHO, PROJECT, Recipe(budget_s=30), expected=2)  # says the same
    standing = await place.recipes.set(WHO, PROJECT, None, expected=2)
    said = [
        (one.number, one.recipe and one.recipe.budget_s, one.by)
        for one in standing.stored.revisions
    ]
    assert said == [(3, None, "key-1"), (2, 30, "key-1"), (1, 90, "key-1")]
    assert standing.stored.revisions[-1].at == START
    assert standing.chosen.source == RecipeSource(kind="defaults")
    with pytest.raises(VersionConflict):
        await place.recipes.set(WHO, PROJECT, MINE, expected=2)


async def test_the_latest_hundred_revisions_are_kept_and_numbers_go_on(place: Place) -> None:
    for seed in range(KEPT + 2):
        standing = await place.recipes.set(WHO, PROJECT, Recipe(seed=seed), expected=None)
    numbers = [one.number for one in standing.stored.revisions]
    assert numbers == list(range(KEPT + 2, 2, -1))


async def test_a_start_takes_its_own_recipe_else_the_projects_else_the_defaults(
    place: Place,
) -> None:
    await annotate(place)
    began = []
    for kept, asked in ((None, None), (MINE, None), (MINE, Recipe(budget_s=5)), (None, None)):
        await place.recipes.set(WHO, PROJECT, kept, expected=None)
        standing = await place.trainings.request(WHO, PROJECT, Wish(recipe=asked))
        training = standing.training
        began.append((training.recipe.budget_s, training.recipe_from))
        await place.trainings.cancel(WHO, PROJECT, training.id)
    assert began == [
        (600, RecipeSource(kind="defaults")),
        (90, RecipeSource(kind="project", revision=1)),
        (5, RecipeSource(kind="request")),
        (600, RecipeSource(kind="defaults")),
    ]


async def test_corrections_train_by_the_projects_recipe(place: Place, time: Time) -> None:
    await use(place)
    await place.recipes.set(WHO, PROJECT, MINE, expected=None)
    record = await corrected(place, time)
    assert record.trigger == "policy"
    assert record.recipe == MINE.of_task("detection")
    assert record.recipe_from == RecipeSource(kind="project", revision=1)
    assert record.recipe.warm_start


async def test_the_policys_time_goes_before_the_projects_recipes(place: Place, time: Time) -> None:
    await use(place, POLICY.model_copy(update={"budget_s": 45.0}))
    mine = MINE.model_copy(update={"epochs": 300})
    await place.recipes.set(WHO, PROJECT, mine, expected=None)
    record = await corrected(place, time)
    assert (record.recipe.budget_s, record.recipe.epochs, record.recipe.seed) == (45, None, 7)
    assert record.recipe_from == RecipeSource(kind="project", revision=1)


async def test_a_resumed_training_keeps_the_recipe_that_it_began_with(place: Place) -> None:
    await annotate(place)
    await place.recipes.set(WHO, PROJECT, MINE, expected=None)
    asked = (await place.trainings.request(WHO, PROJECT, Wish())).training
    await place.settle()
    await place.trainings.cancel(WHO, PROJECT, asked.id)
    await place.worker().work_once()
    await place.settle()
    await place.recipes.set(WHO, PROJECT, None, expected=None)
    again = (await place.trainings.resume(WHO, PROJECT, asked.id)).training
    assert again.recipe.seed == 7
    assert again.recipe_from == RecipeSource(kind="project", revision=1)


async def test_a_loss_that_went_is_told_at_the_start_and_holds_up_no_policy(
    place: Place, time: Time
) -> None:
    """An operator may take a custom loss away that a project's recipe names."""
    await annotate(place)
    await use(place)
    gone = MINE.model_copy(
        update={"losses": (LossTerm(part="score", loss="plugin:gone"),), "task": "detection"}
    )
    with pytest.raises(InvalidInput) as refused:
        await place.recipes.set(WHO, PROJECT, gone, expected=None)
    assert [error.field for error in refused.value.errors] == ["losses.0.loss"]
    await place.recipes.set(WHO, PROJECT, MINE, expected=None)
    stored = (await place.recipes.of(WHO, PROJECT)).stored
    latest = stored.revisions[0].model_copy(update={"recipe": gone})
    await place.stores.documents.collection(RECIPES, TenantScope("default")).change(
        PROJECT, lambda one: one.model_copy(update={"revisions": (latest,)})
    )
    with pytest.raises(InvalidInput):
        await place.trainings.request(WHO, PROJECT, Wish())
    assert (await corrected(place, time)).recipe.losses == gone.losses


class Before(Document):
    """Whatever an early release stored."""

    model_config = ConfigDict(extra="allow")


async def test_a_folder_of_before_has_the_defaults_and_records_of_unknown_recipes(
    place: Place,
) -> None:
    await annotate(place)
    asked = (await place.trainings.request(WHO, PROJECT, Wish())).training
    line = await place.line()
    for spec, stored in ((TRAININGS, asked), (LINES, line)):
        await put_as_before(place, spec, stored)
    (record,) = await place.records()
    assert record.recipe_from is None
    running = (await place.line()).running
    assert running is not None
    assert running.recipe_from is None
    await place.queue.advance("default", PROJECT)
    await place.trainings.cancel(WHO, PROJECT, asked.id)
    following = (await place.trainings.request(WHO, PROJECT, Wish())).training
    assert following.recipe_from == RecipeSource(kind="defaults")


async def put_as_before(place: Place, spec: CollectionSpec[Any], stored: Training | Line) -> None:
    old = CollectionSpec(spec.name, Before, spec.indexes, project_field=spec.project_field)
    known = stored.model_dump(
        mode="json", exclude={"recipe_from": True, "running": {"recipe_from"}}
    )
    documents = place.stores.documents.collection(old, TenantScope("default"))
    await documents.change(stored.id, lambda _: Before(**known))


async def put(place: Running, body: Any, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await place.client.put(PATH, json=body, headers=named)


async def test_it_is_read_set_listed_and_unset_over_http(stores: Stores) -> None:
    async with trainer(stores) as place:
        before = await place.client.get(PATH)
        assert (before.headers["ETag"], before.json()["revision"]) == ('"0"', 0)
        assert before.json()["recipe"] == before.json()["defaults"]
        assert (before.json()["set_at"], before.json()["set_by"]) == (None, None)
        wish = {"recipe": {"budget_s": 90, "backbone": "resnet18"}}
        made = await put(place, wish, If_Match='"0"')
        assert (made.status_code, made.headers["ETag"]) == (200, '"1"')
        assert made.json()["recipe_from"] == {"kind": "project", "revision": 1}
        assert made.json()["set_by"] == "test-key"
        assert (await place.client.get(PATH)).json() == made.json()
        coming = (await place.client.get(f"{BASE}/next-training")).json()
        assert coming["backbone"] == "resnet18"
        training = (await start(place)).json()
        assert training["recipe"] == made.json()["recipe"]
        assert training["recipe_from"] == {"kind": "project", "revision": 1}
        unset = await put(place, {"recipe": None}, If_Match=made.headers["ETag"])
        assert unset.json()["recipe"] == before.json()["defaults"]
        revisions = (await place.client.get(f"{PATH}/revisions")).json()["items"]
        assert [(one["number"], one["recipe"]) for one in revisions] == [
            (2, None), (1, made.json()["recipe"]),
        ]  # fmt: skip


async def test_of_two_who_read_the_same_one_sets_it(stores: Stores) -> None:
    async with trainer(stores) as place:
        answers = await asyncio.gather(
            *(put(place, {"recipe": {"seed": seed}}, If_Match='"0"') for seed in range(1, 6))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]
        assert len((await place.client.get(f"{PATH}/revisions")).json()["items"]) == 1


FIELDS = [
    ({"budget_s": 0}, "recipe.budget_s"),
    ({"epochs": 1001}, "recipe.epochs"),
    ({"input_width": 100}, "recipe.input_width"),
    ({"backbone": "vgg"}, "recipe.backbone"),
    ({"losses": [{"part": "score", "loss": "focal", "weight": -1}]}, "recipe.losses.0.weight"),
    ({"losses": [{"part": "pixel", "loss": "focal"}]}, "losses.0.part"),
    ({"merge": {"threshold": 2}}, "recipe.merge.threshold"),
    ({"threshold": 0.001}, "threshold"),
    ({"augmentation": {"rotation": 90}}, "recipe.augmentation.rotation"),
    ({"augmentation": {"preset": "huge"}}, "recipe.augmentation.preset"),
    ({"sampler": "some"}, "recipe.sampler"),
    ({"early_stop": 0}, "recipe.early_stop"),
    ({"ema": 1}, "recipe.ema"),
    ({"precision": "fp16"}, "recipe.precision"),
    ({"task": "classification"}, "task"),
    ({"learning": 1}, "recipe.learning"),
]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_what_is_wrong_is_said_at_its_field(stores: Stores, language: str) -> None:
    async with trainer(stores) as place:
        said = {}
        for recipe, _ in FIELDS:
            answer = await put(place, {"recipe": recipe}, Accept_Language=language)
            assert answer.status_code == 422, answer.text
            (error,) = answer.json()["errors"]
            said[error["field"]] = error["message"]
        missing = await put(place, {})
        assert (await place.client.get(PATH)).json()["revision"] == 0
    assert list(said) == [field for _, field in FIELDS]
    assert missing.json()["errors"][0]["field"] == "recipe"
    chinese = [any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in said.values()]
    assert chinese == [language == "zh-CN"] * len(FIELDS)


async def test_viewers_read_it_and_strangers_find_nothing(stores: Stores) -> None:
    async with trainer(stores) as place:
        viewer, stranger = place.headers("default", "viewer"), place.headers("other")
        wish = {"recipe": None}
        for headers, codes in ((viewer, (200, 200, 403)), (stranger, (404, 404, 404))):
            answers = (
                await place.client.get(PATH, headers=headers),
                await place.client.get(f"{PATH}/revisions", headers=headers),
                await place.client.put(PATH, json=wish, headers=headers),
            )
            assert tuple(answer.status_code for answer in answers) == codes


async def test_a_recipe_of_no_project_is_not_found(place: Place) -> None:
    with pytest.raises(NotFound):
        await place.recipes.set(WHO, "01JD0000000000000000000000", MINE, expected=None)
