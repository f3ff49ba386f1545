"""What changes a training's course by itself: memory that runs out, figures that stand still."""

import json
import weakref
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from services.trainer.domain.losses.table import LossTerm
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.patience import Patience
from services.trainer.process import live_judge
from services.trainer.process.runner import Run
from services.trainer.process.smaller_steps import recipe_of_attempt
from services.trainer.process.work_order import (
    CheckpointFiles,
    FactsMessage,
    NoteMessage,
    ProgressMessage,
    ResultMessage,
)
from shared.texts.language import speaking, told
from tests.unit.trainer.test_recipe_losses import plugin
from tests.unit.trainer.test_training_process import TINY, order
from tests.unit.trainer.whole import said_here

HUNGRY = """
import torch

def hungry(logits, wished):
    if len(logits) > 1:
        torch.empty(1 << 58)
    return (logits.sigmoid() - wished).pow(2)
"""


def test_a_training_whose_memory_runs_out_learns_from_half_as_many_images_a_step(
    tmp_path: Path,
) -> None:
    plugins = plugin(tmp_path / "plugins", "hungry", HUNGRY)
    losses = (LossTerm(part="score", loss="plugin:hungry"),)
    recipe = TINY.model_copy(update={"epochs": 1, "losses": losses})
    wanted = order(tmp_path, "ttttee", recipe)
    said = said_here(wanted.model_copy(update={"plugins_folder": plugins}))
    result = said[-1]
    assert isinstance(result, ResultMessage), result
    why = "memory ran out with 4 images a step, so that the training began anew with 1 a step"
    assert result.choices[0] == f"{why} and the learning rate 0.0005"
    notes = [message.text for message in said if isinstance(message, NoteMessage)]
    assert result.choices[0] in notes
    with speaking("zh-CN"):
        assert told(result.choices[0]) == (
            "每步 4 幅图像时内存不足，因此训练以每步 1 幅、学习率 0.0005 重新开始"
        )


class Whole:
    """What an attempt holds: network, optimiser, graph."""


class Greedy(Run):
    """Attempts that hold something until memory runs out, and tell whether others are gone."""

    def _attempt(self, recipe, *_):
        self.__dict__.setdefault("seen", []).append([one() is None for one in self.held])
        whole = Whole()
        self.held.append(weakref.ref(whole))
        if recipe.batch_size > 1:
            raise MemoryError
        return whole

    held: ClassVar[list[weakref.ref[Whole]]] = []


def test_the_next_attempt_has_the_memory_of_the_one_before(tmp_path: Path) -> None:
    run = Greedy(order(tmp_path, "te"))
    run._learn(None, None, 0.0)
    assert run.seen == [[], [True], [True, True]]


def test_a_later_process_goes_on_with_the_steps_that_its_checkpoint_was_learnt_by(
    tmp_path: Path,
) -> None:
    wanted = order(tmp_path, "te")
    files = CheckpointFiles(tensors=tmp_path / "none", document=tmp_path / "document.json")
    again = wanted.model_copy(update={"resume_from": files})

    def recipe_of(learnt_by: Recipe) -> Recipe:
        files.document.write_text(json.dumps({"recipe": learnt_by.model_dump(mode="json")}))
        return recipe_of_attempt(again)

    quarter = TINY.model_copy(update={"batch_size": 1, "learning_rate": TINY.learning_rate / 4})
    assert [recipe_of(one) for one in (TINY, quarter)] == [TINY, quarter]
    assert recipe_of(TINY.model_copy(update={"seed": 7})) == TINY
    files.document.write_text("torn")
    assert recipe_of_attempt(again) == TINY


def test_images_that_are_too_large_to_be_looked_at_go_on_teaching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = TINY.model_copy(update={"early_stop": 1})
    run = Run(order(tmp_path, "tttvvee", early))
    assert [image.split for image in run._images_that_judge()] == ["val", "val"]
    monkeypatch.setattr(live_judge, "MOST_PIXELS", 1000)
    assert run._images_that_judge() == []


def test_who_finds_nothing_yet_has_not_stopped_learning() -> None:
    patience, ended = Patience(2), 0
    for epoch, figure in enumerate((0.0, 0.0, 0.0, 0.0, 0.3, 0.2, 0.1), start=1):
        patience.hear(epoch, figure, {"epoch": torch.tensor(epoch)})
        ended = ended or (epoch if patience.is_over else 0)
        assert int(patience.weights["epoch"]) == min(epoch, 5)
    assert ended == 7


def test_a_detector_that_stops_early_is_judged_by_images_that_do_not_teach_it(
    tmp_path: Path,
) -> None:
    recipe = TINY.model_copy(update={"epochs": 9, "early_stop": 1, "threshold": 0.01})
    wanted = order(tmp_path, "tttvvee", recipe)
    said = said_here(wanted)
    result = said[-1]
    assert isinstance(result, ResultMessage), result
    facts = next(one.facts for one in said if isinstance(one, FactsMessage))
    assert sum(facts.examples.values()) == 6  # of the three images that teach
    progress = [one for one in said if isinstance(one, ProgressMessage) and one.stage == "training"]
    figures = {one.epoch: one.validation for one in progress if one.validation is not None}
    assert min(figures.values()) > 0
    assert {round(value * 4, 6) % 1 for value in figures.values()} == {0.0}  # of four targets
    best = max(figures, key=lambda epoch: (figures[epoch], -epoch))
    assert result.epochs == min(best + 1, 9)
    assert f"of epoch {best}, whose weights the network has" in result.choices[-1]
