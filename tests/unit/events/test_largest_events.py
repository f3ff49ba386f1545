"""The largest event of each type that requests within their bounds can cause fits every broker.

And what one service stores of another's events fits the store. What requests decide is at its bound
here, in the texts that take the most bytes; a new type of event has to say how large it may be.
"""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.annotation.domain.formats.limits import MAX_SHAPES
from services.annotation.domain.label_rules import MAX_LABELS
from services.annotation.domain.stored_size import MAX_STORED_BYTES, stored_bytes
from services.evaluator.repository import LabelPoint, StoredReport
from services.evaluator.work.yardsticks import RIVALS
from services.gallery.domain.names import MAX_NAME as MAX_FILE_NAME
from services.inference.api.schemas import MAX_TEST_IMAGES
from services.trainer.domain.recipe import Recipe
from services.trainer.repository import Training
from services.workspace.api.schemas import ProjectCreate
from services.workspace.domain.projects import MAX_NAME as MAX_PROJECT_NAME
from shared.contracts.catalogue import all_events
from shared.contracts.envelope import MAX_EVENT_BYTES, EventBody, EventStamp, pack
from shared.contracts.shapes import MAX_NAME, Shape
from shared.runtime.manifest import ModelManifest
from shared.vision.tiles import MAX_GRID
from tests.unit.bson_size import MAX_BSON, in_mongo

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ID, KEY, HASH = "i" * 64, "t/" + "k" * 300, "h" * 64
REASON = "\\" * 4_000  # a text of ours, with names of people in it
NAMES = ("\\" * MAX_NAME, "😀" * MAX_NAME, "划" * MAX_NAME)
HUGE = 123456789.123456789
MADE_AT_CREATION = 1_000
DETECTIONS: int = {f.name: f.default for f in fields(ModelManifest)}["max_detections"]


