"""Champion and challenger, from report.completed to model.promoted, and what a person decides."""

from dataclasses import dataclass

import pytest

from services.trainer.domain.gate import judge
from services.trainer.errors import ServesAlready
from services.trainer.handlers.trainings import Wish
from shared.contracts.model_events import DeploymentFailed, ModelDeployed
from shared.contracts.training_events import (
    ComparedFigure,
    ReportCompleted,
    ReportFailed,
    VersionComparison,
)
from shared.errors import NotFound
from shared.texts.language import speaking, told
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import WHO, Place
from tests.unit.trainer.test_trainings import annotate

Moved = tuple[float | None, float | None, float | None]
NOTHING: Moved = (None, None, None)


async def version(place: Place) -> str:
    standing = await place.trainings.request(WHO, PROJECT, Wish())
    await place.settle()
    await place.worker().work_once()
    await place.settle()
    return standing.training.id


def against(name: str, rate: Moved, precision: Moved = NOTHING) -> VersionComparison:
    """A comparison of differences with their intervals."""
    figures = tuple(
        ComparedFigure(
            name=name,
            before=0.8,
            after=None if difference is None else 0.8 + difference,
            difference=difference,
            low=low,
            high=high,
            p_value=None,
        )
        for name, (difference, low, high) in (("average_detection_rate", rate), ("map", precision))
    )
    return VersionComparison(with_version=name, images=36, false_per_image=0.5, figures=figures)


BETTER, WORSE = (0.05, 0.01, 0.09), (-0.05, -0.09, -0.01)
ALIKE, LOWER = (-0.005, -0.04, 0.03), (-0.03, -0.09, 0.03)


def report(place: Place, training_id: str, rate: float | None, *compared: VersionComparison):
    body = ReportCompleted.model_validate(
        ReportCompleted.example
        | {
            "project_id": PROJECT,
            "training_id": training_id,
            "average_detection_rate": rate,
            "comparisons": compared,
        }
    )
    return place.event(body, training_id)


@pytest.mark.parametrize(
    ("comparison", "promoted", "why"),
    [
        (against("V1", BETTER), True, "better than V1: average detection rate"),
        (against("V1", WORSE), False, "worse than V1"),
        (against("V1", BETTER, WORSE), True, "better than V1: average detection rate"),
        (against("V1", ALIKE), True, "no worse than V1"),
        (against("V1", LOWER), False, "lower than V1, though not surely"),
        (against("V1", LOWER, BETTER), True, "better than V1: mAP"),
        (against("V1", ALIKE, WORSE), False, "worse than V1: mAP"),
        (against("V1", (0.0, None, None)), True, "no worse than V1"),
        (against("V1", NOTHING), False, "no held-out image judges both"),
        (VersionComparison(with_version="V1", images=0), False, "no held-out image judges both"),
        (None, False, "not compared with V1"),
    ],
)
def test_the_gate_goes_by_what_one_yardstick_tells(comparison, promoted, why):
    verdict = judge(comparison, champion="V1")
    assert verdict.promoted is promoted
    assert why in verdict.reason


def test_the_gate_says_its_figures_in_both_languages():
    reason = judge(against("V1", LOWER, BETTER), champion="V1").reason
    assert (
        reason == "better than V1: mAP 85.0% against 80.0%, +5.0 (+1.0 … +9.0) points, on 36 images"
    )
    with speaking("zh-CN"):
        assert told(reason) == (
            "优于 V1：mAP 85.0%，对比 80.0%，+5.0 (+1.0 … +9.0) 个百分点，基于 36 幅图像"
        )


def test_the_gate_calls_a_classifiers_figure_what_its_report_calls_it():
    reason = judge(against("V1", WORSE), champion="V1", task="classification").reason
    assert reason.startswith("worse than V1: accuracy 75.0% against 80.0%")
    with speaking("zh-CN"):
        assert told(reason).startswith("不如 V1：准确率 75.0%，对比 80.0%")


