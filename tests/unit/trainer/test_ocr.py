"""OCR in training: what teaches, what is ignored, what is forgotten, the gate, and resumption."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.ocr import builder as ocr_builder
from services.trainer.domain.tasks.ocr.alphabet import MOST_NEW, Alphabet
from services.trainer.domain.tasks.ocr.batches import PageView
from services.trainer.domain.tasks.ocr.builder import ENOUGH_LINES, ENOUGH_PAGES, TextBuilder
from services.trainer.domain.tasks.ocr.judging import Reading, reading_of
from services.trainer.domain.tasks.ocr.lessons import Lessons
from services.trainer.domain.tasks.ocr.network import Stock, TextNetwork
from services.trainer.domain.tasks.ocr.samples import IGNORED, Annotated, Line, Page, page_of
from services.trainer.domain.tasks.ocr.training import FEWEST_REPLAYED, TextTraining
from services.trainer.domain.training.loop import TrainingLoop
from services.trainer.domain.training.ports import FirstWeights, NothingToTrain
from services.trainer.domain.training.precision import mixed
from services.trainer.process.weights import find_weights
from shared.contracts.prediction_columns import PredictionColumns
from shared.contracts.shapes import IgnoreRegion, Shape
from shared.contracts.snapshot import SnapshotImage
from shared.errors import Conflict
from shared.runtime.manifest import ModelManifest
from shared.texts.language import speaking
from shared.texts.language import told as in_chinese
from tests.unit.trainer.texts import LABELS, SIZE, page
from tests.unit.trainer.trained import Trainings
from tests.unit.trainer.whole import resumes_as_if_nothing_had_happened

RECIPE = Recipe(epochs=2, batch_size=8, learning_rate=1e-3).of_task("ocr")
LEFT = ((0.0, 0.0), (160.0, 0.0), (160.0, 192.0), (0.0, 192.0))


@pytest.fixture(scope="module")
def first() -> FirstWeights:
    found = find_weights(RECIPE, folder=None).first
    assert found is not None
    return found


@pytest.fixture(scope="module")
def stock(first: FirstWeights) -> Stock:
    return Stock.of(*first.graphs)


def picture(
    number: int, *, split: str = "train", texts: Callable[[str], str | None] = str,
    regions: tuple[IgnoreRegion, ...] = (),
) -> SnapshotImage:  # fmt: skip
    shapes = tuple(
        shape.model_copy(update={"text": texts(shape.text or "")}) for shape in page(number)[1]
    )
    return SnapshotImage(
        image_id=f"I{number}", name=f"{number}.png", blob_key="t/default/" + "0" * 64,
        width=SIZE[0], height=SIZE[1], split=split, group=str(number), shapes=shapes,
        ignore_regions=regions,
    )  # fmt: skip


def pixels_of(image: SnapshotImage) -> np.ndarray:
    return page(int(image.group))[0]


def training(
    first: FirstWeights, images: list[SnapshotImage], recipe: Recipe = RECIPE
) -> TextTraining:
    builder = TextBuilder()
    prepared = builder.prepare(recipe, images, LABELS, pixels_of)
    samples = list(prepared.windows)
    return builder.build(recipe, prepared.plan, samples, labels=1, first=first)


def begun(task: TextTraining, recipe: Recipe = RECIPE) -> TrainingLoop:
    loop = TrainingLoop(task, recipe)
    loop.begin()
    return loop


def few(first: FirstWeights) -> TextTraining:
    images = [picture(0), picture(1), picture(2, split="val")]
    return training(first, images)


def test_a_killed_training_resumes_as_if_nothing_had_happened(first: FirstWeights) -> None:
    resumes_as_if_nothing_had_happened(lambda: begun(few(first)))


def test_the_loss_is_never_one_of_half_precision(first: FirstWeights) -> None:
    task = few(first)
    loop = begun(task)
    batch = task.batch(range(4), [np.random.default_rng(row) for row in range(4)])
    wanted = task.loss(loop.network, batch.images, batch)
    with mixed(loop.device, bf16=True):  # as a GPU that has it trains by itself
        assert torch.equal(task.loss(loop.network, batch.images, batch), wanted)


def test_signs_that_no_line_teaches_stay_bit_by_bit_what_they_were(first: FirstWeights) -> None:
    task = few(first)
    loop = begun(task)
    before = loop.network.head.weight.detach().clone()
    for _ in loop.steps():
        pass
    head = loop.network.head
    after, taught = head.weight.detach(), torch.zeros(len(head.bias)).bool()
    taught[head.rows[head.learnt[:, 0]]] = True
    texts = {sign for number in (0, 1) for shape in page(number)[1] for sign in shape.text or ""}
    assert int(taught.sum()) == 1 + len(texts)  # with the blank
    assert torch.equal(after[~taught], before[~taught])
    assert not torch.equal(after[taught], before[taught])


def test_what_is_ignored_costs_exactly_nothing(stock: Stock) -> None:
    ignored = picture(3, regions=(IgnoreRegion(points=LEFT),))
    made = page_of(pixels_of(ignored), Annotated.of(ignored, LABELS), SIZE, validates=False)
    there = made.area == IGNORED
    assert there[:, :158].all()
    assert not there[:, 162:].any()
    logits = torch.randn(1, *made.area.shape, requires_grad=True)

    class Told:
        def find(self, features: object) -> torch.Tensor:
            return logits

    loss = PageView((), torch.from_numpy(made.area)).loss(Told())
    loss.backward()
    gradient = logits.grad[0].numpy()
    assert (gradient[there] == 0).all()
    assert (gradient[~there] != 0).any()
    louder = logits.detach().clone()
    louder[0, torch.from_numpy(there)] += 5
    logits = louder
    assert PageView((), torch.from_numpy(made.area)).loss(Told()) == loss.detach()


def test_a_line_that_is_mostly_ignored_teaches_nothing() -> None:
    shape = Shape(label="text", kind="box", points=((10, 10), (110, 30)), text="AB")
    image = picture(0).model_copy(update={"shapes": (shape,)})

    def lines(right: float) -> int:
        region = IgnoreRegion(points=((0, 0), (right, 0), (right, 90), (0, 90)))
        of = image.model_copy(update={"ignore_regions": (region,)})
        return len(Annotated.of(of, LABELS).lines)

    assert [lines(right) for right in (50, 75, 200)] == [1, 0, 0]


def test_images_without_a_text_are_nothing_to_train_on(first: FirstWeights) -> None:
    with pytest.raises(NothingToTrain, match="no line has a text"):
        training(first, [picture(0, texts=lambda _: " "), picture(1, texts=lambda _: None)])


def test_texts_longer_than_their_lines_are_said_and_teach_nothing(first: FirstWeights) -> None:
    with pytest.raises(NothingToTrain, match=r"longer than there is room for .* first in 0.png"):
        training(first, [picture(0, texts=lambda text: text * 20)])
    task = training(first, [picture(0, texts=lambda text: text * 20), picture(1)])
    assert task.sampler.count == 3 + FEWEST_REPLAYED  # the other picture's lines, and made ones
    assert any("0.png" in told and "1.png" not in told for told in task.choices)


def test_equal_neighbours_need_a_step_more(stock: Stock) -> None:
    def lesson(text: str) -> Lessons:
        return Lessons.of([Line(np.zeros((48, 64, 3), np.uint8), text, "a")], stock.signs)

    assert lesson("abababab").too_long == ()  # 64 px are eight steps
    with pytest.raises(NothingToTrain, match="longer"):
        lesson("abababaa")


def test_new_signs_get_rows_of_their_own_up_to_a_bound(stock: Stock) -> None:
    lines = [
        Line(np.zeros((48, 64, 3), np.uint8), chr(0x12000 + number), "a")
        for number in range(MOST_NEW + 3)
    ]
    lessons = Lessons.of(lines, stock.signs)
    assert (lessons.alphabet.added, lessons.unknown) == (MOST_NEW, 3)
    assert len(lessons.alphabet.signs) == len(stock.signs) + MOST_NEW
    network = TextNetwork(stock, lessons.alphabet, seed=0)
    assert network.head.weight.shape[0] == 1 + len(lessons.alphabet.signs)
    assert lessons.alphabet.rows(chr(0x12000)) == [len(stock.signs) + 1]


def test_another_alphabet_is_another_network(stock: Stock) -> None:
    one, other = (TextNetwork(stock, Alphabet.of(stock.signs, [new]), seed=0) for new in ("𒀀", "𒀁"))
    assert set(one.state_dict()) != set(other.state_dict())


def test_what_is_not_surely_better_leaves_the_first_network(first: FirstWeights) -> None:
    task = few(first)
    loop = begun(task)
    before = {name: value.clone() for name, value in loop.network.state_dict().items()}
    with torch.no_grad():  # a training that spoilt everything
        for parameter in loop.average.model.parameters():
            parameter.add_(torch.randn(parameter.shape) * 0.5)
    result = loop.result().state_dict()
    assert all(torch.equal(value, before[name]) for name, value in result.items())
    assert any("read as before" in told and "validation lines" in told for told in task.choices)
    assert any("found as before: there are too few" in told for told in task.choices)


def test_what_reads_better_is_exported(first: FirstWeights) -> None:
    task = few(first)
    loop = begun(task)
    learnt = {name: value.clone() for name, value in loop.network.state_dict().items()}
    with torch.no_grad():  # a first network that reads nothing
        task._first.network.head.bias[0] += 100
    task._first = type(task._first)(
        task._first.network, task._reading(task._first.network), task._first.missed
    )
    result = loop.result().state_dict()
    assert all(torch.equal(value, learnt[name]) for name, value in result.items())
    assert any(told.startswith("lines are read as was learnt: ") for told in task.choices)


def test_one_line_in_five_validates_where_no_image_does(stock: Stock) -> None:
    lines = [Line(np.zeros((48, 64, 3), np.uint8), f"A{number}", "a") for number in range(40)]
    lessons = Lessons.of(lines, stock.signs)
    assert (len(lessons.taught), len(lessons.validating)) == (32, 8)
    assert not {id(one) for one in lessons.taught} & {id(one) for one in lessons.validating}
    assert Lessons.of(lines[:39], stock.signs).validating == ()


def test_no_more_lines_are_looked_at_than_the_budget_has_time_for(stock: Stock) -> None:
    lines = [Line(np.zeros((48, 64, 3), np.uint8), f"A{number}", "a") for number in range(50)]
    lessons = Lessons.of(lines, stock.signs, most=20)
    assert (len(lessons.taught), len(lessons.rows), len(lessons.validating)) == (20, 20, 10)
    assert lessons.left_out == 20
    assert any("20 lines teach and 20 more do not" in told for told in lessons.told())


def test_a_budget_of_days_takes_no_more_lines_than_memory_holds(
    first: FirstWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr_builder, "MOST_LINE_PIXELS", 64 * 20)
    lines = [Line(np.zeros((48, 64, 3), np.uint8), f"A{number}", "a") for number in range(50)]
    days = Recipe(budget_s=86_400 * 7).of_task("ocr")
    task = TextBuilder().build(days, None, lines, labels=1, first=first)
    assert any("20 lines teach and 20 more do not" in told for told in task.choices)


def test_a_page_has_the_pixels_that_are_asked_for_and_never_the_height_of_a_line() -> None:
    def size(**asked: object) -> tuple[int, int]:
        recipe = Recipe(**asked).of_task("ocr")
        return TextBuilder().prepare(recipe, [picture(0)], LABELS, pixels_of).plan.input_size

    assert size() == (640, 384)
    assert size(resolution="0.25") == (640, 384)  # twice as large as the picture is, and no more
    assert size(input_width=320, input_height=64) == (320, 64)
    assert size(input_width=96)[0] == 96


def test_detection_learns_from_many_lines_alone(first: FirstWeights) -> None:
    images = [picture(number) for number in range(ENOUGH_PAGES)]

    def pages(repeats: int) -> int:
        many = [one.model_copy(update={"shapes": one.shapes * repeats}) for one in images]
        prepared = TextBuilder().prepare(RECIPE, many, LABELS, pixels_of)
        return sum(isinstance(sample, Page) for sample in prepared.windows)

    least = -(-ENOUGH_LINES // (3 * ENOUGH_PAGES))
    assert (pages(least - 1), pages(least)) == (0, ENOUGH_PAGES)


@pytest.mark.parametrize(
    ("task", "changes", "field"),
    [
        ("ocr", {"backbone": "mobilenet_v2"}, "backbone"),
        ("ocr", {"pretrained": False}, "pretrained"),
        ("detection", {"backbone": "pp_ocrv6_small"}, "backbone"),
    ],
)
def test_recipes_that_do_not_fit_are_refused(task: str, changes: dict, field: str) -> None:
    with pytest.raises(Conflict) as refused:
        Recipe(**changes).of_task(task)
    assert [error.field for error in refused.value.errors] == [field]


def test_weights_that_are_not_there_are_said() -> None:
    with pytest.raises(NothingToTrain, match="pp_ocrv6_small, whose files are not installed"):
        TextBuilder().build(RECIPE, None, [], labels=1, first=None)


def test_a_whole_training_reads_pages_that_it_never_saw(trainings: Trainings) -> None:
    done = trainings.of("ocr")
    manifest = ModelManifest.from_json(done.result.model_manifest.read_bytes())
    assert manifest.task == "ocr"
    assert manifest.alphabet[-1] == " "
    assert manifest.backbone_weights.startswith("package:rapidocr==3.10.0@")
    columns = PredictionColumns.from_bytes(done.result.predictions.read_bytes())
    held_out = [image for image in done.snapshot.images if image.split == "test"]
    wanted = {shape.text for image in held_out for shape in image.shapes}
    read = set(texts_in(columns))
    assert len(read & wanted) >= len(wanted) - 1, (read, wanted)


def texts_in(columns: PredictionColumns) -> list[str]:
    signs, starts = columns.columns["text"].tobytes(), columns.columns["text_starts"].tolist()
    return [signs[start:end].decode() for start, end in pairwise(starts)]


def test_the_rate_of_errors_is_counted_over_all_signs() -> None:
    reading = reading_of(["AB", "CD", ""], ["AB", "CE", "FG"])
    assert (reading.rate, reading.exact) == (0.5, 1 / 3)
    assert reading.validation().value == 0.5


def test_case_is_judged_where_the_annotations_tell_it() -> None:
    texts = ["TOTAL", "CASH", "EXP"]

    def told(*read: str) -> Reading:
        return reading_of(read, texts, is_cased=False)

    small, capitals = told("total", "cash", "exp"), told("TOTAL", "CASH", "EXP")
    assert (small.rate, small.strict_rate, small.exact) == (0.0, 1.0, 1.0)
    assert reading_of(["total"], ["TOTAL"]).rate == 1.0
    assert capitals.is_better_than(small)  # as good without case, and written as the annotations
    assert not small.is_better_than(capitals)
    worse = told("TOTAL", "CASH", "EXD")
    assert not worse.is_better_than(small)  # the capitals do not make good for a wrong sign


def test_all_texts_say_whether_case_is_told(stock: Stock) -> None:
    def lessons(*texts: str) -> Lessons:
        seen = np.zeros((48, 200, 3), np.uint8)
        return Lessons.of([Line(seen, text, "a") for text in texts], stock.signs)

    assert lessons("TOTAL", "Cash").is_cased
    assert not lessons("TOTAL", "CASH").is_cased


def test_a_training_without_case_says_both_ways(first: FirstWeights) -> None:
    task = few(first)
    begun(task).result()
    (told,) = [one for one in task.choices if "are read as" in one]
    assert "; case left aside, since all letters are of one; with it " in told
    with speaking("zh-CN"):
        assert "故不计大小写；计入时为" in in_chinese(told)