def shapes_that_fit(label: str) -> int:
    """How many shapes of a label one image may have, at most."""
    least = stored_bytes([Shape(id="s", label=label, kind="image")])
    return min(MAX_SHAPES, MAX_STORED_BYTES // least)


def largest(kind: type[EventBody], name: str) -> dict[str, Any]:
    """Return what may be large in the largest body of a type, under names like `name`."""
    most = shapes_that_fit(name)
    tile = {
        **dict.fromkeys(("row", "column", "x", "y", "width", "height", "size_bytes"), 10**6),
        **{"image_id": ID, "blob_key": KEY, "sha256": HASH, "content_type": "image/png"},
    }
    figure = dict.fromkeys(("before", "after", "difference", "low", "high", "p_value"), HUGE)
    compared = {
        "with_version": ID,
        "images": 10**9,
        "figures": [{"name": HASH, **figure}] * 10,
    }
    warning = f"label {name!r} is only on held-out images and cannot be learned"
    found: dict[str, dict[str, Any]] = {
        "project.created": {
            "name": name[:MAX_PROJECT_NAME],
            "labels": [name] * MADE_AT_CREATION,
        },
        "project.updated": {"name": name[:MAX_PROJECT_NAME]},
        "project.deleted": {},
        "image.uploaded": {"name": name[:MAX_FILE_NAME], "exif_device": name},
        "image.tiled": {"parent_name": name, "tiles": [tile] * MAX_GRID**2},
        "image.tiling_failed": {"reason": REASON},
        "image.deleted": {},
        "annotation.saved": {
            "labels": [name] * most,
            "target_areas": [HUGE] * most,
            "target_sides": [HUGE] * most,
        },
        "annotation.reviewed": {},
        "correction.saved": {},
        "audit.recorded": {
            **dict.fromkeys(("service", "operation", "role", "address", "key_id"), HASH),
            "named": {f"{HASH[:-1]}{number}": ID for number in range(9)},
            "made": [ID] * 1_000,
        },
        "tenant.limited": {},
        "label.renamed": {"old_name": name, "new_name": name},
        "label.deleted": {"name": name},
        "label.restored": {"name": name},
        "training.requested": {},
        "snapshot.frozen": {
            "labels": [name] * MAX_LABELS,
            "warnings": [warning] * (MAX_LABELS + 3),
        },
        "snapshot.refused": {"reason": REASON},
        "training.succeeded": {"input_plan_hash": HASH, "champion": ID},
        "training.ended": {"reason": REASON},
        "report.completed": {"comparisons": [compared] * (RIVALS + 1)},
        "report.failed": {"reason": REASON},
        "model.promoted": {},
        "model.deployed": {},
        "model.deployment_failed": {"reason": REASON},
        "test_run.completed": {},
        "second_opinion.completed": {},
        "prediction.completed": {"labels": [name] * DETECTIONS},
    }
    return found[kind.type]


def of_events(kind: type[EventBody], name: str) -> dict[str, Any]:
    """Return a whole body: of what requests do not decide, the example with its texts long."""
    long = {
        field: KEY
        if isinstance(value, str) and field.endswith(("_id", "_key", "sha256"))
        else value
        for field, value in kind.example.items()
    }
    return {**long, **largest(kind, name)}


@pytest.mark.parametrize("kind", all_events(), ids=lambda kind: kind.type)
@pytest.mark.parametrize("name", NAMES, ids=["escaped", "four bytes", "three bytes"])
def test_the_largest_event_of_each_type_fits_every_broker(kind: type[EventBody], name: str) -> None:
    body = kind.model_validate(of_events(kind, name))
    (event,) = pack([body], EventStamp.of("t" * 64, KEY, 10**12, "x" * 55))
    assert len(event.value_bytes()) <= MAX_EVENT_BYTES


@given(
    kind=st.sampled_from(all_events()),
    name=st.text(st.sampled_from("a\\\"'划😀é"), min_size=1, max_size=MAX_NAME),
)
@settings(max_examples=40, deadline=None)
def test_any_names_in_it_fit_as_well(kind: type[EventBody], name: str) -> None:
    body = kind.model_validate(of_events(kind, name))
    pack([body], EventStamp.of("t" * 64, KEY, 10**12))


@pytest.mark.parametrize("name", NAMES, ids=["escaped", "four bytes", "three bytes"])
def test_what_others_keep_of_the_largest_dataset_fits_their_stores(name: str) -> None:
    frozen = largest(next(k for k in all_events() if k.type == "snapshot.frozen"), name)
    training = Training(
        id=ID,
        tenant="t" * 64,
        project_id=ID,
        number=1,
        mode="train",
        trigger="person",
        recipe=Recipe(),
        state="queued",
        requested_at=NOW,
        **frozen,
    )
    report = StoredReport(
        id=ID,
        tenant="t" * 64,
        project_id=ID,
        training_id=ID,
        name="V1",
        number=1,
        manifest_key=KEY,
        predictions_key=KEY,
        created_at=NOW,
        points=tuple(LabelPoint(label=name, count=10**9, rate=HUGE) for _ in range(MAX_LABELS)),
    )
    assert in_mongo(training) + MAX_EVENT_BYTES < MAX_BSON
    assert in_mongo(report) + MAX_EVENT_BYTES < MAX_BSON


def test_a_project_is_made_with_no_more_labels_than_are_counted_on() -> None:
    wanted = {"name": "pins", "task": "detection"}
    ProjectCreate.model_validate({**wanted, "labels": ["a"] * MADE_AT_CREATION})
    with pytest.raises(ValueError, match="at most 1000 items"):
        ProjectCreate.model_validate({**wanted, "labels": ["a"] * (MADE_AT_CREATION + 1)})


def test_the_longest_list_of_ids_of_a_request_fits_its_document() -> None:
    asked = {"image_ids": ["i" * 64] * MAX_TEST_IMAGES}
    assert len(bson.encode(asked)) < 2**20
