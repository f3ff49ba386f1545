"""Which versions stay loaded for tests alone."""

from datetime import UTC, datetime, timedelta

from services.inference.repository import Deployment
from services.inference.work.deployer import MOST_TRIALS, _on_trial

NOW = datetime(2026, 11, 27, 5, tzinfo=UTC)


def tried(name: str, minutes: float | None, project: str = "p1") -> Deployment:
    return Deployment(
        id=name,
        tenant="default",
        project_id=project,
        training_id="t",
        model_version=name,
        number=1,
        model_key="m",
        model_manifest_key="mm",
        golden_key="g",
        promoted_at=NOW,
        state="serving",
        trial_until=None if minutes is None else NOW + timedelta(minutes=minutes),
    )


def test_the_last_ones_asked_for_stay_until_their_time_is_over() -> None:
    asked = [tried(f"v{minute}", minute) for minute in (3, 9, 1, 7)]
    assert MOST_TRIALS == 2
    assert _on_trial([*asked, tried("gone", -1), tried("served", None)], NOW) == {"v9", "v7"}


def test_every_project_has_its_own() -> None:
    asked = [tried(f"{project}{k}", k, project) for project in ("a", "b") for k in (1, 2, 3)]
    assert _on_trial(asked, NOW) == {"a2", "a3", "b2", "b3"}
