"""Unsaved work is kept for who has it, seen by nobody else, and gone once it is saved."""

from services.annotation.handlers.drafts import MOST_DRAFTS
from services.annotation.repository import DRAFTS
from shared.contracts.image_events import ImageDeleted
from shared.documents.port import EveryTenant
from shared.hosting.stores import Stores
from tests.running import credentials
from tests.unit.annotation.platform import BASE, PROJECT, Factory, box, factory

ANN = credentials(subject="ann", role="annotator")
BOB = credentials(subject="bob", role="annotator")


async def keep(world: Factory, image: str, work: str, who: dict[str, str] = ANN) -> int:
    path = f"{BASE}/images/{image}/draft"
    return (await world.client.put(path, json={"work": work}, headers=who)).status_code


async def kept(world: Factory, image: str, who: dict[str, str] = ANN) -> str:
    answer = await world.client.get(f"{BASE}/images/{image}/draft", headers=who)
    assert answer.status_code == 200
    return str(answer.json()["work"])


async def stored(stores: Stores) -> int:
    return await stores.documents.collection(DRAFTS, EveryTenant()).count()


async def test_the_last_work_of_each_person_is_kept_for_them_alone(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        assert await kept(world, image) == ""
        for work in ("first", "second"):
            assert await keep(world, image, work) == 204
        assert await keep(world, image, "Bob's", BOB) == 204
        assert (await kept(world, image), await kept(world, image, BOB)) == ("second", "Bob's")


async def test_saved_work_lets_its_draft_go_and_nobody_elses(stores: Stores) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        await keep(world, image, "Bob's", BOB)
        for save in ("saved", "cleared", "cleared again"):
            await keep(world, image, "Ann's")
            if save == "saved":
                assert (await world.put(image, box("pit"), headers=ANN)).status_code == 200
            else:
                path = f"{BASE}/images/{image}"
                assert (await world.client.delete(path, headers=ANN)).status_code == 204
            assert (await kept(world, image), await kept(world, image, BOB)) == ("", "Bob's"), save


async def test_a_refused_save_keeps_the_draft(stores: Stores) -> None:
    async with factory(stores, labels=("pit",)) as world:
        image = await world.image("a.jpg")
        await keep(world, image, "Ann's")
        assert (await world.put(image, box("unknown"), headers=ANN)).status_code == 403
        assert await kept(world, image) == "Ann's"


async def test_a_draft_is_thrown_away_as_often_as_asked(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await keep(world, image, "Ann's")
        for _ in range(2):
            answer = await world.client.delete(f"{BASE}/images/{image}/draft", headers=ANN)
            assert (answer.status_code, await kept(world, image)) == (204, "")


async def test_drafts_go_with_their_image(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await keep(world, image, "Ann's")
        await keep(world, image, "Bob's", BOB)
        await world.say(ImageDeleted(project_id=PROJECT, image_id=image), image, 2)
        assert await stored(stores) == 0
        assert await keep(world, image, "late") == 404
        assert await stored(stores) == 0


async def test_of_too_many_drafts_of_a_person_the_oldest_goes(stores: Stores) -> None:
    async with factory(stores) as world:
        images = [await world.image(f"{k}.jpg") for k in range(MOST_DRAFTS + 1)]
        await keep(world, images[0], "Bob's", BOB)
        for image in images:
            assert await keep(world, image, "Ann's") == 204
        assert [await kept(world, images[place]) for place in (0, 1, -1)] == ["", "Ann's", "Ann's"]
        assert await kept(world, images[0], BOB) == "Bob's"


async def test_a_foreign_tenant_finds_neither_image_nor_draft(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await keep(world, image, "Ann's")
        foreign = credentials(subject="ann", role="admin", tenant="other")
        path = f"{BASE}/images/{image}/draft"
        answers = [
            await world.client.get(path, headers=foreign),
            await world.client.put(path, json={"work": "x"}, headers=foreign),
            await world.client.delete(path, headers=foreign),
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert await kept(world, image) == "Ann's"


async def test_a_viewer_has_no_drafts_and_a_large_one_is_refused(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        assert await keep(world, image, "x", credentials(role="viewer")) == 403
        assert await keep(world, image, "") == 422
        assert await keep(world, image, "x" * (1 << 19)) == 204
        assert await keep(world, image, "x" * ((1 << 19) + 1)) == 422
        assert await keep(world, image, "x" * (1 << 20)) == 413
