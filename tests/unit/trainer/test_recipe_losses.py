"""Losses that a recipe weighs: what a training can use, the operator's own, nothing ignored."""

import sys
from pathlib import Path

import pytest
import torch

from services.trainer.domain.detector.loss import DetectionLosses, detection_loss
from services.trainer.domain.detector.network import Detector
from services.trainer.domain.detector.targets import Targets
from services.trainer.domain.losses.table import LossTerm, check_terms, parts_of
from services.trainer.handlers.offered_losses import OfferedLosses
from services.trainer.handlers.trainings import Wish
from services.trainer.process.plugins import PluginFailed, load_plugins, plugins_of
from services.trainer.work.executor import ProcessExecutor
from shared.errors import InvalidInput
from shared.texts.language import speaking, told
from tests.unit.trainer.loops import SHAPE, Untranslated, detector_loop, recipe, walk
from tests.unit.trainer.pictures import PROJECT, samples
from tests.unit.trainer.platform import WHO, Place
from tests.unit.trainer.test_training import found_and_right
from tests.unit.trainer.test_training_process import TINY, order
from tests.unit.trainer.test_trainings import annotate
from tests.unit.trainer.whole import said_here

MINE = """
from torch import Tensor

def gentle(logits: Tensor, wished: Tensor) -> Tensor:
    return (logits.sigmoid() - wished).pow(2)
"""

TOLD = """
from pathlib import Path

kind = gentle

def gentle(logits: Tensor, wished: Tensor) -> Tensor:
    with Path(__file__).with_name("told").open("a") as file:
        file.write(".")
    return kind(logits, wished)
"""


def term(part: str, loss: str, weight: float = 1.0) -> LossTerm:
    return LossTerm(part=part, loss=loss, weight=weight)


def plugin(folder: Path, name: str, text: str, *, part: str = "score") -> Path:
    path = folder / "losses" / "detection" / part / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("terms", "field", "message"),
    [
        ([term("scores", "focal")], "losses.0.part", "is no part of a detection loss; the parts"),
        ([term("box", "focal")], "losses.0.loss", "is no loss of the part box; there are: giou"),
        ([term("box", "giou"), term("score", "ctc")], "losses.1.loss", "no loss of the part score"),
        ([term("score", "plugin:gone")], "losses.0.loss", "plugin:gentle"),
        ([term("box", "iou"), term("box", "iou")], "losses.1.loss", "stands in the sum already"),
        ([term("box", "iou", 0), term("box", "giou", 0)], "losses", "all weights of the part box"),
    ],
)
def test_what_a_training_cannot_use_is_refused_where_it_stands(terms, field, message):
    with pytest.raises(InvalidInput) as refused:
        check_terms("detection", terms, {"score": ("gentle",)})
    (error,) = refused.value.errors
    assert error.field == field
    assert message in error.message
    with speaking("zh-CN"):
        assert told(error.message) != error.message


def test_tasks_that_cannot_be_trained_offer_no_losses():
    assert parts_of("ocr") == ()
    with pytest.raises(InvalidInput, match="cannot be used"):
        check_terms("ocr", [term("text", "ctc")], {})


def loss_of(*terms: LossTerm, boxes: int = 1) -> float:
    torch.manual_seed(0)
    detector = Detector(SHAPE)
    with torch.no_grad():
        raw = detector(torch.rand(1, 3, 96, 96))
        losses = DetectionLosses.of(recipe(losses=terms))
        return float(detection_loss(detector, raw, targets(detector, boxes), losses))


def targets(detector: Detector, boxes: int, ignored: torch.Tensor | None = None) -> Targets:
    count = len(detector.points)
    return Targets(
        torch.tensor([[[10.0, 12.0, 50.0, 60.0]]])[:, :boxes],
        torch.zeros(1, boxes, dtype=torch.int64),
        torch.ones(1, boxes, dtype=torch.bool),
        torch.zeros(1, count, dtype=torch.bool) if ignored is None else ignored,
    )


def test_a_sum_is_the_sum_of_its_parts_and_the_default_is_the_recipes():
    default = loss_of()
    assert loss_of(
        term("score", "quality_focal"),
        term("box", "giou", 2.0),
        term("distribution", "distribution_focal", 0.5),
    ) == pytest.approx(default)
    both = loss_of(term("box", "giou", 2.0), term("box", "smooth_l1_box", 3.0))
    one = loss_of(term("box", "giou", 2.0), term("box", "smooth_l1_box", 0.0))
    other = loss_of(term("box", "smooth_l1_box", 3.0))
    alone = loss_of(term("box", "iou", 1e-9))
    assert one == pytest.approx(default)
    assert both - alone == pytest.approx((one - alone) + (other - alone), rel=1e-4)


@pytest.mark.parametrize(
    "chosen",
    [term(part.name, loss) for part in parts_of("detection") for loss in part.losses],
    ids=lambda chosen: chosen.loss,
)
def test_the_gradient_of_every_loss_is_exactly_nothing_inside_an_ignore_region(chosen):
    torch.manual_seed(1)
    detector = Detector(SHAPE)
    raw = detector(torch.rand(1, 3, 96, 96))
    raw.score_logits.retain_grad()
    raw.distance_logits.retain_grad()
    ignored = (detector.points[:, 0] < 32)[None]
    wanted = targets(detector, 1, ignored)
    losses = DetectionLosses.of(recipe(losses=(chosen,)))
    detection_loss(detector, raw, wanted, losses).backward()
    for logits in (raw.score_logits, raw.distance_logits):
        assert logits.grad is not None
        assert (logits.grad[ignored] == 0).all()
        assert (logits.grad[~ignored] != 0).any()


