"""Imports and exports by their HTTP face: reports, lists, dry runs, round trips."""

import io
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.annotation.api import transfers
from services.annotation.domain.export_shapes import HOLDS, ExportFormat
from services.annotation.domain.import_report import ImportReport
from services.annotation.process.archive_parser import ArchiveParser
from services.annotation.process.parser_messages import ParsedArchive
from services.annotation.repository import ImageView
from shared.contracts.shapes import Task
from shared.hosting.stores import Stores
from tests.unit.annotation.platform import BASE, Factory, box, factory, labelme, packed


async def send(world: Factory, files: dict[str, Any], **params: Any) -> httpx.Response:
    upload = {"file": ("labels.zip", packed(files), "application/zip")}
    return await world.client.post(f"{BASE}/imports", files=upload, params=params)


async def test_a_clean_archive_is_imported_and_told(stores: Stores) -> None:
    async with factory(stores) as world:
        images = [await world.image(f"{n}.jpg") for n in "ab"]
        answer = await send(
            world,
            {"a.json": labelme("pit"), "b.json": labelme(), "train.txt": "a", "test.txt": "b"},
        )
        read = [(await world.client.get(f"{BASE}/images/{i}")).json() for i in images]
    assert answer.status_code == 201
    report = answer.json()
    assert (report["imported"], report["failed"], report["new_labels"]) == (2, 0, ["pit"])
    assert [entry["status"] for entry in report["entries"]] == ["imported", "imported"]
    assert [image["split"] for image in read] == ["train", "test"]
    assert [image["annotated"] for image in read] == [True, True]


