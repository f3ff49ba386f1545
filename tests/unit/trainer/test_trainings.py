"""Trainings from the request to the record, with a scripted executor and events by hand."""

import asyncio

import pytest

from services.trainer.api.schemas import TrainingResponse, TrendPoint
from services.trainer.errors import NoAnnotations, NoImages, NotResumable, TrainingWaits
from services.trainer.handlers.training_queue import JOB_ATTEMPTS
from services.trainer.handlers.trainings import Wish
from services.trainer.repository import job_id_of
from services.trainer.work.worker import ended_events
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.image_events import ImageUploaded
from shared.contracts.training_events import SnapshotRefused, TrainingEnded
from shared.documents.port import TenantScope
from shared.errors import NotFound
from shared.jobs.job import job_spec
from shared.paging import PageParams
from shared.texts.language import speaking, told
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import PLAN_HASH, WHO, Place, Script, Time


async def annotate(place: Place, image_id: str = "I1", *, sequence: int = 1) -> None:
    saved = AnnotationSaved(project_id=PROJECT, image_id=image_id, labels=("bright",))
    await place.hear(place.event(saved, image_id, sequence))


async def start(place: Place, key: str | None = None) -> TrainingResponse:
    standing = await place.trainings.request(WHO, PROJECT, Wish(), key=key)
    return TrainingResponse.of(standing)


async def begun(place: Place) -> asyncio.Task[bool]:
    """The work of a worker that took what was asked for, and has said how far it is."""
    await place.settle()
    work = asyncio.create_task(place.worker().work_once())
    await place.script.running.wait()
    return work


async def shown(place: Place, training_id: str) -> TrainingResponse:
    return TrainingResponse.of(await place.trainings.get(WHO, PROJECT, training_id))


async def test_a_training_becomes_a_version(place: Place, time: Time) -> None:
    await annotate(place)
    asked = await start(place)
    assert (asked.status, asked.version, asked.number) == ("preparing", None, 1)
    await place.settle()
    assert (await shown(place, asked.id)).status == "queued"
    place.script.pause = asyncio.Event()
    work = asyncio.create_task(place.worker().work_once())
    await place.script.running.wait()
    running = await shown(place, asked.id)
    assert (running.status, running.progress.percent, running.progress.loss) == ("running", 50, 0.5)
    assert running.backbone_weights == place.script.backbone_weights
    time.pass_s(451)  # the oracle's 14:19:33 to 14:27:04
    place.script.pause.set()
    assert await work
    await place.settle()
    done = await shown(place, asked.id)
    assert (done.status, done.version, done.duration_minutes) == ("success", "V1", 7)
    assert (done.annotated_images, done.total_images, done.labels) == (4, 7, 2)
    succeeded = [event for event in place.delivered if event.type == "training.succeeded"]
    assert len(succeeded) == 1
    model = await place.stores.blobs.read(succeeded[0].data.model_key)
    assert model == b"model of V1"
    assert succeeded[0].data.pretrained is True
    assert (done.backbone_weights, done.backbone_licence) == (place.script.backbone_weights, "MIT")
    assert done.input_plan_hash == succeeded[0].data.input_plan_hash == PLAN_HASH


async def test_a_version_from_nothing_is_told_to_those_who_judge_it(place: Place) -> None:
    place.script.backbone_weights = "none"
    await annotate(place)
    await start(place)
    await place.settle()
    await place.worker().work_once()
    await place.settle()
    (succeeded,) = [event for event in place.delivered if event.type == "training.succeeded"]
    assert succeeded.data.pretrained is False


async def test_artefacts_under_an_attempt_vanish_once_the_version_stands(place: Place) -> None:
    await annotate(place)
    await start(place)
    await place.settle()
    await place.worker().work_once()
    await place.settle()
    left = [blob.key async for blob in place.stores.blobs.walk("t/default/")]
    assert [key for key in left if "/trainings/" in key] == []
    assert list((place.folder / "work").iterdir()) == []


async def test_the_same_key_is_one_training(place: Place) -> None:
    await annotate(place)
    first = await start(place, key="click")
    again = await start(place, key="click")
    assert first.id == again.id
    assert len(await place.records()) == 1


async def test_one_runs_one_waits_and_a_third_is_refused(place: Place) -> None:
    await annotate(place)
    first, second = await start(place), await start(place)
    assert (first.status, second.status) == ("preparing", "waiting")
    with pytest.raises(TrainingWaits):
        await start(place)
    await place.settle()
    assert (await shown(place, second.id)).status == "waiting"
    await place.worker().work_once()
    await place.settle()
    assert (await shown(place, second.id)).status == "queued"
    await place.worker().work_once()
    await place.settle()
    page = await place.trainings.versions(WHO, PROJECT, PageParams())
    assert ([v.version_number for v in page.items], page.total) == ([2, 1], 2)