def test_a_set_with_nine_good_parts_in_ten_trains():
    """Six windows with targets, 54 without: an epoch shows the six and three others.

    Measured recall 1.0 on one thread, after 40 epochs and after 60.
    """
    good = [one for seed in range(54) for one in samples(seed + 1, squares=0)[-1:]]
    chosen = recipe(epochs=40, batch_size=8, learning_rate=4e-3)
    training = detector_loop(chosen, [*samples(6), *good])
    seen = walk(training)
    assert seen[-1].loss < 0.8 * seen[0].loss
    recall, _ = found_and_right(Untranslated(training.result()))
    assert recall >= 0.5


async def test_a_training_learns_by_the_operators_own_loss(tmp_path: Path) -> None:
    folder = plugin(tmp_path / "plugins", "gentle", MINE + TOLD)
    chosen = TINY.model_copy(update={"losses": (term("score", "plugin:gentle", 2.0),)})
    wanted = order(tmp_path, "ttve", chosen)
    messages = ProcessExecutor().run(wanted.model_copy(update={"plugins_folder": folder}))
    async for message in messages:
        assert message.kind != "failure", message
        if message.kind == "progress" and message.stage == "exporting":
            break  # it has learnt; how a model is made of it is another test's
    await messages.aclose()
    steps = (folder / "losses" / "detection" / "score" / "told").read_text()
    assert len(steps) >= chosen.epochs


def in_use(folder: Path) -> torch.Tensor:
    chosen = (term("score", "plugin:gentle"),)
    load_plugins("detection", chosen, folder)
    losses = DetectionLosses.of(recipe(losses=chosen))
    return losses.score(torch.zeros(1, 4, 2), torch.ones(1, 4, 2))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_package", "the custom loss gentle cannot be loaded: ModuleNotFound"),
        ("other = 1", "cannot be loaded: AttributeError"),
        ("gentle = 1", "cannot be loaded: TypeError"),
        ("def gentle(a, b): raise ZeroDivisionError('x')", "gentle failed: ZeroDivisionError"),
        ("def gentle(a, b): return (a - b).sum()", "the custom loss gentle gives (), not"),
        ("def gentle(a): return a", "the custom loss gentle failed: TypeError"),
    ],
)
def test_a_custom_loss_that_fails_says_so_in_plain_words(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(PluginFailed) as failed:
        in_use(plugin(tmp_path, "gentle", text))
    assert reason in failed.value.detail
    with speaking("zh-CN"):
        assert told(failed.value.detail) != failed.value.detail


def test_a_custom_loss_that_fails_ends_its_training_at_once(tmp_path: Path) -> None:
    folder = plugin(tmp_path / "plugins", "gentle", "def gentle(a, b): return 1 / 0")
    chosen = TINY.model_copy(update={"losses": (term("score", "plugin:gentle"),)})
    wanted = order(tmp_path, "ttve", chosen)
    with pytest.raises(PluginFailed, match="the custom loss gentle failed: ZeroDivisionError"):
        said_here(wanted.model_copy(update={"plugins_folder": folder}))


def test_an_installed_package_brings_losses_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "factory_losses.py").write_text(MINE)
    info = tmp_path / "factory_losses-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: factory-losses\nVersion: 1.0\n")
    entry = "[loupe.losses]\ndetection.score.calm = factory_losses:gentle\n"
    (info / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert plugins_of("detection", None)["score"] == ("calm",)
    load_plugins("detection", (term("score", "plugin:calm"),), None)
    logits, wished = torch.zeros(2, 3), torch.ones(2, 3)
    losses = DetectionLosses.of(recipe(losses=(term("score", "plugin:calm", 4.0),)))
    torch.testing.assert_close(losses.score(logits, wished), torch.ones(2, 3))
    monkeypatch.delitem(sys.modules, "factory_losses")


def test_looking_for_custom_losses_runs_none_of_them(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "gentle", "raise SystemExit('ran')")
    plugin(tmp_path, "_hidden", "")
    plugin(tmp_path, "no-name", "")
    assert plugins_of("detection", folder)["score"] == ("gentle",)
    with pytest.raises(PluginFailed, match="not installed here"):
        load_plugins("detection", (term("box", "plugin:gentle"),), folder)


async def test_a_project_is_offered_its_tasks_losses_and_the_operators(
    place: Place, tmp_path: Path
) -> None:
    folder = plugin(tmp_path / "plugins", "gentle", MINE)
    offer = await OfferedLosses(place.projects, folder=folder).of(WHO, PROJECT)
    assert [(part.name, custom) for part, custom in offer.parts] == [
        ("score", ("plugin:gentle",)),
        ("box", ()),
        ("distribution", ()),
    ]
    await annotate(place)
    elsewhere = Wish(recipe=recipe(losses=(term("score", "plugin:gentle"),)))
    with pytest.raises(InvalidInput):  # this trainer has no such folder
        await place.trainings.request(WHO, PROJECT, elsewhere)
    kept = recipe(losses=(term("score", "focal"), term("score", "binary_cross_entropy", 0.5)))
    standing = await place.trainings.request(WHO, PROJECT, Wish(recipe=kept))
    assert standing.training.recipe.losses == kept.losses
