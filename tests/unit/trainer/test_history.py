"""How a training went: the curve, the few held-out images, the log; bounded, and of one writer."""

import asyncio

import numpy as np
import pytest

from services.trainer.api.histories import HistoryResponse
from services.trainer.domain import history as rules
from services.trainer.domain.history import CurvePoint, Facts, LogLine, Preview
from services.trainer.process.live_judge import PREVIEWS
from services.trainer.process.work_order import (
    FactsMessage,
    PreviewsMessage,
    ProgressMessage,
)
from services.trainer.repository import HISTORIES, History
from services.trainer.work.history_writer import KEEP_EVERY_S, HistoryWriter
from shared.callers import Caller
from shared.contracts.prediction_columns import PredictionColumns
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import TenantScope
from shared.errors import NotFound
from shared.runtime.manifest import ModelManifest
from shared.texts.language import speaking
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import START, WHO, Place, Script
from tests.unit.trainer.test_trainings import annotate, begun, start
from tests.unit.trainer.trained import LESSONS, Trainings


def point(percent: float, loss: float = 1.0) -> CurvePoint:
    return CurvePoint(percent=percent, epoch=0, loss=loss)


def test_a_long_training_keeps_a_bounded_curve_from_its_beginning_to_its_end() -> None:
    curve: tuple[CurvePoint, ...] = ()
    for step in range(1, 5001):
        curve = rules.with_points(curve, [point(step / 50)])
        assert len(curve) <= rules.MOST_POINTS
    percents = [one.percent for one in curve]
    assert percents == sorted(percents)
    assert (percents[0] < 1, percents[-1]) == (True, 100)
    assert len(percents) > rules.MOST_POINTS / 3


def test_a_talkative_training_keeps_a_bounded_log() -> None:
    lines = [LogLine(at=START, text=f"{number} " + "x" * 9999) for number in range(999)]
    kept = rules.with_lines((), lines)
    assert (len(kept), kept[-1].text[:4]) == (rules.MOST_LINES, "998 ")
    assert max(len(line.text) for line in kept) == rules.MOST_CHARACTERS


async def history_of(place: Place, training_id: str) -> HistoryResponse:
    return HistoryResponse.of(await place.trainings.history(WHO, PROJECT, training_id))


