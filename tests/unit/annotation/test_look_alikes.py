"""Pictures that are nearly the same, against an oracle that compares each two."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from services.annotation.domain import look_alikes
from services.annotation.domain.look_alikes import BITS, MOST_BITS, NEIGHBOURS, alike, check_looks
from services.annotation.domain.snapshots import AnnotatedImage, Picture, freeze, splits_of
from shared.contracts.shapes import Shape
from shared.hosting.stores import Stores
from tests.unit.annotation.platform import BASE, PROJECT, Factory, box, factory

Bits = np.ndarray[Any, Any]


def coded(bits: Bits) -> str:
    return np.packbits(bits).tobytes().hex()


def flipped(bits: Bits, count: int, rng: np.random.Generator) -> Bits:
    changed = bits.copy()
    changed[rng.choice(BITS, count, replace=False)] ^= 1
    return changed


def crowd(seed: int, size: int) -> list[Bits]:
    """Looks of which many are near to one another, about the bound and beyond it."""
    rng = np.random.default_rng(seed)
    found = [rng.integers(0, 2, BITS, np.uint8)]
    while len(found) < size:
        near = found[rng.integers(len(found))]
        new = rng.integers(0, 2, BITS, np.uint8)
        found.append(flipped(near, rng.integers(0, 30), rng) if rng.random() < 0.7 else new)
    return found


@pytest.mark.parametrize("seed", range(10))
def test_every_pair_that_differs_in_few_bits_is_found(seed: int) -> None:
    looks = crowd(seed, NEIGHBOURS + 1)  # no band can be shared by more
    expected = {
        (i, j, int((looks[i] != looks[j]).sum()))
        for i, j in combinations(range(len(looks)), 2)
        if (looks[i] != looks[j]).sum() <= MOST_BITS
    }
    found = list(alike([coded(one) for one in looks]))
    assert set(found) == expected
    assert len(found) == len(expected) > 0
    assert [bits for *_, bits in found] == sorted(bits for *_, bits in found)


def test_of_a_thousand_equal_pictures_each_has_a_few_partners() -> None:
    looks = [coded(np.ones(BITS, np.uint8))] * 1000
    found = list(alike(looks))
    assert {place for pair in found for place in pair[:2]} == set(range(1000))
    assert len(found) <= 1000 * NEIGHBOURS


def test_before_a_fixed_camera_pairs_are_bounded_and_the_most_similar_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(2)
    base = rng.integers(0, 2, BITS, np.uint8)
    looks = [coded(flipped(base, int(rng.integers(0, 9)), rng)) for _ in range(300)]
    every = list(alike(looks))
    monkeypatch.setattr(look_alikes, "PARTNERS", 4)
    monkeypatch.setattr(look_alikes, "_AT_ONCE", 7)
    assert list(alike(looks)) == every[: 4 * len(looks)]
    assert len(every) > 8 * len(looks)


def test_one_picture_and_none_have_no_partner() -> None:
    assert list(alike([])) == list(alike([coded(np.ones(BITS, np.uint8))])) == []


def image(name: str, looks: str, *labels: str, **more: Any) -> AnnotatedImage:
    shapes = tuple(
        Shape(id=f"{name}{n}", label=label, kind="box", points=((0, 0), (9, 9)))
        for n, label in enumerate(labels)
    )
    facts: dict[str, Any] = {"listed": None, "corrected": False, "parent_id": None, **more}
    return AnnotatedImage(
        image_id=name,
        name=f"{name}.png",
        blob_key="",
        sha256=name,
        width=100,
        height=80,
        shapes=shapes,
        ignore_regions=(),
        exif_device=None,
        picture=Picture(facts["parent_id"] or name, name, looks),
        **facts,
    )


LOOKS = [coded(one) for one in crowd(0, 1)]
NEAR = coded(flipped(crowd(0, 1)[0], MOST_BITS, np.random.default_rng(1)))
FAR = coded(1 - crowd(0, 1)[0])


def told(*images: AnnotatedImage, **splits: Any) -> list[tuple[Any, ...]]:
    return [
        (one.rule, one.image_id, one.other_image_id, one.label, one.other_label, one.figure)
        for one in check_looks(images, splits)
    ]


def test_pictures_that_look_the_same_and_say_another_thing_are_told_once_each() -> None:
    first = image("a", LOOKS[0], "pit", "dent", "pit")
    equal = image("b", NEAR, "dent", "pit", "pit")
    bare = image("c", NEAR)
    far = image("d", FAR)
    unseen = image("e", "", "rust")
    likeness = round(1 - MOST_BITS / BITS, 3)
    assert told(first, equal, far, unseen) == []
    assert told(bare, first, equal) == [("alike", "c", "b", "", "dent × 1, pit × 2", 1.0)]
    assert told(bare, first) == [("alike", "c", "a", "", "dent × 1, pit × 2", likeness)]


def test_one_that_judges_what_its_double_taught_is_told() -> None:
    taught, held = image("a", LOOKS[0], "pit"), image("b", LOOKS[0], "pit")
    for split in ("test", "val"):
        assert told(taught, held, a="train", b=split) == [("leaked", "b", "a", "", "", 1.0)]
        assert told(taught, held, a=split, b="train") == [("leaked", "a", "b", "", "", 1.0)]
    assert told(taught, held, a="train", b="train") == []
    assert told(taught, held, a="test", b="val") == []
    assert told(taught, held, a="train") == []  # the other one is in no dataset


def test_tiles_of_a_picture_are_that_picture() -> None:
    tiles = [image(f"t{n}", LOOKS[0], "pit", parent_id="whole") for n in range(3)]
    assert told(*tiles) == []
    assert told(*tiles, image("a", LOOKS[0])) == [("alike", "whole", "a", "pit × 3", "", 1.0)]


def test_the_splits_that_are_told_are_those_that_a_dataset_would_have() -> None:
    images = [image(f"i{n}", "", "pit", listed="val" if n < 3 else None) for n in range(9)]
    other = replace(images[0], image_id="cut", sha256="cut", plan_hash="plan")
    rows = freeze(PROJECT, "detection", [*images, other]).snapshot.images
    found = splits_of(PROJECT, "detection", [*images, other])
    assert found == {row.image_id: row.split for row in rows}
    assert set(found.values()) == {"train", "test"}


async def checked(world: Factory) -> dict[str, Any]:
    answer = await world.client.get(f"{BASE}/label-check")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_looks_that_are_told_later_count_and_no_error_stays_one(stores: Stores) -> None:
    async with factory(stores) as world:
        one = await world.image("a.jpg", looks=LOOKS[0])
        other = await world.image("b.jpg")
        await world.put(one, box("pit"))
        await world.put(other)
        before = await checked(world)
        await world.image("b.jpg", sequence=2, looks=NEAR)
        after = await checked(world)
        (pair,) = [item for item in after["items"] if item["rule"] == "alike"]
        await world.client.put(f"{BASE}/label-check/dismissals/{pair['id']}")
        left = await checked(world)
        await world.put(other, box("dent"), headers={"If-Match": '"1"'})
        again = await checked(world)
    assert "alike" not in before["counts"]
    assert after["counts"]["alike"] == 1
    assert (pair["image_name"], pair["other_image_name"]) == ("b.jpg", "a.jpg")
    assert (pair["label"], pair["other_label"], pair["place"]) == ("", "pit × 1", None)
    assert "alike" not in left["counts"]
    assert again["counts"]["alike"] == 1  # what was no error was another thing to say
