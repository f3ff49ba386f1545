"""Champion and challenger, from report.completed to model.promoted."""

import pytest

from services.trainer.domain.gate import judge
from services.trainer.handlers.trainings import Wish
from shared.contracts.model_events import DeploymentFailed, ModelDeployed
from shared.contracts.training_events import ReportCompleted, ReportFailed
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import WHO, Place
from tests.unit.trainer.test_trainings import annotate


async def version(place: Place) -> str:
    standing = await place.trainings.request(WHO, PROJECT, Wish())
    await place.settle()
    await place.worker().work_once()
    await place.settle()
    return standing.training.id


def report(place: Place, training_id: str, rate: float | None):
    body = ReportCompleted.model_validate(
        ReportCompleted.example
        | {"project_id": PROJECT, "training_id": training_id, "average_detection_rate": rate}
    )
    return place.event(body, training_id)


@pytest.mark.parametrize(
    ("challenger", "champion", "has_champion", "promoted", "why"),
    [
        (0.1, None, False, True, "somebody must serve"),
        (None, None, False, True, "even unmeasured"),
        (0.95, 0.95, True, True, "a tie is no decline"),
        (0.945, 0.95, True, True, "within the noise of the held-out set"),
        (0.93, 0.95, True, False, "a decline"),
        (None, 0.95, True, False, "unknown is not better than known"),
        (0.5, None, True, True, "known is better than unknown"),
    ],
)
def test_the_gate(challenger, champion, has_champion, promoted, why):
    assert judge(challenger, champion, has_champion=has_champion).promoted is promoted, why


async def test_only_a_version_that_passes_is_promoted_and_once(place: Place) -> None:
    await annotate(place)
    first = await version(place)
    for _ in range(3):
        await place.promotion.report_completed(report(place, first, 0.9))
    second = await version(place)
    for _ in range(2):
        await place.promotion.report_completed(report(place, second, 0.5))
    await place.promotion.report_completed(report(place, first, 0.9))
    third = await version(place)
    await place.promotion.report_completed(report(place, third, 0.92))
    await place.settle()
    promoted = [e.data.version for e in place.delivered if e.type == "model.promoted"]
    assert promoted == ["V1", "V3"]
    records = {r.id: r for r in await place.records()}
    assert [records[i].promoted for i in (first, second, third)] == [True, False, True]
    assert "below the serving" in records[second].gate_reason
    champion = (await place.line()).champion
    assert champion is not None
    assert champion.version_number == 3


async def test_deployments_and_failures_are_on_the_record(place: Place) -> None:
    await annotate(place)
    training_id = await version(place)
    failed = ReportFailed(
        project_id=PROJECT, training_id=training_id, version="V1", reason="damaged"
    )
    await place.promotion.report_failed(place.event(failed, training_id))
    broken = DeploymentFailed(project_id=PROJECT, version="V1", reason="the golden check differs")
    await place.promotion.deployment_failed(place.event(broken, PROJECT))
    record = (await place.records())[0]
    assert (record.report_error, record.deployment_error) == ("damaged", "the golden check differs")
    deployed = ModelDeployed(project_id=PROJECT, version="V1")
    for _ in range(2):
        await place.promotion.deployed(place.event(deployed, PROJECT))
    record = (await place.records())[0]
    assert record.deployed_at is not None
    assert record.deployment_error == ""


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
        await place.promotion.report_failed(place.event(failed, training_id))

    if not failure_is_last:
        await fails()
    await place.promotion.report_completed(report(place, training_id, 0.9))
    if failure_is_last:
        await fails()
    (record,) = await place.records()
    assert (record.promoted, record.report_error) == (True, "")


async def test_news_of_unknown_trainings_change_nothing(place: Place) -> None:
    await place.promotion.report_completed(report(place, "01JD0000000000000000000009", 0.9))
    unknown = ModelDeployed(project_id=PROJECT, version="V7")
    await place.promotion.deployed(place.event(unknown, PROJECT))
    assert await place.records() == []