def test_lines_are_judged_as_the_annotations_tell_case_and_told_the_other_way_too():
    def figure(name: str, before: float, after: float, *, sure: bool) -> ComparedFigure:
        low, high = (after - before, after - before) if sure else (-1.0, 1.0)
        return ComparedFigure(
            name=name,
            before=before,
            after=after,
            difference=after - before,
            low=low,
            high=high,
            p_value=None,
        )

    figures = (
        figure("exact_match_any_case", 0.75, 0.5, sure=True),
        figure("characters_any_case", 0.9, 0.8, sure=True),
        figure("exact_match", 0.0, 0.5, sure=True),
        figure("characters", 0.1, 0.8, sure=True),
    )
    compared = VersionComparison(with_version="V1", images=9, figures=figures)
    verdict = judge(compared, champion="V1", task="ocr")
    assert not verdict.promoted
    assert verdict.reason == (
        "worse than V1: lines read right, case left aside, 50.0% against 75.0%,"
        " -25.0 (-25.0 … -25.0) points, on 9 images; case counted 50.0% against 0.0%"
    )
    with speaking("zh-CN"):
        assert told(verdict.reason) == (
            "不如 V1：正确读出的文本行（不计大小写）50.0%，对比 75.0%，"
            "-25.0 (-25.0 … -25.0) 个百分点，基于 9 幅图像；计入大小写 50.0%，对比 0.0%"
        )
    unsure = (figure("exact_match_any_case", 0.75, 0.75, sure=False), figures[1], *figures[2:])
    assert not judge(compared.model_copy(update={"figures": unsure}), champion="V1").promoted
    alike = (unsure[0], figure("characters_any_case", 0.9, 0.9, sure=False), *figures[2:])
    said = judge(compared.model_copy(update={"figures": alike}), champion="V1")
    assert said.promoted
    assert said.reason.startswith("no worse than V1")


async def test_a_version_with_a_lower_rate_at_its_own_threshold_is_promoted_when_it_is_better(
    place: Place,
) -> None:
    await annotate(place)
    await place.gate.report_completed(report(place, await version(place), 0.95))
    second = await version(place)
    compared = against("V1", ALIKE, (0.068, 0.03, 0.11))
    await place.gate.report_completed(report(place, second, 0.90, compared))
    await place.settle()
    record = (await place.records())[1]
    assert record.promoted
    assert record.comparison == compared


async def test_only_a_version_that_passes_is_promoted_and_once(place: Place) -> None:
    await annotate(place)
    first = await version(place)
    for _ in range(3):
        await place.gate.report_completed(report(place, first, 0.9))
    second = await version(place)
    for _ in range(2):
        await place.gate.report_completed(report(place, second, 0.5, against("V1", WORSE)))
    await place.gate.report_completed(report(place, first, 0.9))
    third = await version(place)
    await place.gate.report_completed(report(place, third, 0.92, against("V1", BETTER)))
    await place.settle()
    promoted = [e.data for e in place.delivered if e.type == "model.promoted"]
    assert [(data.version, data.order) for data in promoted] == [("V1", 1), ("V3", 2)]
    records = {r.id: r for r in await place.records()}
    assert [records[i].promoted for i in (first, second, third)] == [True, False, True]
    assert "worse than V1" in records[second].gate_reason
    champion = (await place.line()).champion
    assert champion is not None
    assert champion.version_number == 3


async def test_a_version_is_judged_against_who_serves_by_then(place: Place) -> None:
    await annotate(place)
    first, second, third = [await version(place) for _ in range(3)]
    await place.gate.report_completed(report(place, first, 0.9))
    await place.gate.report_completed(report(place, second, 0.9, against("V1", BETTER)))
    both = (against("V2", WORSE), against("V1", BETTER))
    await place.gate.report_completed(report(place, third, 0.9, *both))
    records = {r.id: r for r in await place.records()}
    assert not records[third].promoted
    assert "worse than V2" in records[third].gate_reason


