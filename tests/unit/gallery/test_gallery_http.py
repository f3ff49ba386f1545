"""The gallery by its HTTP face: uploads, lists, content, status and tenants."""

import asyncio
import io
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import cv2
import httpx
import numpy as np
import pytest
from image_files import encoded, exif, photo, png_header
from PIL import Image

from services.gallery.app import build as build_gallery
from services.gallery.repository import IMAGES
from services.workspace.app import build as build_workspace
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event, EventBody
from shared.contracts.image_events import ImageTiled, TilingFailed
from shared.contracts.model_events import PredictionCompleted
from shared.documents.port import TenantScope
from shared.events.subscriptions import Handler, by_event
from shared.hosting.stores import Stores
from shared.ids import new_id
from tests.running import Running, credentials, running, until

T = TypeVar("T")


class Platform:
    """A running gallery with one project."""

    def __init__(
        self, run: Running, project_id: str, handlers: dict[type[EventBody], list[Handler]]
    ) -> None:
        self.client = run.client
        self.stores = run.stores
        self.project_id = project_id
        self.images = f"/api/gallery/projects/{project_id}/images"
        self._handlers = handlers
        self._use_cases = run.services[1].use_cases

    def use(self, kind: type[T]) -> T:
        """Return the gallery's use case of this class."""
        return next(case for case in self._use_cases if isinstance(case, kind))

    async def upload(self, *files: tuple[str, bytes], **more: Any) -> httpx.Response:
        parts = [("files", (name, data)) for name, data in files]
        return await self.client.post(self.images, files=parts, **more)

    async def one(self, name: str, data: bytes) -> dict[str, Any]:
        answer = await self.upload((name, data))
        assert answer.status_code == 201, answer.text
        return answer.json()["files"][0]["image"]

    async def say(self, body: Any, *, sequence: int = 1, subject: str = "a") -> None:
        """Hand an event to the gallery, as its consumer would."""
        event = Event(
            id=new_id(), source="test", type=body.type, time="2026-01-01T00:00:00Z",
            subject=subject, tenant="default", sequence=sequence, data=body,
        )  # fmt: skip
        for handler in self._handlers[type(body)]:
            await handler(event)

    async def get(self, path: str = "", **params: Any) -> Any:
        answer = await self.client.get(self.images + path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def platform(stores: Stores, **project: Any):
    services = [build_workspace(stores), build_gallery(stores)]
    handlers = by_event(services[1].subscriptions)
    async with running(stores, services) as run:
        body = {"name": "pins", "task": "detection", **project}
        made = await run.client.post("/api/workspace/projects", json=body)
        yield Platform(run, made.json()["id"], handlers)


def jpeg(seed: int = 0, size: tuple[int, int] = (320, 240), **options: Any) -> bytes:
    return encoded(photo(*size, seed=seed), "JPEG", **options)


async def test_each_file_has_its_own_result(stores: Stores) -> None:
    async with platform(stores) as p:
        first = await p.upload(("a.jpg", jpeg(1)), ("b.png", encoded(photo(seed=2), "PNG")))
        mixed = await p.upload(("a.jpg", jpeg(1)), ("c.txt", b"hello"), ("d.jpg", jpeg(3)))
        again = await p.upload(("z.jpg", jpeg(1)))
        alone = await p.upload(("c.txt", b"hello"))
        listed = await p.get()
    assert (first.status_code, mixed.status_code, again.status_code) == (201, 207, 200)
    assert [f["outcome"] for f in mixed.json()["files"]] == ["duplicate", "refused", "created"]
    refused = mixed.json()["files"][1]
    assert refused["problem"]["type"] == "urn:loupe:problem:image-format-unsupported"
    assert refused["status"] == 415
    assert again.json()["files"][0]["image"]["name"] == "a.jpg"
    assert alone.status_code == 415
    assert alone.headers["content-type"] == "application/problem+json"
    assert alone.json()["type"] == "urn:loupe:problem:image-format-unsupported"
    assert listed["total"] == 3


PLAIN_BOUNDS = [
    # width, height, orientation, status: whole files at the bounds of C-036 and C-038
    (30, 30, 1, 201),
    (29, 30, 1, 422),
    (30, 29, 1, 422),
    (180, 30, 1, 201),
    (181, 30, 1, 422),
    (30, 180, 6, 201),
    (30, 181, 6, 422),
]


async def test_whole_files_at_the_plain_bounds(stores: Stores) -> None:
    async with platform(stores) as p:
        for kind in ("JPEG", "PNG", "BMP"):
            for index, (width, height, turn, status) in enumerate(PLAIN_BOUNDS):
                options = {} if kind == "BMP" else {"exif": exif(turn)}
                data = encoded(photo(width, height, seed=index), kind, **options)
                answer = await p.upload((f"{kind}{index}", data))
                assert answer.status_code == status, (kind, width, height)


async def test_whole_files_at_the_tiled_bounds(stores: Stores) -> None:
    rows = [(30, 60, 1, 201), (60, 30, 6, 201), (29, 60, 1, 422), (60, 29, 6, 422)]
    async with platform(stores, tiling={"rows": 2, "columns": 1}) as p:
        for index, (width, height, turn, status) in enumerate(rows):
            data = encoded(photo(width, height, seed=index), "PNG", exif=exif(turn))
            answer = await p.upload((f"{index}.png", data))
            assert answer.status_code == status, (width, height, turn)


async def test_a_project_cuts_into_fifty_rows_and_columns_at_most(stores: Stores) -> None:
    async with platform(stores) as p:
        for sides, status in ((50, 201), (51, 422)):
            grid = {"rows": sides, "columns": sides}
            body = {"name": f"grid {sides}", "task": "detection", "tiling": grid}
            answer = await p.client.post("/api/workspace/projects", json=body)
            assert answer.status_code == status


async def test_a_pale_twelve_bit_picture_is_shown_and_told(stores: Stores) -> None:
    values = np.asarray(photo(64, 48).convert("L")).astype(np.uint16) % 16
    deep = cv2.imencode(".png", values)[1].tobytes()
    async with platform(stores) as p:
        answer = await p.upload(("deep.png", deep), ("plain.jpg", jpeg(1)))
    told, plain = answer.json()["files"]
    assert (told["outcome"], plain["outcome"]) == ("created", "created")
    first, second = told["warnings"]
    assert "12-bit" in first
    assert "pale" in second
    assert plain["warnings"] == []


async def test_limits_are_those_that_uploads_meet(stores: Stores) -> None:
    async with platform(stores) as p:
        limits = (await p.client.get("/api/gallery/limits")).json()
        most = limits["plain"]["most"]
        over = await p.upload(("a.png", png_header(most["longer"] + 1, most["shorter"])))
    assert over.json()["type"] == "urn:loupe:problem:image-too-many-pixels"
    assert limits["max_file_bytes"] == 100_000_000
    assert limits["tiled"]["most"] == {"shorter": 10_000, "longer": 30_000}
    assert limits["content_types"] == ["image/jpeg", "image/png", "image/bmp"]


async def test_nothing_stays_in_staging(stores: Stores, tmp_path) -> None:
    async with platform(stores) as p:
        await p.upload(("a.jpg", jpeg(1)), ("b.jpg", jpeg(2)[:900]), ("c", b""))
        folder = tmp_path / "data" / "staging" / "gallery"
        assert list(folder.iterdir()) == []


async def test_turned_photo_is_stored_upright_and_kept_as_it_was(stores: Stores) -> None:
    data = jpeg(1, exif=exif(6))
    async with platform(stores) as p:
        image = await p.one("turned.jpg", data)
        place = f"{p.images}/{image['id']}"
        content = await p.client.get(f"{place}/content")
        original = await p.client.get(f"{place}/content", params={"original": True})
        small = await p.client.get(f"{place}/thumbnail", params={"size": 128})
    assert (image["width"], image["height"]) == (240, 320)
    assert Image.open(io.BytesIO(content.content)).size == (240, 320)
    assert original.content == data
    assert original.headers["content-disposition"].startswith("attachment")
    assert original.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(small.content)).size == (96, 128)


