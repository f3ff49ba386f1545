"""Frozen datasets: who trains, who judges, what is refused, and that the answer never changes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.annotation.domain.formats.model import Split
from services.annotation.domain.snapshots import AnnotatedImage, CannotFreeze, freeze
from services.annotation.domain.splits import SplitCandidate, assign_splits
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import Snapshot
from shared.contracts.training_events import TrainingRequested
from shared.hosting.stores import Stores
from shared.texts.language import speaking, told
from tests.running import until
from tests.unit.annotation.platform import BASE, PROJECT, box, factory


def annotated(name: str, *labels: str, **more: Any) -> AnnotatedImage:
    shapes = tuple(
        Shape(id=f"{name}{n}", label=label, kind="box", points=((0, 0), (9, 9)))
        for n, label in enumerate(labels)
    )
    facts: dict[str, Any] = {
        "image_id": name,
        "name": f"{name}.jpg",
        "blob_key": f"t/x/{name}",
        "sha256": name,
        "width": 100,
        "height": 80,
        "shapes": shapes,
        "ignore_regions": (),
        "listed": None,
        "corrected": False,
        "parent_id": None,
        "exif_device": None,
    }
    return AnnotatedImage(**{**facts, **more})


def test_what_is_learnt_is_the_same_whoever_proposed_it() -> None:
    drawn = [annotated(name, "scratch") for name in "abc"]
    found = {"score": 0.9, "proposed_by": "V1"}
    accepted = [
        replace(image, shapes=tuple(shape.model_copy(update=found) for shape in image.shapes))
        for image in drawn
    ]
    first, second = (freeze("p", "detection", images).snapshot for images in (drawn, accepted))
    assert first == second


def splits_of(images: list[AnnotatedImage]) -> dict[str, str]:
    return {row.image_id: row.split for row in freeze("p", "detection", images).snapshot.images}


def test_about_thirty_percent_are_held_out() -> None:
    splits = splits_of([annotated(f"i{n}", "pit") for n in range(1000)])
    assert 250 < list(splits.values()).count("test") < 350


def test_an_image_keeps_its_side_when_others_come_and_go() -> None:
    many = [annotated(f"i{n}", "pit") for n in range(60)]
    few = splits_of(many[:40])
    assert {name: side for name, side in splits_of(many).items() if name in few} == few


def test_lists_are_honoured_and_the_rest_trains() -> None:
    listed = {"a": "train", "b": "test", "c": "val", "d": None}
    images = [annotated(name, "pit", listed=split) for name, split in listed.items()]
    assert splits_of(images) == {"a": "train", "b": "test", "c": "val", "d": "train"}


def test_validation_images_judge_where_no_test_list_is() -> None:
    images = [annotated("a", "pit", listed="train"), annotated("b", "pit", listed="val")]
    assert splits_of(images) == {"a": "train", "b": "test"}


def test_a_corrected_image_never_judges_nor_does_its_group() -> None:
    images = [
        annotated("a", "pit", listed="test", corrected=True, parent_id="board"),
        annotated("b", "pit", listed="test", parent_id="board"),
        annotated("c", "pit", listed="test"),
        annotated("d", "pit", listed="train"),
    ]
    assert splits_of(images) == {"a": "train", "b": "train", "c": "test", "d": "train"}


def test_the_only_image_of_a_label_trains() -> None:
    for salt in range(30):
        images = [annotated(f"{salt}-{n}", "pit") for n in range(6)]
        rare = annotated(f"{salt}-rare", "scratch")
        assert splits_of([*images, rare])[rare.image_id] == "train"


@given(
    st.lists(
        st.tuples(
            st.integers(0, 8),
            st.sampled_from([None, None, "train", "val", "test"]),
            st.booleans(),
            st.frozensets(st.sampled_from(["a", "b", "c"])),
        ),
        max_size=30,
    )
)
@settings(max_examples=300)
def test_groups_never_part_and_corrected_ones_train(
    rows: list[tuple[int, Split | None, bool, frozenset[str]]],
) -> None:
    candidates = [
        SplitCandidate(str(n), f"g{group}", listed, corrected, labels)
        for n, (group, listed, corrected, labels) in enumerate(rows)
    ]
    splits = assign_splits(candidates, salt="p")
    assert len(splits) == len(candidates)
    sides: dict[str, set[str]] = {}
    for candidate in candidates:
        sides.setdefault(candidate.group, set()).add(splits[candidate.image_id])
        if candidate.corrected:
            assert splits[candidate.image_id] == "train"
    assert all(len(found) == 1 for found in sides.values())
    if len(sides) > 1 and not any(c.listed or c.corrected for c in candidates):
        assert {"train", "test"} == {side for found in sides.values() for side in found}


@pytest.mark.parametrize(
    ("images", "says"),
    [
        ([], "no image is annotated"),
        ([annotated("a", "pit")], "only one image"),
        ([annotated("a", "pit"), annotated("b", "pit", sha256="a")], "only one image"),
        ([annotated(n, "pit", listed="test") for n in "ab"], "none is left to train"),
        ([annotated(n, "pit", corrected=True) for n in "ab"], "none is left to judge"),
        ([annotated("a", listed="train"), annotated("b", "pit", listed="test")], "negatives"),
    ],
)
def test_a_dataset_that_cannot_teach_is_refused(images: list[AnnotatedImage], says: str) -> None:
    with pytest.raises(CannotFreeze, match=says):
        freeze("p", "detection", images)


def test_warnings_name_what_is_thin() -> None:
    images = [
        annotated("a", "pit", "scratch", listed="train"),
        annotated("b", "pit", listed="train"),
        annotated("c", "stain", listed="test"),
    ]
    said = " | ".join(freeze("p", "detection", images).warnings)
    assert "3 annotated images" in said
    assert "'scratch' has one example" in said
    assert "'stain' is only on held-out images" in said
    assert "'pit' is on no held-out image" in said


def test_labels_are_those_that_training_images_show() -> None:
    images = [annotated("a", "pit", listed="train"), annotated("b", "stain", listed="test")]
    assert freeze("p", "detection", images).snapshot.labels == ("pit",)


def test_a_classifier_sees_no_image_without_label_and_is_judged_on_every_label() -> None:
    images = [annotated(f"i{n}", "pit", listed="train") for n in range(3)]
    images += [annotated("j", "ok", listed="train"), annotated("rare", "dent", listed="test")]
    frozen = freeze("p", "classification", [*images, annotated("bare")])
    assert [row.image_id for row in frozen.snapshot.images] == ["i0", "i1", "i2", "j", "rare"]
    assert frozen.snapshot.labels == ("dent", "ok", "pit")
    assert "1 annotated images have no label and are left out" in frozen.warnings
    with pytest.raises(CannotFreeze, match="no image has a label"):
        freeze("p", "classification", [annotated("a"), annotated("b")])


def test_a_classifier_that_would_be_taught_one_label_is_refused_in_both_languages() -> None:
    images = [annotated(f"i{n}", "ok", listed="train") for n in range(3)]
    judging = annotated("rare", "bad", listed="test")
    for others in ([annotated("t", "ok", listed="test")], [judging]):
        with pytest.raises(CannotFreeze, match="at least two labels to tell apart") as refused:
            freeze("p", "classification", [*images, *others])
        with speaking("zh-CN"):
            assert "至少" in told(str(refused.value))
    assert freeze("p", "detection", [*images, judging]).snapshot.labels == ("ok",)
    both = freeze("p", "classification", [*images, annotated("j", "bad", listed="train"), judging])
    assert both.snapshot.labels == ("bad", "ok")


def test_the_hash_depends_on_content_and_not_on_order() -> None:
    images = [annotated(f"i{n}", "pit") for n in range(8)]
    first = freeze("p", "detection", images).snapshot
    again = freeze("p", "detection", images[::-1]).snapshot
    other = freeze("p", "detection", [*images[1:], annotated("i0", "pit", "pit")]).snapshot
    assert first == again
    assert first.dataset_hash != other.dataset_hash


# --- by event ------------------------------------------------------------------------------------


async def test_a_training_gets_its_manifest_and_only_one(stores: Stores) -> None:
    async with factory(stores) as world:
        for number in range(6):
            await world.put(await world.image(f"{number}.jpg"), box("pit"))
        unannotated = await world.image("later.jpg")
        await world.client.get(f"{BASE}/images/{unannotated}")
        request = TrainingRequested(project_id=PROJECT, training_id="t1")
        await world.say(request, "t1", 1)
        await until(lambda: "snapshot.frozen" in world.types())
        await world.put(unannotated, box("pit"))
        await world.say(request, "t1", 1)
        await world.say(TrainingRequested(project_id=PROJECT, training_id="t2"), "t2", 1)
        await until(lambda: world.types().count("snapshot.frozen") == 2)
        frozen = [e.data for e in world.heard if e.type == "snapshot.frozen"]
        manifest = Snapshot.model_validate_json(await stores.blobs.read(frozen[0].manifest_key))
        labels = (await world.client.get(f"{BASE}/labels")).json()
    assert [data.training_id for data in frozen] == ["t1", "t2"]
    assert (frozen[0].images, frozen[0].total_images) == (6, 7)
    assert (frozen[1].images, frozen[1].total_images) == (7, 7)
    assert manifest.dataset_hash == frozen[0].dataset_hash
    assert {row.split for row in manifest.images} == {"train", "test"}
    assert manifest.labels == ("pit",)
    assert manifest.label_ids == (labels["items"][0]["id"],)


async def test_a_project_with_nothing_to_learn_is_refused_with_its_reason(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.say(TrainingRequested(project_id=PROJECT, training_id="t1"), "t1", 1)
        await until(lambda: world.heard)
    assert world.types() == ["snapshot.refused"]
    assert "no image is annotated" in world.heard[0].data.reason


async def test_corrections_are_counted_and_train(stores: Stores) -> None:
    async with factory(stores) as world:
        images = [await world.image(f"{n}.jpg") for n in range(5)]
        for image in images:
            await world.put(image, box("pit"), split="test" if image == images[0] else "train")
        other = await world.image("tested.jpg")
        body = {"prediction_id": await world.prediction(other, "p"), "shapes": [box("stain")]}
        await world.client.post(f"{BASE}/images/{other}/corrections", json=body)
        await world.say(TrainingRequested(project_id=PROJECT, training_id="t1"), "t1", 1)
        await until(lambda: "snapshot.frozen" in world.types())
        frozen = next(e.data for e in world.heard if e.type == "snapshot.frozen")
        manifest = json.loads(await stores.blobs.read(frozen.manifest_key))
    assert frozen.corrections == 1
    row = next(row for row in manifest["images"] if row["image_id"] == other)
    assert (row["split"], row["corrected"]) == ("train", True)