@pytest.mark.parametrize(("images", "error"), [(0, NoImages), (2, NoAnnotations)])
async def test_nothing_to_train_on_is_said_at_once(place: Place, images: int, error: type) -> None:
    for number in range(images):
        uploaded = ImageUploaded.model_validate(
            ImageUploaded.example | {"project_id": PROJECT, "image_id": f"I{number}"}
        )
        await place.hear(place.event(uploaded, f"I{number}"))
    with pytest.raises(error):
        await start(place)
    assert await place.records() == []


async def test_a_refused_dataset_fails_the_training_with_its_reason(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    refused = SnapshotRefused(
        project_id=PROJECT, training_id=asked.id, reason="no annotated image is left for training"
    )
    event = place.event(refused, asked.id)
    await place.outcomes.dataset_refused(event)
    await place.outcomes.dataset_refused(event)
    await place.settle()
    done = await shown(place, asked.id)
    assert (done.status, done.version) == ("failed", None)
    assert "no annotated image" in done.error
    assert (await place.line()).running is None


async def test_a_lost_image_fails_the_training_by_its_name(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    await place.settle()
    _, snapshot = await place.store_snapshot("ttve")
    await place.stores.blobs.delete(snapshot.images[1].blob_key)
    assert await place.worker().work_once()
    await place.settle()
    done = await shown(place, asked.id)
    assert done.status == "failed"
    assert "the stored file of '1.png' is lost or damaged; upload it again" in done.error
    with speaking("zh-CN"):
        assert told(done.error) == ("数据集无法读取：'1.png' 已保存的文件丢失或损坏；请重新上传")


async def test_a_training_without_hope_fails_and_the_next_has_its_turn(place: Place) -> None:
    await annotate(place)
    first, second = await start(place), await start(place)
    await place.settle()
    place.script = Script(lives=["fails", "result"])
    worker = place.worker()
    await worker.work_once()
    await place.settle()
    await worker.work_once()
    await place.settle()
    assert (await shown(place, first.id)).error == "the loss is not a number"
    assert (await shown(place, second.id)).version == "V1"


async def test_a_process_that_keeps_dying_is_given_up(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    await place.settle()
    place.script = Script(lives=["dies"])
    worker = place.worker()
    for _ in range(10):
        await worker.work_once()
        # a checkpoint is progress, so these deaths only count when none comes in between
    await place.settle()
    assert len(place.script.orders) == 10
    assert all(task.resume_from is not None for task in place.script.orders[1:])
    assert (await shown(place, asked.id)).status == "running"


async def test_a_process_that_dies_in_the_last_attempt_ends_the_training_at_once(
    place: Place,
) -> None:
    await annotate(place)
    asked = await start(place)
    await place.settle()
    place.script = Script(lives=["dies"])
    worker = place.worker()
    while await worker.work_once():
        pass
    await place.settle()
    done = await shown(place, asked.id)
    assert (done.status, len(place.script.orders)) == ("failed", JOB_ATTEMPTS)
    when = f"in attempt {JOB_ATTEMPTS}, the last"
    assert done.error == f"the training process ended {when}: exit status 137"
    assert await place.jobs.reap(ended_events) == []


async def test_one_that_memory_killed_goes_on_with_half_the_images_a_step(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    await place.settle()
    place.script = Script(lives=["dies", "is killed", "dies", "result"])
    worker = place.worker()
    while await worker.work_once():
        pass
    await place.settle()
    assert [order.halved for order in place.script.orders] == [False, False, True, True]
    assert (await shown(place, asked.id)).status == "success"


async def test_deaths_without_progress_end_the_training(place: Place) -> None:
    class Barren(Script):
        async def run(self, order):
            self.orders.append(order)
            raise_now = True
            if raise_now:
                from services.trainer.work.executor import TrainingProcessDied

                raise TrainingProcessDied("exit status 137")
            yield  # pragma: no cover

    await annotate(place)
    asked = await start(place)
    await place.settle()
    place.script = Barren()
    worker = place.worker()
    while await worker.work_once():
        pass
    await place.settle()
    assert len(place.script.orders) == 3
    done = await shown(place, asked.id)
    assert done.status == "failed"
    assert "137" in done.error


async def test_resuming_a_terminated_training_takes_its_checkpoint(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    place.script.pause = asyncio.Event()
    work = await begun(place)
    await place.trainings.cancel(WHO, PROJECT, asked.id)
    await work
    await place.settle()
    place.script.pause = None
    late = [event for event in place.delivered if event.type == "training.ended"]
    resumed = await place.trainings.resume(WHO, PROJECT, asked.id)
    assert TrainingResponse.of(resumed).status == "queued"
    for event in late:  # words of the first life come again and change nothing
        await place.outcomes.ended(event)
    assert (await shown(place, asked.id)).status == "queued"
    await place.worker().work_once()
    await place.settle()
    assert place.script.orders[-1].resume_from is not None
    assert (await shown(place, asked.id)).version == "V1"
    first = await place.jobs.get("default", job_id_of(asked.id, 0))
    assert "checkpoint" not in first.payload, "it went on, and is gone"
    with pytest.raises(NotResumable):
        await place.trainings.resume(WHO, PROJECT, asked.id)


async def test_a_worker_that_lost_its_lease_changes_nothing(place: Place, time: Time) -> None:
    await annotate(place)
    asked = await start(place)
    await place.settle()
    paused, place.script.pause = place.script, asyncio.Event()
    slow = asyncio.create_task(place.worker().work_once())
    await paused.running.wait()
    time.pass_s(61)  # the lease of the queue is over, its holder does not know yet
    place.script = Script()
    assert await place.worker().work_once()
    paused.pause.set()
    await slow
    await place.settle()
    done = [event for event in place.delivered if event.type == "training.succeeded"]
    assert len(done) == 1
    assert (await shown(place, asked.id)).status == "success"


async def test_a_stopped_worker_gives_its_training_back(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    place.script.pause = asyncio.Event()
    work = await begun(place)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    place.script.pause = None
    assert await place.worker().work_once()
    await place.settle()
    assert (await shown(place, asked.id)).version == "V1"
    assert place.script.orders[-1].resume_from is not None


async def test_every_event_may_come_twice_and_late(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    events = await place.said()
    for _ in range(2):
        for event in events:
            await place.freeze(event)
    await place.worker().work_once()
    ends = await place.said()
    for _ in range(3):
        for event in ends:
            await place.outcomes.succeeded(event)
    for event in events:
        await place.freeze(event)
    stale = TrainingEnded(project_id=PROJECT, training_id=asked.id, state="failed", reason="old")
    await place.outcomes.ended(place.event(stale, asked.id))
    assert (await shown(place, asked.id)).version == "V1"
    jobs = place.stores.documents.collection(job_spec("trainer"), TenantScope("default"))
    assert await jobs.count() == 1
    assert (await place.line()).versions == 1


async def test_a_kill_between_two_writes_is_healed(place: Place) -> None:
    """The line has the order, the record was never written: the next round writes it."""
    await annotate(place)

    class Killed(Exception):
        pass

    def die(*_: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place.queue, "advance", die)
        with pytest.raises(Killed):
            await start(place, key="click")
    assert await place.records() == []
    await place.queue.advance_all()
    await place.settle()
    assert [r.state for r in await place.records()] == ["queued"]


async def test_another_tenant_sees_nothing(place: Place) -> None:
    await annotate(place)
    asked = await start(place)
    stranger = Caller("other", "key-2", "admin")
    with pytest.raises(NotFound):
        await place.trainings.get(stranger, PROJECT, asked.id)
    with pytest.raises(NotFound):
        await place.trainings.request(stranger, PROJECT, Wish())


async def test_the_second_version_starts_from_the_serving_one(place: Place) -> None:
    from shared.contracts.training_events import ReportCompleted

    await annotate(place)
    for number in (1, 2):
        asked = await start(place)
        await place.settle()
        await place.worker().work_once()
        await place.settle()
        report = ReportCompleted.model_validate(
            ReportCompleted.example
            | {"project_id": PROJECT, "training_id": asked.id, "version": f"V{number}"}
        )
        await place.gate.report_completed(place.event(report, asked.id))
    first, second = place.script.orders
    assert first.start is None
    assert second.start is not None
    assert (second.start.version, second.start.labels) == ("V1", ("bright", "dark"))
    assert second.start.backbone_weights == place.script.backbone_weights
    points = [TrendPoint.of(training) for training in await place.trainings.trend(WHO, PROJECT)]
    assert [(p.version, p.average_detection_rate) for p in points] == [("V1", 0.959), ("V2", 0.959)]