async def test_thumbnail_sizes(stores: Stores) -> None:
    async with platform(stores) as p:
        image = await p.one("a.jpg", jpeg(1, (2000, 1500)))
        sizes = {}
        for asked in (1, 128, 129, 256, 512, 4096):
            answer = await p.client.get(
                f"{p.images}/{image['id']}/thumbnail", params={"size": asked}
            )
            sizes[asked] = max(Image.open(io.BytesIO(answer.content)).size)
    assert sizes == {1: 128, 128: 128, 129: 256, 256: 256, 512: 512, 4096: 512}


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


def tiled_event(p: Platform, parent: dict[str, Any], key: str) -> ImageTiled:
    tiles = [
        {
            "image_id": f"tile{index}", "row": index // 2, "column": index % 2,
            "x": index % 2 * 160, "y": index // 2 * 120, "width": 160, "height": 120,
            "blob_key": key, "sha256": "tile", "content_type": "image/jpeg", "size_bytes": 9,
        }
        for index in range(4)
    ]  # fmt: skip
    return ImageTiled(
        project_id=p.project_id, parent_id=parent["id"], parent_name=parent["name"],
        plan_hash="hash", tiles=tiles,
    )  # fmt: skip


async def test_tiles_take_their_parents_place(stores: Stores) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        key = "t/default/tile"
        await stores.blobs.put(key, jpeg(2, (160, 120)))
        for _ in range(2):  # at least once
            await p.say(tiled_event(p, parent, key))
        listed = await p.get(sort="name")
        parents = await p.get(parents=True)
        detail = await p.get(f"/{parent['id']}")
        tile = await p.get("/tile3")
        for _ in range(2):  # made on first sight, then kept
            small = await p.client.get(f"{p.images}/tile3/thumbnail", params={"size": 128})
            assert Image.open(io.BytesIO(small.content)).size == (128, 96)
        await p.client.delete(f"{p.images}/{parent['id']}")
        left = await p.get()
    assert parent["tiling"] == "waiting"
    names = ["board_r1c1.jpg", "board_r1c2.jpg", "board_r2c1.jpg", "board_r2c2.jpg"]
    assert [i["name"] for i in listed["items"]] == names
    assert [i["id"] for i in parents["items"]] == [parent["id"]]
    assert (detail["tiling"], detail["tiles"]) == ("done", 4)
    assert [t["name"] for t in detail["tile_images"]] == names
    assert (tile["parent_id"], tile["offset_x"], tile["offset_y"]) == (parent["id"], 160, 120)
    assert (tile["row"], tile["column"], tile["plan_hash"]) == (1, 1, "hash")
    assert left["total"] == 0