async def test_one_wrong_file_gives_a_mixed_report(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        answer = await send(world, {"a.json": labelme("pit"), "b.json": labelme("pit")})
    assert answer.status_code == 207
    entries = {entry["file"]: entry for entry in answer.json()["entries"]}
    assert entries["a.json"]["status"] == "imported"
    assert entries["b.json"]["status"] == "failed"
    assert "no image with the base name 'b'" in entries["b.json"]["message"]
    assert "import again if it was uploaded a moment ago" in entries["b.json"]["message"]


async def test_a_report_comes_in_the_language_of_its_reader(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        world.client.headers["Accept-Language"] = "zh-CN,zh;q=0.9"
        mixed = await send(world, {"a.json": labelme("pit"), "b.json": labelme(), "c.png": b"x"})
        refused = await send(world, {"b.json": "{"})
    messages = {entry["file"]: entry["message"] for entry in mixed.json()["entries"]}
    assert messages["b.json"].startswith("图库中没有基本名为 'b'的图像：请先上传")
    assert messages["c.png"] == "图像文件；图像请上传到图库，不随标注上传"
    assert refused.json()["title"] == "没有导入任何内容"
    assert refused.json()["detail"].startswith("1 个文件中有 1 个有误；b.json：")


async def test_a_long_report_is_put_into_words_beside_the_event_loop(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    of = transfers.report_of

    def noted(*args: Any, **options: Any) -> ImportReport:
        threads.append(threading.get_ident())
        return of(*args, **options)

    monkeypatch.setattr(transfers, "report_of", noted)
    async with factory(stores) as world:
        await world.image("a.jpg")
        speaks = {"Content-Type": "application/zip", "Accept-Language": "zh-CN"}
        line = {"label": "pit", "points": [[1, 1], [9, 9]], "shape_type": "line"}
        shapes = [*labelme("pit")["shapes"], line]
        archive = packed({"a.json": {"shapes": shapes}})
        answer = await world.client.post(f"{BASE}/imports", content=archive, headers=speaks)
    assert answer.status_code == 201
    assert "没有面积" in answer.json()["entries"][0]["warnings"][0]
    assert threads != []
    assert threading.get_ident() not in threads


async def test_strict_imports_all_or_nothing(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        files = {"a.json": labelme("pit"), "b.json": labelme("pit")}
        answer = await send(world, files, strict=True)
        read = (await world.client.get(f"{BASE}/images/{image}")).json()
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:loupe:problem:nothing-imported"
    assert read["annotated"] is False


async def test_a_dry_run_reports_the_shapes_and_stores_nothing(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        answer = await send(world, {"a.json": labelme("pit")}, dry_run=True)
        read = (await world.client.get(f"{BASE}/images/{image}")).json()
        labels = (await world.client.get(f"{BASE}/labels")).json()
    assert answer.status_code == 200
    (entry,) = answer.json()["entries"]
    assert entry["status"] == "readable"
    assert entry["annotation"][0]["points"] == [[1, 1], [20, 20]]
    assert read["annotated"] is False
    assert labels["total"] == 0


async def test_the_same_archive_twice_changes_nothing(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        for _ in range(2):
            await send(world, {"a.json": labelme("pit"), "train.txt": "a"})
        read = (await world.client.get(f"{BASE}/images/{image}")).json()
    assert read["version"] == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"no zip at all", "application/zip", 422, "archive-refused"),
        (b"", "application/zip", 400, "malformed-request"),
        (b"x", "text/plain", 415, "unsupported-media"),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400, "malformed-request"),
        (b"x", "multipart/form-data", 400, "malformed-request"),
        (packed({}), "application/zip", 422, "nothing-imported"),
        (packed({"a.jpg": "x"}), "application/zip", 422, "nothing-imported"),
        (packed({"sub/a.json": "{}"}), "application/zip", 422, "nothing-imported"),
        (packed({"a.json": " " * (9 << 20)}), "application/zip", 422, "nothing-imported"),
    ],
)
async def test_what_cannot_be_imported_is_a_problem(
    stores: Stores, body: bytes, content_type: str, status: int, code: str
) -> None:
    async with factory(stores) as world:
        answer = await world.client.post(
            f"{BASE}/imports", content=body, headers={"Content-Type": content_type}
        )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:loupe:problem:{code}"


async def test_an_archive_over_the_limit_is_refused_while_it_comes(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_ANNOTATION_MAX_ARCHIVE_MIB", "1")
    async with factory(stores) as world:
        body = bytes(range(256)) * 4096 * 3
        answer = await world.client.post(
            f"{BASE}/imports", content=body, headers={"Content-Type": "application/zip"}
        )
    assert answer.status_code == 413


async def test_labels_named_before_their_images_are_heard_of_still_find_them(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        for number in range(20):
            await world.image(f"part-{number}.jpg")
        files = {f"part-{n}.json": labelme("pit") for n in range(20)}
        answer = await send(world, files)
    assert answer.status_code == 201
    assert answer.json()["imported"] == 20


EVERY_FORMAT = list(HOLDS)


@pytest.mark.parametrize("wanted", EVERY_FORMAT)
async def test_what_is_exported_can_be_imported(stores: Stores, wanted: str) -> None:
    async with factory(stores) as world:
        first, second = [await world.image(f"{n}.jpg") for n in "ab"]
        await world.put(first, box("pit"), box("划痕", at=60), split="train")
        await world.put(second, box("pit", at=100), split="test")
        exported = await world.client.get(f"{BASE}/exports", params={"format": wanted})
        again = await world.client.get(f"{BASE}/exports", params={"format": wanted})
        for image in (first, second):
            await world.put(image, split="val")
        sent = await world.client.post(
            f"{BASE}/imports",
            content=exported.content,
            headers={"Content-Type": "application/zip"},
            params={"on_conflict": "replace"},
        )
        read = [(await world.client.get(f"{BASE}/images/{i}")).json() for i in (first, second)]
    assert exported.status_code == 200
    assert exported.headers["content-type"] == "application/zip"
    assert exported.content == again.content
    assert sent.status_code == 201, sent.text
    assert [s["label"] for s in read[0]["shapes"]] == ["pit", "划痕"]
    corners = read[1]["shapes"][0]["points"]
    assert corners == [pytest.approx([100, 100]), pytest.approx([120, 120])]
    assert [image["split"] for image in read] == ["train", "test"]


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("wanted", [name for name in EVERY_FORMAT if "box" in HOLDS[name].kept])
async def test_an_export_that_comes_back_as_it_went_changes_nothing_that_its_format_holds(
    stores: Stores, wanted: ExportFormat, ignored: bool
) -> None:
    regions = [{"points": [[5, 5], [9, 5], [9, 9]]}] if ignored else []
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        shapes = box("pit", at=1 / 3, side=7.7), box("dent", at=60.1)
        await world.put(image, *shapes, ignore_regions=regions)
        sent = await world.client.get(f"{BASE}/exports", params={"format": wanted})
        back = await world.client.post(
            f"{BASE}/imports",
            content=sent.content,
            headers={"Content-Type": "application/zip"},
            params={"on_conflict": "replace"},
        )
    counts = back.json()["counts"]
    same = int(not ignored or HOLDS[wanted].ignore_regions)
    assert (counts["unchanged"], counts["replaced"]) == (same, 1 - same)


async def test_images_that_differ_by_suffix_only_keep_apart_in_an_export(stores: Stores) -> None:
    async with factory(stores) as world:
        for name in ("a.jpg", "a.png"):
            await world.put(await world.image(name), box(name[-3:]))
        exported = await world.client.get(f"{BASE}/exports")
        sent = await world.client.post(
            f"{BASE}/imports",
            content=exported.content,
            headers={"Content-Type": "application/zip"},
        )
    listed = zipfile.ZipFile(io.BytesIO(exported.content)).namelist()
    assert {"a.jpg.json", "a.png.json"} <= set(listed)
    assert sent.status_code == 201


async def exported(world: Factory, wanted: str) -> bytes:
    return (await world.client.get(f"{BASE}/exports", params={"format": wanted})).content


@pytest.mark.parametrize("wanted", EVERY_FORMAT)
async def test_images_of_any_names_are_exported_and_read_back(stores: Stores, wanted: str) -> None:
    names = ["0000.jpg", "a.jpg", "a.jpg.png", "A.JPG", "classes.jpg", "train.png", "10:15?.png"]
    async with factory(stores) as world:
        images = [await world.image(name) for name in names]
        twin = await world.image("0000.jpg", image_id="image-twin")
        for number, image in enumerate((*images, twin)):
            await world.put(image, box("pit", at=10 * number + 10))
        sent_out = await exported(world, wanted)
        for image in (*images, twin):
            await world.client.delete(f"{BASE}/images/{image}")
        body = {"content": sent_out, "headers": {"Content-Type": "application/zip"}}
        sent = await world.client.post(f"{BASE}/imports", **body)
        read = [(await world.client.get(f"{BASE}/images/{i}")).json() for i in (*images, twin)]
    listed = zipfile.ZipFile(io.BytesIO(sent_out)).namelist()
    assert len({name.casefold() for name in listed}) == len(listed)
    assert sent.status_code == 201, sent.text
    corners = [image["shapes"][0]["points"][0] for image in read]
    assert corners == [pytest.approx([at, at], abs=1e-4) for at in range(10, 90, 10)]


@pytest.mark.parametrize("wanted", EVERY_FORMAT)
async def test_the_sample_archive_of_a_format_is_imported(stores: Stores, wanted: str) -> None:
    task = "instance_segmentation" if wanted == "yolo_seg" else "detection"
    async with factory(stores, task=task) as world:
        for number in (1, 2, 3):
            await world.image(f"part-{number}.jpg")
        sample = await world.client.get(f"/api/annotation/samples/{wanted}")
        sent = await world.client.post(
            f"{BASE}/imports", content=sample.content, headers={"Content-Type": "application/zip"}
        )
    assert sample.headers["content-type"] == "application/zip"
    assert sent.status_code == 201, sent.text
    report = sent.json()
    assert (report["imported"], report["left_aside"], report["warnings"]) == (3, 0, 0)
    assert (report["counts"]["negatives"], report["new_labels"][0] != "") == (1, True)


async def test_class_numbers_are_the_projects_order_with_unused_labels(stores: Stores) -> None:
    async with factory(stores, labels=("scratch", "dent", "crack")) as world:
        await world.put(await world.image("a.jpg"), box("dent"))
        with zipfile.ZipFile(io.BytesIO(await exported(world, "yolo"))) as archive:
            classes, rows = archive.read("classes.txt"), archive.read("a.txt")
    assert classes.decode().split() == ["scratch", "dent", "crack"]
    assert rows.startswith(b"1 ")


async def test_nothing_annotated_is_nothing_to_export(stores: Stores) -> None:
    async with factory(stores) as world:
        await world.image("a.jpg")
        answer = await world.client.get(f"{BASE}/exports")
    assert answer.status_code == 409


_COCO = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]}],
    "categories": [{"id": 1, "name": "pit"}],
}


