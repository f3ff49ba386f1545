"""Versions that are loaded for tests alone: which are wanted, which stay."""

from datetime import UTC, datetime, timedelta

import pytest

from services.inference.errors import ModelNotReady
from services.inference.handlers.deployments import Deployments, deployment_id
from services.inference.repository import ALIASES, DEPLOYMENTS, PROJECTS, VERSIONS, Deployment
from services.inference.work.deployer import MOST_TRIALS, _on_trial
from shared.contracts.envelope import Event
from shared.contracts.model_events import ModelPromoted
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.projects.directory import ProjectDirectory

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


async def deployments(stores: Stores, stored: Deployment) -> Deployments:
    await stores.open([ALIASES, DEPLOYMENTS, PROJECTS, VERSIONS])
    await stores.documents.collection(DEPLOYMENTS, TenantScope("default")).insert(stored)
    projects = ProjectDirectory(stores.documents, "inference")
    return Deployments(stores.documents, projects, clock=lambda: NOW)


def one(**facts: object) -> Deployment:
    name = deployment_id("default", "p1", "V1")
    return tried("V1", None).model_copy(update={"id": name, **facts})


async def test_a_version_promoted_while_it_is_tested_is_waited_for(stores: Stores) -> None:
    known = await deployments(stores, one(state="wanted", order=2))
    with pytest.raises(ModelNotReady):
        await known.answering("default", "p1", "V1")
    assert await known.for_test("default", "p1", "V1") == "V1"


async def test_a_version_that_served_once_can_be_tested_whoever_trained_it(stores: Stores) -> None:
    known = await deployments(stores, one(state="retired", order=1))
    assert await known.for_test("default", "p1", "V1") == "V1"
    found = await known.get("default", "p1", "V1")
    assert (found.state, found.order, found.trial_until) == (
        "wanted",
        1,
        NOW + timedelta(minutes=10),
    )


async def test_an_old_promotion_that_comes_again_ends_no_trial(stores: Stores) -> None:
    until = NOW + timedelta(minutes=9)
    known = await deployments(stores, one(state="serving", order=1, trial_until=until))
    body = ModelPromoted.model_validate(
        ModelPromoted.example | {"project_id": "p1", "version": "V1", "number": 1, "order": 1}
    )
    event = Event(
        id="e",
        source="trainer",
        type=body.type,
        time=NOW,
        subject="t",
        tenant="default",
        sequence=1,
        data=body,
    )
    await known.promoted(event)
    assert (await known.get("default", "p1", "V1")).trial_until == until
    newer = body.model_copy(update={"order": 2})
    await known.promoted(event.model_copy(update={"data": newer}))
    found = await known.get("default", "p1", "V1")
    assert (found.state, found.trial_until) == ("wanted", None)
