"""The gallery's list: search, order, pages, status, and what is deleted from it."""

from typing import Any

from gallery_platform import jpeg, platform

from services.gallery.repository import IMAGES
from shared.contracts.annotation_events import AnnotationReviewed, AnnotationSaved
from shared.contracts.model_events import PredictionCompleted
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from tests.running import until


async def test_search_sort_and_paging(stores: Stores) -> None:
    async with platform(stores) as p:
        images = [
            await p.one(f"Part-{index:02}.jpg", jpeg(index, (320 + index % 2, 240)))
            for index in range(12)
        ]
        for index in (3, 4):
            body = AnnotationSaved(
                project_id=p.project_id, image_id=images[index]["id"],
                labels=("scratch", "scratch", "pit")[: 5 - index + 1],
            )  # fmt: skip
            await p.say(body)
        newest = await p.get()
        by_name = await p.get(sort="name", page=2, page_size=5)
        labelled = await p.get(status="labelled")
        pits = await p.get(label="pit")
        odd = await p.get(width=321, name="PART-0")
        since = await p.get(uploaded_from=images[10]["uploaded_at"])
        none = await p.get(uploaded_to="2001-01-01T00:00:00Z")
        today = await p.get(uploaded_to=images[11]["uploaded_at"][:10])
        ever = await p.get(uploaded_from="0001-01-01", uploaded_to="9999-12-31")
        old = await p.get(uploaded_from="0999-01-01", uploaded_to="0999-12-31T00:00:00+08:00")
        lost = await p.client.get(p.images, params={"uploaded_from": "0001-01-01T00:00:00+23:59"})
        summary = (await p.client.get(p.images.replace("/images", "/summary"))).json()
    assert [i["name"] for i in newest["items"]][:2] == ["Part-11.jpg", "Part-10.jpg"]
    assert (newest["total"], newest["page"], newest["page_size"]) == (12, 1, 10)
    assert [i["name"] for i in by_name["items"]] == [f"Part-{n:02}.jpg" for n in range(5, 10)]
    assert {i["name"] for i in labelled["items"]} == {"Part-03.jpg", "Part-04.jpg"}
    assert [i["labels"] for i in pits["items"]] == [["scratch", "scratch", "pit"]]
    assert {i["name"] for i in odd["items"]} == {f"Part-0{n}.jpg" for n in (1, 3, 5, 7, 9)}
    assert (since["total"], none["total"]) == (2, 0)
    assert (today["total"], ever["total"], old["total"]) == (12, 12, 0)
    assert lost.status_code == 422
    counts = {"total": 12, "unlabelled": 10, "labelled": 2, "tested": 0}
    assert summary == {**counts, "recommended": 30}


async def test_cursor_walks_every_image_once(stores: Stores) -> None:
    async with platform(stores) as p:
        for index in range(7):
            await p.one("same name.jpg", jpeg(index))
        for sort in ("name", "-name", "uploaded_at", "-uploaded_at"):
            seen: list[str] = []
            cursor: dict[str, str] = {}
            while True:
                page = await p.get(sort=sort, page_size=3, **cursor)
                seen += [image["id"] for image in page["items"]]
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
            assert len(seen) == len(set(seen)) == 7


async def test_status_follows_annotations_and_tests(stores: Stores) -> None:
    async with platform(stores) as p:
        image = await p.one("a.jpg", jpeg(1))
        seen = [image["status"]]

        async def after(body: Any, sequence: int) -> None:
            await p.say(body, sequence=sequence)
            seen.append((await p.get(f"/{image['id']}"))["status"])

        annotation = {"project_id": p.project_id, "image_id": image["id"], "labels": ("pit",)}
        tested = PredictionCompleted(
            project_id=p.project_id,
            prediction_id="p",
            image_id=image["id"],
            version="V1",
            labels=(),
        )
        await after(tested, 1)
        await after(AnnotationSaved(**annotation), 2)
        await after(tested, 1)
        await after(
            AnnotationSaved(**annotation, annotated=False), 1
        )  # late: older than what is known
        await after(AnnotationSaved(**annotation, annotated=False), 3)
    assert seen == ["unlabelled", "tested", "labelled", "labelled", "labelled", "tested"]


async def test_deleting(stores: Stores) -> None:
    async with platform(stores) as p:
        ids = [(await p.one(f"{n}.jpg", jpeg(n)))["id"] for n in range(4)]
        assert (await p.client.delete(f"{p.images}/{ids[0]}")).status_code == 204
        assert (await p.client.delete(f"{p.images}/{ids[0]}")).status_code == 404
        batch = await p.client.post(f"{p.images}:batch-delete", json={"ids": [*ids[:3], "other"]})
        again = await p.upload(("0.jpg", jpeg(0)))
        listed = await p.get()
    assert batch.json() == {"deleted": ids[1:3], "missing": [ids[0], "other"]}
    assert again.status_code == 201
    assert listed["total"] == 2


async def test_images_of_a_deleted_project_vanish(stores: Stores) -> None:
    async with platform(stores) as p:
        await p.one("a.jpg", jpeg(1))
        await p.client.delete(f"/api/workspace/projects/{p.project_id}")
        images = stores.documents.collection(IMAGES, TenantScope("default"))

        async def gone() -> bool:
            return await images.count() == 0

        await until(gone)
        assert (await p.client.get(p.images)).status_code == 404


async def test_images_are_found_by_where_their_annotation_stands(stores: Stores) -> None:
    async with platform(stores) as p:
        ids = [(await p.one(f"{n}.jpg", jpeg(n)))["id"] for n in range(3)]

        async def say(kind: Any, image: str, sequence: int, **more: Any) -> None:
            given = {"labels": ("pit",)} if kind is AnnotationSaved else {"author": "eng"}
            body = kind(project_id=p.project_id, image_id=image, **given, **more)
            await p.say(body, sequence=sequence)

        async def found(review: str) -> list[str]:
            return [image["name"] for image in (await p.get(review=review, sort="name"))["items"]]

        for image in ids[:2]:
            await say(AnnotationSaved, image, 1)
        assert [image["review"] for image in (await p.get(sort="name"))["items"]] == [
            "draft",
            "draft",
            None,
        ]
        await say(AnnotationReviewed, ids[0], 2, review="submitted")
        await say(AnnotationReviewed, ids[1], 3, review="accepted")
        await say(AnnotationSaved, ids[1], 2)  # late: what was said after it stays
        assert (await found("draft"), await found("returned")) == ([], [])
        assert (await found("submitted"), await found("accepted")) == (["0.jpg"], ["1.jpg"])
        await say(AnnotationSaved, ids[0], 3)
        await say(AnnotationSaved, ids[1], 4, annotated=False)
        assert (await found("draft"), await found("accepted")) == (["0.jpg"], [])