async def test_the_unmeasured_gives_way_and_does_not_take_over(place: Place) -> None:
    await annotate(place)
    first, second, third = [await version(place) for _ in range(3)]
    await place.gate.report_completed(report(place, first, None))
    await place.gate.report_completed(report(place, second, 0.4))
    await place.gate.report_completed(report(place, third, None))
    records = {r.id: r for r in await place.records()}
    await place.settle()
    records = {r.id: r for r in await place.records()}
    assert [records[i].promoted for i in (first, second, third)] == [True, True, False]


async def test_a_training_tells_who_serves_when_its_version_is_made(place: Place) -> None:
    await annotate(place)
    await place.gate.report_completed(report(place, await version(place), 0.9))
    await version(place)
    said = [e.data.champion for e in place.delivered if e.type == "training.succeeded"]
    assert said == [None, "V1"]


@dataclass
class Served:
    """Three versions, of which the third serves and the second was refused."""

    place: Place

    async def promoted(self) -> list[tuple[str, int]]:
        await self.place.settle()
        events = [e.data for e in self.place.delivered if e.type == "model.promoted"]
        return [(data.version, data.order) for data in events]


@pytest.fixture
async def served(place: Place) -> Served:
    await annotate(place)
    await place.gate.report_completed(report(place, await version(place), 0.9))
    refused = report(place, await version(place), 0.9, against("V1", WORSE))
    await place.gate.report_completed(refused)
    passed = report(place, await version(place), 0.9, against("V1", BETTER))
    await place.gate.report_completed(passed)
    return Served(place)


async def test_a_person_promotes_what_the_gate_refused_and_goes_back(served: Served) -> None:
    place = served.place
    await place.versions.promote(WHO, PROJECT, "V2", reason="the gate does not know our parts")
    line = await place.versions.promote(WHO, PROJECT, "V1", reason="V2 misses dents")
    assert await served.promoted() == [("V1", 1), ("V3", 2), ("V2", 3), ("V1", 4)]
    history = [(p.version_number, p.replaced, p.by, p.reason) for p in line.promotions]
    assert history[:2] == [
        (1, 2, "key-1", "V2 misses dents"),
        (2, 3, "key-1", "the gate does not know our parts"),
    ]
    assert [by for _, _, by, _ in history[2:]] == ["", ""]
    records = await place.records()
    assert [record.promoted for record in records] == [True, True, True]
    assert "worse than V1" in records[1].gate_reason


async def test_the_gate_judges_against_the_version_that_a_person_chose(served: Served) -> None:
    place = served.place
    await place.versions.promote(WHO, PROJECT, "V1", reason="back to what the line knows")
    later = await version(place)
    said = [e.data.champion for e in place.delivered if e.type == "training.succeeded"]
    assert said[-1] == "V1"
    await place.gate.report_completed(report(place, later, 0.9, against("V3", BETTER)))
    line = await place.line()
    assert line.champion is not None
    assert line.champion.version_number == 1
    assert (await place.records())[-1].gate_reason == "it was not compared with V1, which serves"


async def test_a_version_promoted_before_its_report_is_not_replaced_by_a_worse_one(
    place: Place,
) -> None:
    await annotate(place)
    first, second, third = [await version(place) for _ in range(3)]
    await place.versions.promote(WHO, PROJECT, "V1", reason="we know it")
    await place.gate.report_completed(report(place, second, 0.9, against("V1", WORSE)))
    await place.gate.report_completed(report(place, first, 0.9))
    await place.gate.report_completed(report(place, third, None, against("V1", NOTHING)))
    line, records = await place.line(), await place.records()
    assert line.champion is not None
    assert (line.champion.version_number, line.champion.average_detection_rate) == (1, 0.9)
    assert records[0].gate_reason == "it serves already"
    assert "worse than V1" in records[1].gate_reason
    assert records[2].gate_reason == "it could not be measured: no image was held out"