@pytest.mark.parametrize(
    "files",
    [
        {"a.txt": "0 0.5 0.5 0.1 0.1", "classes.txt": "pit"},
        {"instances.json": _COCO},
        {"a.json": labelme("pit")},
    ],
    ids=["yolo", "coco", "labelme"],
)
async def test_an_image_heard_of_behind_its_labels_is_waited_for(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, files: dict[str, Any]
) -> None:
    parse, looks = ArchiveParser.parse, 0
    async with factory(stores) as world:

        async def parse_then_hear(
            parser: ArchiveParser,
            archive: Path,
            task: Task,
            images: Sequence[ImageView],
            **_: Any,
        ) -> ParsedArchive:
            nonlocal looks
            looks += 1
            parsed = await parse(parser, archive, task, images)
            if looks == 1:
                await world.image("a.jpg")
            return parsed

        monkeypatch.setattr(ArchiveParser, "parse", parse_then_hear)
        answer = await send(world, files)
    assert (answer.status_code, answer.json()["imported"], looks) == (201, 1, 2)


@pytest.mark.parametrize(
    ("name", "encoding"), [("划痕-左", "gbk"), ("划痕-左", "utf-8"), ("Prüfung", "cp437")]
)
async def test_names_of_entries_in_an_old_encoding_find_their_image(
    stores: Stores, name: str, encoding: str
) -> None:
    stand_in = "x" * len(f"{name}.json".encode(encoding))
    raw = packed({stand_in: labelme("pit")}).replace(
        stand_in.encode(), f"{name}.json".encode(encoding)
    )
    async with factory(stores) as world:
        await world.image(f"{name}.jpg")
        answer = await world.client.post(
            f"{BASE}/imports", content=raw, headers={"Content-Type": "application/zip"}
        )
    assert answer.status_code == 201, answer.text


async def test_a_twin_behind_its_upload_is_waited_for(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`a.xml` says that it is of `a.png`; so far only `a.jpg` was heard of."""
    parse = ArchiveParser.parse
    voc = (
        "<annotation><filename>a.png</filename><object><name>pit</name><bndbox><xmin>1</xmin>"
        "<ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
    )
    async with factory(stores) as world:
        wrong = await world.image("a.jpg")

        async def parse_then_hear(
            parser: ArchiveParser,
            archive: Path,
            task: Task,
            images: Sequence[ImageView],
            **_: Any,
        ) -> ParsedArchive:
            parsed = await parse(parser, archive, task, images)
            await world.image("a.png")
            return parsed

        monkeypatch.setattr(ArchiveParser, "parse", parse_then_hear)
        report = (await send(world, {"a.xml": voc})).json()
        read = (await world.client.get(f"{BASE}/images/{wrong}")).json()
    assert [entry["image_name"] for entry in report["entries"]] == ["a.png"]
    assert read["annotated"] is False
