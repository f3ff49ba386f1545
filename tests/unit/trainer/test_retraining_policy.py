"""What a policy of retraining decides, and how it is changed."""

from datetime import timedelta

import pytest

from services.trainer.domain.retraining_policy import Backlog, decide
from shared.contracts.annotation_events import AnnotationSaved
from shared.errors import VersionConflict
from tests.unit.trainer.corrections import POLICY, correction, use
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import START, WHO, Place, Time


@pytest.mark.parametrize(
    ("waiting", "first_s", "last_s", "fires", "due_s", "why"),
    [
        (0, None, None, False, None, "nothing waits"),
        (2, -5, -5, False, 595, "too few: only the longest wait counts"),
        (3, -30, -5, False, 5, "enough, but not quiet yet"),
        (3, -30, -10, True, None, "enough and quiet"),
        (3, -595, -1, False, 5, "never quiet: the oldest waits long enough soon"),
        (1, -600, -600, True, None, "a single one waited long enough"),
    ],
)
def test_the_rule(waiting, first_s, last_s, fires, due_s, why):
    def at(seconds):
        return None if seconds is None else START + timedelta(seconds=seconds)

    backlog = Backlog(waiting, at(first_s), at(last_s))
    decision = decide(POLICY, backlog, training_waits=False, now=START)
    assert (decision.fire, decision.due_at) == (fires, at(due_s)), why
    assert not decide(POLICY, backlog, training_waits=True, now=START).fire
    off = POLICY.model_copy(update={"enabled": False})
    assert not decide(off, backlog, training_waits=False, now=START).fire


async def test_annotations_count_only_where_the_policy_says_so(place: Place, time: Time) -> None:
    async def annotate(first: int) -> None:
        for number in range(first, first + 3):
            body = AnnotationSaved(project_id=PROJECT, image_id=f"I{number}", labels=("a",))
            await place.hear(place.event(body, f"I{number}", 1))

    await use(place)
    await annotate(0)
    time.pass_s(20)
    assert await place.retraining.look_at_due() == 0
    await place.retraining.set_policy(
        WHO, PROJECT, POLICY.model_copy(update={"count_annotations": True}), expected=None
    )
    assert await place.retraining.look_at_due() == 1


async def test_a_policy_is_changed_by_one_person_at_a_time(place: Place) -> None:
    line = await place.retraining.set_policy(WHO, PROJECT, POLICY, expected=None)
    await place.retraining.set_policy(
        WHO, PROJECT, POLICY.model_copy(update={"quiet_s": 5}), expected=line.version
    )
    with pytest.raises(VersionConflict):
        await place.retraining.set_policy(WHO, PROJECT, POLICY, expected=line.version)


async def test_the_policys_budget_is_the_trainings(place: Place, time: Time) -> None:
    await use(place, POLICY.model_copy(update={"budget_s": 45.0}))
    for number in range(3):
        await place.hear(correction(place, number))
    time.pass_s(10)
    await place.retraining.look_at_due()
    (record,) = await place.records()
    assert record.recipe.budget_s == 45.0