async def test_a_cut_image_goes_with_its_last_tile(stores: Stores) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        await p.say(tiled_event(p, parent, "t/default/tile"))
        await p.client.delete(f"{p.images}/tile0")
        kept = await p.client.get(f"{p.images}/{parent['id']}")
        ids = {"ids": ["tile1", "tile2", "tile3"]}
        batch = await p.client.post(f"{p.images}:batch-delete", json=ids)
        gone = await p.client.get(f"{p.images}/{parent['id']}")
        again = await p.upload(("board.jpg", jpeg(1)))
    assert (kept.status_code, gone.status_code) == (200, 404)
    assert batch.json()["deleted"] == ids["ids"]
    assert again.json()["files"][0]["outcome"] == "created"


async def test_tiles_that_were_deleted_stay_so_when_news_of_the_cut_comes_again(
    stores: Stores,
) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        await p.say(tiled_event(p, parent, "t/default/tile"))
        await p.client.delete(f"{p.images}/tile2")
        await p.say(tiled_event(p, parent, "t/default/tile"))
        listed = await p.get(sort="name")
    assert [image["id"] for image in listed["items"]] == ["tile0", "tile1", "tile3"]


async def test_a_parent_deleted_while_its_tiles_come_in_leaves_none(stores: Stores) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        event = tiled_event(p, parent, "t/default/tile")
        deleting = stores.documents.collection(IMAGES, TenantScope("default"))
        many = [
            event.tiles[0].model_copy(update={"image_id": f"t{n}", "row": n}) for n in range(40)
        ]
        coming = asyncio.create_task(p.say(event.model_copy(update={"tiles": tuple(many)})))
        for _ in range(1000):
            if await deleting.count({"parent_id": parent["id"]}) >= 5:
                break
        await deleting.delete(await deleting.get(parent["id"]))  # as another replica would
        await coming
        left = await p.get()
    assert left["total"] == 0


async def test_image_that_cannot_be_cut_says_why(stores: Stores) -> None:
    async with platform(stores, tiling={"rows": 2, "columns": 2}) as p:
        parent = await p.one("board.jpg", jpeg(1))
        await p.say(
            TilingFailed(project_id=p.project_id, parent_id=parent["id"], reason="too small")
        )
        detail = await p.get(f"/{parent['id']}")
        assert (await p.get())["total"] == 1
    assert (detail["tiling"], detail["tiling_reason"]) == ("failed", "too small")


async def test_the_same_file_fifty_times_at_once_is_one_image(stores: Stores) -> None:
    async with platform(stores) as p:
        answers = await asyncio.gather(*(p.upload(("a.jpg", jpeg(1))) for _ in range(50)))
        listed = await p.get()
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert [answer.status_code for answer in answers].count(201) == 1
    assert listed["total"] == 1


async def test_foreign_and_missing_look_the_same(stores: Stores) -> None:
    other = credentials("other")
    async with platform(stores) as p:
        image = await p.one("a.jpg", jpeg(1))
        place = f"{p.images}/{image['id']}"
        for path in (p.images, place, f"{place}/content", f"{place}/thumbnail"):
            foreign = await p.client.get(path, headers=other)
            assert foreign.status_code == 404
            assert foreign.json()["detail"] == f"no project {p.project_id}"
        foreign = await p.client.post(p.images, files=[("files", ("a", jpeg(1)))], headers=other)
        assert foreign.status_code == 404
        missing = await p.client.get(f"{p.images}/nothing")
    assert (missing.status_code, missing.json()["detail"]) == (404, "no image nothing")


async def test_viewer_may_not_upload_and_nobody_may_without_a_token(stores: Stores) -> None:
    async with platform(stores) as p:
        file = [("files", ("a", jpeg(1)))]
        viewer = await p.client.post(p.images, files=file, headers=credentials("default", "viewer"))
        nobody = await p.client.post(p.images, files=file, headers={"Authorization": ""})
    assert (viewer.status_code, nobody.status_code) == (403, 401)


async def test_quota_is_checked_before_the_body(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_GALLERY_MAX_IMAGES", "2")
    async with platform(stores) as p:
        first = await p.upload(("a.jpg", jpeg(1)), ("b.jpg", jpeg(2)))
        over = await p.upload(("c.jpg", jpeg(3)))
    assert first.status_code == 201
    assert over.status_code == 429
    assert over.json()["type"] == "urn:loupe:problem:image-quota-exceeded"
    assert "retry-after" in over.headers