async def test_the_reason_of_the_gate_outlives_a_kill_behind_its_decision(served: Served) -> None:
    place = served.place
    records = place.trainings_of("default")
    third = (await place.records())[2]
    said = third.gate_reason
    assert "better than V1" in said
    lost = {"gate_reason": "", "comparison": None, "figures": None}
    await records.change(third.id, lambda stored: stored.model_copy(update=lost))
    again = report(place, third.id, 0.9, against("V1", BETTER))
    await place.gate.report_completed(again)
    found = (await place.records())[2]
    assert (found.gate_reason, found.comparison) == (said, again.data.comparisons[0])


async def test_what_cannot_be_promoted_is_refused(served: Served) -> None:
    place = served.place
    with pytest.raises(ServesAlready):
        await place.versions.promote(WHO, PROJECT, "V3", reason="again")
    for unknown in ("V9", "latest", "V", "V１"):
        with pytest.raises(NotFound):
            await place.versions.promote(WHO, PROJECT, unknown, reason="why not")
    failed = DeploymentFailed(project_id=PROJECT, version="V3", reason="the golden check differs")
    await place.gate.deployment_failed(place.event(failed, PROJECT))
    await place.versions.promote(WHO, PROJECT, "V3", reason="the server was repaired")
    assert await served.promoted() == [("V1", 1), ("V3", 2), ("V3", 3)]


async def test_deployments_and_failures_are_on_the_record(place: Place) -> None:
    await annotate(place)
    training_id = await version(place)
    failed = ReportFailed(
        project_id=PROJECT, training_id=training_id, version="V1", reason="damaged"
    )
    await place.gate.report_failed(place.event(failed, training_id))
    broken = DeploymentFailed(project_id=PROJECT, version="V1", reason="the golden check differs")
    await place.gate.deployment_failed(place.event(broken, PROJECT))
    record = (await place.records())[0]
    assert (record.report_error, record.deployment_error) == ("damaged", "the golden check differs")
    deployed = ModelDeployed(project_id=PROJECT, version="V1")
    for _ in range(2):
        await place.gate.deployed(place.event(deployed, PROJECT))
    record = (await place.records())[0]
    first = record.deployed_at
    assert first is not None
    assert record.deployment_error == ""
    await place.gate.deployment_failed(place.event(broken, PROJECT))
    await place.gate.deployed(place.event(deployed, PROJECT))
    record = (await place.records())[0]
    assert (record.deployed_at, record.deployment_error) == (first, "")


@pytest.mark.parametrize("failure_is_last", [False, True])
async def test_a_report_that_came_takes_its_failure_off_the_record(
    place: Place, failure_is_last: bool
) -> None:
    await annotate(place)
    training_id = await version(place)
    failed = ReportFailed(
        project_id=PROJECT, training_id=training_id, version="V1", reason="cancelled"
    )

    async def fails() -> None:
        await place.gate.report_failed(place.event(failed, training_id))

    if not failure_is_last:
        await fails()
    await place.gate.report_completed(report(place, training_id, 0.9))
    if failure_is_last:
        await fails()
    (record,) = await place.records()
    assert (record.promoted, record.report_error) == (True, "")


async def test_news_of_unknown_trainings_change_nothing(place: Place) -> None:
    await place.gate.report_completed(report(place, "01JD0000000000000000000009", 0.9))
    unknown = ModelDeployed(project_id=PROJECT, version="V7")
    await place.gate.deployed(place.event(unknown, PROJECT))
    assert await place.records() == []


async def test_a_version_of_a_deleted_project_is_not_promoted(place: Place) -> None:
    await annotate(place)
    training_id = await version(place)
    for line in place.projects.subscriptions():
        if line.event.type == "project.deleted":
            await line.handler(place.event(line.event(project_id=PROJECT), PROJECT, 2))
    await place.gate.report_completed(report(place, training_id, 0.9))
    await place.settle()
    assert [event for event in place.delivered if event.type == "model.promoted"] == []
