"""An annotation is handed in, accepted or returned; what is drawn anew is a draft again."""

from typing import Any

import httpx
import pytest

from services.annotation.domain.reviews import MOST_WORDS
from services.annotation.repository import ANNOTATIONS
from shared.documents.port import EveryTenant, Query
from shared.hosting.stores import Stores
from tests.running import credentials, until
from tests.unit.annotation.platform import BASE, Factory, box, factory

ANN = credentials(subject="ann", role="annotator")
ENG = credentials(subject="eng", role="engineer")
VIEWER = credentials(subject="vic", role="viewer")
FOREIGN = credentials(tenant="other", subject="eve", role="admin")


async def say(
    world: Factory, image: str, word: str, who: dict[str, str] = ENG, **more: Any
) -> httpx.Response:
    headers = who | more.pop("headers", {})
    path = f"{BASE}/images/{image}/reviews"
    return await world.client.post(path, json={"word": word, **more}, headers=headers)


def problem_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("urn:loupe:problem:")


async def state(world: Factory, image: str) -> str:
    return str((await world.client.get(f"{BASE}/images/{image}")).json()["review"])


async def test_a_drawing_goes_from_draft_to_accepted_and_who_said_what_stays(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"), headers=ANN)
        assert await state(world, image) == "draft"
        assert (await say(world, image, "submitted", ANN)).status_code == 201
        returned = await say(world, image, "returned", comment="  too loose ")
        assert returned.json()["review"] == "returned"
        await world.put(image, box("pit", at=12), headers=ANN)
        assert await state(world, image) == "returned"  # the reason stays before their eyes
        await say(world, image, "submitted", ANN)
        accepted = (await say(world, image, "accepted")).json()
        assert accepted["review"] == "accepted"
        told = [(one["word"], one["author"], one["comment"]) for one in accepted["reviews"]]
        assert told == [
            ("accepted", "eng", ""),
            ("submitted", "ann", ""),
            ("returned", "eng", "too loose"),
            ("submitted", "ann", ""),
        ]


@pytest.mark.parametrize("word", ["submitted", "accepted"])
async def test_what_is_drawn_anew_is_a_draft_and_the_same_again_is_not(
    stores: Stores, word: str
) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"))
        await say(world, image, word)
        same = (await world.client.get(f"{BASE}/images/{image}")).json()["shapes"]
        await world.put(image, *same)
        assert await state(world, image) == word
        await world.put(image, box("pit"), box("pit", at=60))
        assert await state(world, image) == "draft"


async def test_a_new_name_of_its_label_leaves_an_accepted_image_accepted(stores: Stores) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"))
        await say(world, image, "accepted")
        (label,) = (await world.client.get(f"{BASE}/labels")).json()["items"]
        await world.client.patch(f"{BASE}/labels/{label['id']}", json={"name": "hole"})

        async def followed() -> Any:
            now = (await world.client.get(f"{BASE}/images/{image}")).json()
            return now if now["shapes"][0]["label"] == "hole" else None

        assert (await until(followed))["review"] == "accepted"


async def test_only_an_engineer_accepts_and_returns_and_no_viewer_says_anything(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"), headers=ANN)
        for word in ("accepted", "returned"):
            refused = await say(world, image, word, ANN, comment="so")
            assert refused.status_code == 403
        assert (await say(world, image, "submitted", VIEWER)).status_code == 403
        assert (await say(world, image, "accepted", FOREIGN)).status_code == 404
        assert await state(world, image) == "draft"


async def test_nothing_is_said_of_an_image_without_annotation_nor_returned_without_reason(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        bare = await say(world, image, "submitted")
        assert (bare.status_code, problem_of(bare)) == (409, "nothing-to-review")
        await world.put(image, box("pit"))
        silent = await say(world, image, "returned", comment="   ")
        assert silent.status_code == 422
        assert silent.json()["errors"][0]["field"] == "comment"
        await say(world, image, "accepted")
        again = await say(world, image, "submitted", ANN)
        assert (again.status_code, problem_of(again)) == (409, "already-accepted")
        chinese = await say(world, image, "submitted", ANN, headers={"Accept-Language": "zh-CN"})
        assert chinese.json()["title"] == "标注已通过审核"


async def test_a_word_is_of_the_version_that_was_read(stores: Stores) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        seen = (await world.put(image, box("pit"))).headers["etag"]
        await world.put(image, box("pit"), box("pit", at=60))
        late = await say(world, image, "accepted", headers={"If-Match": seen})
        assert late.status_code == 412
        assert await state(world, image) == "draft"


async def test_others_are_told_where_an_annotation_stands_with_every_change(
    stores: Stores,
) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"))
        for _ in range(2):  # the same word again is no news
            await say(world, image, "accepted")
        await world.put(image, box("pit", at=50))
        await until(lambda: len(world.heard) >= 3)
        assert [(event.type, event.data.review) for event in world.heard] == [
            ("annotation.saved", "draft"),
            ("annotation.reviewed", "accepted"),
            ("annotation.saved", "draft"),
        ]


async def test_the_last_words_are_kept_and_the_oldest_go(stores: Stores) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"))
        for number in range(MOST_WORDS + 2):
            await say(world, image, "returned", comment=f"{number}")
        now = (await world.client.get(f"{BASE}/images/{image}")).json()
        comments = [one["comment"] for one in now["reviews"]]
        assert comments == [f"{number}" for number in range(MOST_WORDS + 1, 1, -1)]


async def test_an_annotation_of_an_earlier_release_is_a_draft(stores: Stores) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"))
        annotations = stores.documents.collection(ANNOTATIONS, EveryTenant())
        (stored,) = await annotations.query(Query())
        old = stored.model_dump(exclude={"reviews"})
        assert ANNOTATIONS.model.model_validate(old).review == "draft"