async def test_what_a_training_says_can_be_read_while_it_runs_and_afterwards(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    nothing = await history_of(place, asked.id)
    assert (nothing.curve, nothing.previews, nothing.log, nothing.bound_by) == ((), (), (), None)
    place.script.pause = asyncio.Event()
    work = await begun(place)
    running = await history_of(place, asked.id)
    assert [(one.percent, one.loss) for one in running.curve] == [(50, 0.5)]
    place.script.pause.set()
    assert await work
    await place.settle()
    with speaking("zh-CN"):
        done = await history_of(place, asked.id)
    assert done.curve == running.curve
    assert [line.text for line in done.log] == [
        "第 1 次尝试开始",
        f"初始权重：{place.script.backbone_weights}",
        "网络正在学习",
    ]


async def test_a_training_that_died_goes_on_with_the_whole_curve(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    await place.settle()
    place.script = Script(lives=["dies", "result"])
    worker = place.worker()
    assert await worker.work_once()
    died = await history_of(place, asked.id)
    assert [one.percent for one in died.curve] == [50]
    assert died.log[-1].text == "exit status 137"
    assert await worker.work_once()
    await place.settle()
    done = await history_of(place, asked.id)
    assert [one.percent for one in done.curve] == [50], "the same point, learnt again"
    assert [line.text for line in done.log if "attempt" in line.text] == [
        "attempt 1 begins",
        "attempt 2 begins",
    ]


async def test_a_training_that_failed_says_why_in_its_log(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    await place.settle()
    place.script = Script(lives=["fails"])
    assert await place.worker().work_once()
    await place.settle()
    assert (await history_of(place, asked.id)).log[-1].text == "the loss is not a number"


async def test_another_tenant_and_another_project_see_nothing(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    with pytest.raises(NotFound):
        await place.trainings.history(Caller("other", "key-2", "admin"), PROJECT, asked.id)
    with pytest.raises(NotFound):
        await place.trainings.history(WHO, "01JD0000000000000000000002", asked.id)


async def test_it_goes_with_its_project(place: Place) -> None:
    await annotate(place)
    await start(place)
    await place.settle()
    assert await place.worker().work_once()
    histories = place.stores.documents.collection(HISTORIES, TenantScope("default"))
    assert await histories.count() == 1
    deleted = ProjectDeleted(project_id=PROJECT)
    await place.hear(place.event(deleted, PROJECT, 2))
    while await place.clearing.step():
        pass
    assert await histories.count() == 0


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_only_the_latest_attempt_writes(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    await place.settle()
    (record,) = await place.records()
    assert record.id == asked.id
    job = await place.jobs.get("default", record.job_id)
    seconds = Seconds()

    def writer(attempt: int, resumes: int = 0) -> HistoryWriter:
        return HistoryWriter(
            place.stores.documents,
            record.model_copy(update={"resumes": resumes}),
            job.model_copy(update={"attempt": attempt}),
            seconds=seconds,
        )

    async def told(by: HistoryWriter, percent: float) -> tuple[float, ...]:
        await by.heed(ProgressMessage(stage="training", percent=percent, loss=1.0))
        seconds.now += KEEP_EVERY_S
        await by.heed(ProgressMessage(stage="training", percent=percent + 1, loss=1.0))
        return tuple(one.percent for one in (await history_of(place, asked.id)).curve)

    first, second = writer(1), writer(2)
    assert await told(first, 10) == (10, 11)
    assert await told(second, 5) == (5, 6)
    assert await told(first, 20) == (5, 6), "it lost its lease"
    assert await told(writer(1, resumes=1), 8) == (5, 6, 8, 9), "the first of the next life"
    assert await told(second, 30) == (5, 6, 8, 9)


async def test_it_is_written_now_and_then_and_what_is_seen_at_once(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    await place.settle()
    (record,) = await place.records()
    job = await place.jobs.get("default", record.job_id)
    seconds = Seconds()
    writer = HistoryWriter(place.stores.documents, record, job, seconds=seconds)
    facts = Facts(splits={"train": 3}, examples={"ghost": 0}, device="CPU, 2 threads")
    await writer.heed(FactsMessage(facts=facts))
    await writer.heed(ProgressMessage(stage="training", percent=1, loss=2.0, data_wait=0.25))
    assert (await history_of(place, asked.id)).device == ""
    preview = Preview(image_id="I1", name="1.png", width=9, height=9, annotated={}, shapes=())
    await writer.heed(PreviewsMessage(epoch=4, previews=(preview,)))
    with speaking("zh-CN"):
        told = await history_of(place, asked.id)
    assert (told.previews, told.previews_epoch) == ((preview,), 4)
    assert told.device == "CPU，2 个线程"
    assert (told.splits, told.examples) == ({"train": 3}, {"ghost": 0})
    assert (told.data_wait, told.bound_by) == (0.25, "data")
    version = (await place.trainings.history(WHO, PROJECT, asked.id)).version
    await writer.keep()
    assert (await place.trainings.history(WHO, PROJECT, asked.id)).version == version
    few = History(id="t", tenant="default", project_id="p", data_wait=rules.DATA_BOUND)
    assert HistoryResponse.of(few).bound_by == "compute"


@pytest.mark.parametrize("task", sorted(LESSONS))
def test_every_task_shows_the_same_held_out_images_until_its_model_is_there(
    trainings: Trainings, task: str
) -> None:
    trained = trainings.of(task)
    held_out = {i.image_id: i for i in trained.snapshot.images if i.split == "test"}
    shown = [[one.image_id for one in look.previews] for look in trained.looks]
    assert len(shown) >= 2, "while it learns, and at the end"
    assert all(ids == shown[0] for ids in shown)
    assert 0 < len(shown[0]) <= PREVIEWS
    assert set(shown[0]) <= set(held_out)
    stored = PredictionColumns.from_bytes(trained.result.predictions.read_bytes())
    manifest = ModelManifest.from_json(trained.result.model_manifest.read_bytes())
    for preview in trained.looks[-1].previews:
        rows = stored.of_image(stored.header.image_ids.index(preview.image_id))
        told = [shape.label for shape in preview.shapes]
        if task == "classification":
            order = np.argsort(-rows["scores"][0], kind="stable")
            assert told == [manifest.labels[index] for index in order][: len(told)]
            scores = [shape.score for shape in preview.shapes]
            np.testing.assert_allclose(scores, rows["scores"][0][order][: len(told)], atol=1e-5)
        elif task == "semantic_segmentation":
            assert set(told) == {manifest.labels[index] for index in rows["label"]}
        else:
            sure = rows["score"] >= manifest.threshold
            assert len(told) + preview.left_out == sure.sum()
            if task != "ocr":
                assert told == [manifest.labels[index] for index in rows["label"][sure]]


@pytest.mark.parametrize("task", sorted(LESSONS))
def test_every_task_tells_what_it_learns_from_and_what_the_time_goes_into(
    trainings: Trainings, task: str
) -> None:
    trained = trainings.of(task)
    images = trained.snapshot.images
    assert sum(trained.facts.splits.values()) == len(images)
    teach = [shape.label for i in images if i.split in ("train", "val") for shape in i.shapes]
    assert trained.facts.examples == {
        label: teach.count(label) for label in trained.snapshot.labels
    }
    waits = [message.data_wait for message in trained.progress if message.data_wait is not None]
    assert waits
    assert all(0 <= wait <= 1 for wait in waits)
