"""Corrections that come to a trainer, and the policy that counts them."""

from services.trainer.domain.retraining_policy import RetrainingPolicy
from shared.contracts.annotation_events import CorrectionSaved
from shared.contracts.envelope import Event
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import WHO, Place

POLICY = RetrainingPolicy(min_corrections=3, quiet_s=10, max_wait_s=600)


def correction(place: Place, number: int, sequence: int = 2) -> Event[CorrectionSaved]:
    body = CorrectionSaved(
        project_id=PROJECT, image_id=f"I{number:05d}", prediction_id="P", author="key-1"
    )
    return place.event(body, f"I{number:05d}", sequence)


async def use(place: Place, policy: RetrainingPolicy = POLICY) -> None:
    await place.retraining.set_policy(WHO, PROJECT, policy, expected=None)
    await place.retraining.look_at_due()


async def finish_training(place: Place) -> None:
    await place.settle()
    assert await place.worker().work_once()
    await place.settle()
