"""Every format out and in again: equal, but for what the export's own report says is lost."""

import io
import json
import tracemalloc
import zipfile
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.annotation.domain.export_shapes import HOLDS, ExportFormat, Loss, held
from services.annotation.domain.exports import ExportedImage, ExportedProject, export_files
from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import ImportEntry, KnownImage, KnownImages
from services.annotation.domain.formats.outlines import outlines_of
from services.annotation.domain.formats.raster import decode_mask, encode_mask, fill_rings
from services.annotation.domain.stored_size import is_too_large
from services.annotation.domain.task_shapes import adapt
from shared.contracts.shapes import IgnoreRegion, Shape, Task
from shared.vision import rotated_boxes
from tests.unit.annotation.test_label_formats import boxes, masks, outlines, turned

IMAGES = (KnownImage("i1", "part-1.jpg", 640, 480), KnownImage("i2", "part 2.png", 640, 480))
KNOWN = KnownImages(IMAGES)
REGION = IgnoreRegion(points=((5, 5), (20, 5), (20, 30)))
FORMATS = tuple(HOLDS)
SEGMENTATION = [name for name in FORMATS if "polygon" in HOLDS[name].kept]


def exported(wanted: ExportFormat, *annotated: list[Shape]) -> bytes:
    images = [
        ExportedImage(image, tuple(shapes), (REGION,), split)
        for image, shapes, split in zip(IMAGES, annotated, ("train", "test"), strict=True)
    ]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in export_files(wanted, ExportedProject(images, KNOWN, ["scratch"])):
            archive.writestr(name, data)
    return target.getvalue()


def imported(archive: bytes, task: Task) -> tuple[dict[str, ImportEntry], dict[str, str]]:
    reader = ArchiveReader(LabelArchive(io.BytesIO(archive)), KNOWN)
    entries = [adapt(entry, task) for entry in reader.entries()]
    splits = {image.image_id: found.split for found in reader.splits() for image in found.images}
    assert [entry for entry in entries if entry.error or entry.notice] == []
    return {entry.image.image_id: entry for entry in entries if entry.image}, splits


def reported(archive: bytes) -> Counter[Loss]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        report = json.loads(opened.read("export-report.json"))
    found = {Loss(line["what"], line["becomes"]): line["count"] for line in report["cannot_hold"]}
    return Counter(found)


def corners(shape: Shape) -> list[list[float]]:
    """The outline of a shape with points, as it lies on the image."""
    if shape.kind == "polygon":
        return [list(point) for point in shape.points]
    ends = np.array(shape.points).reshape(1, 4)
    ring = rotated_boxes.corners(rotated_boxes.from_wire(ends, [shape.angle or 0]))[0]
    found: list[list[float]] = sorted(ring.round(3).tolist())
    return found


def assert_equal(read: ImportEntry, shapes: list[Shape]) -> None:
    assert read.labels is not None
    for one, other in zip(read.labels.shapes, shapes, strict=True):
        assert (one.label, one.rle, one.text) == (other.label, other.rle, other.text)
        if (one.kind, other.kind) == ("box", "rotated_box"):  # a turn of half a pixel is none
            gaps = np.abs(np.array(corners(one))[:, None] - np.array(corners(other))).max(2)
            assert max(gaps.min(0).max(), gaps.min(1).max()) <= 0.5 + 2e-3
        elif one.rle is None:
            assert np.allclose(corners(one), corners(other), atol=2e-3)


@pytest.mark.parametrize("wanted", FORMATS)
@given(one=st.lists(st.one_of(boxes(), turned()), max_size=5, unique=True), others=st.data())
@settings(max_examples=25, deadline=None)
def test_boxes_come_back_but_for_what_the_report_says(
    wanted: ExportFormat, one: list[Shape], others: st.DataObject
) -> None:
    other = others.draw(st.lists(boxes(), min_size=1, max_size=3, unique=True))
    archive = exported(wanted, one, other)
    back, splits = imported(archive, "detection")
    lost = reported(archive)
    assert splits == {"i1": "train", "i2": "test"}
    regions = 0 if wanted == "labelme" else 2
    assert lost[Loss("ignore_region", "nothing")] == regions
    kept = [shape for shape in one if shape.kind in HOLDS[wanted].kept]
    assert sum(lost.values()) - regions == len(one + other) - len(kept + boxes_of(wanted, other))
    if len(kept) == len(one) and boxes_of(wanted, other):
        assert_equal(back["i1"], one)
        assert_equal(back["i2"], other)


def boxes_of(wanted: ExportFormat, shapes: list[Shape]) -> list[Shape]:
    return [shape for shape in shapes if shape.kind in HOLDS[wanted].kept]


@pytest.mark.parametrize("wanted", SEGMENTATION)
@given(shapes=st.lists(st.one_of(outlines(), masks()), max_size=5, unique=True))
@settings(max_examples=25, deadline=None)
def test_outlines_and_masks_come_back_but_for_what_the_report_says(
    wanted: ExportFormat, shapes: list[Shape]
) -> None:
    archive = exported(wanted, shapes, [])
    back, _ = imported(archive, "instance_segmentation")
    lost = reported(archive)
    assert lost[Loss("mask", "outline")] == (
        0 if "mask" in HOLDS[wanted].kept else sum(shape.kind == "mask" for shape in shapes)
    )
    assert back["i2"].labels is not None
    assert back["i2"].labels.shapes == ()
    expected, _ = held(wanted, shapes)
    assert_equal(back["i1"], list(expected))


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("labels", [["7"], ["nan", "1e3"], ["a b", "a_b"], ["a_b_", "a b", "a_b"]])
def test_labels_come_back_by_name_even_those_like_numbers_or_like_each_other(
    wanted: ExportFormat, labels: list[str]
) -> None:
    boxes = [Shape(label=name, kind="box", points=((1, 1), (9, 5))) for name in labels]
    back, _ = imported(exported(wanted, boxes, []), "detection")
    assert back["i1"].labels is not None
    assert [shape.label for shape in back["i1"].labels.shapes] == labels


@pytest.mark.parametrize("wanted", ["labelme", "datumaro"])
def test_texts_and_labels_of_whole_images_come_back(wanted: ExportFormat) -> None:
    line = Shape(label="line", kind="box", points=((1, 1), (9, 5)), text="X-42")
    whole = Shape(label="scratch", kind="image")
    archive = exported(wanted, [line], [line])
    back, _ = imported(archive, "ocr")
    assert back["i1"].labels is not None
    assert back["i1"].labels.shapes[0].text == "X-42"
    back, _ = imported(exported(wanted, [whole], [whole]), "classification")
    assert [entry.labels and entry.labels.shapes[0].label for entry in back.values()] == [
        "scratch",
        "scratch",
    ]


@pytest.mark.parametrize("wanted", [f for f in FORMATS if "image" not in HOLDS[f].kept])
def test_an_image_of_which_nothing_is_left_is_told_and_never_written_as_a_negative(
    wanted: ExportFormat,
) -> None:
    box = Shape(label="pit", kind="box", points=((1, 1), (9, 5)))
    archive = exported(wanted, [Shape(label="scratch", kind="image")], [box])
    back, splits = imported(archive, "detection" if wanted != "yolo_seg" else "ocr")
    assert set(back) == set(splits) == {"i2"}
    assert reported(archive)[Loss("whole_image", "nothing")] == 1


@given(st.integers(0, 2**24 - 1))
@settings(max_examples=200)
def test_outlines_cover_a_mask_and_its_holes_and_no_other_pixel(bits: int) -> None:
    pixels = np.array([bits >> place & 1 for place in range(24)], np.bool_).reshape(4, 6)
    pixels = np.kron(np.pad(pixels, 1), np.ones((8, 8), np.bool_))
    found = outlines_of(encode_mask(pixels))
    assert found is not None
    # Pillow draws the edge too: a pixel less on the right and below is what lies inside.
    inset = [[(min(x, 999), min(y, 999)) for x, y in ring] for ring in found.rings]
    covered = fill_rings(inset, pixels.shape[1], pixels.shape[0])
    assert not (pixels & ~covered).any()
    area = sum(
        abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(r, r[1:] + r[:1], strict=True))) / 2
        for r in found.rings
    )
    filled = area - pixels.sum()
    assert (filled == 0) == (found.holes == 0)
    assert filled >= 0


def test_a_mask_of_parts_and_holes_is_told() -> None:
    pixels = np.zeros((480, 640), np.bool_)
    pixels[10:20, 10:20] = pixels[30:40, 30:40] = True
    pixels[14:16, 14:16] = False
    shape = Shape(label="pit", kind="mask", rle=encode_mask(pixels))
    assert shape.rle is not None
    parts, lost = held("yolo_seg", [shape])
    assert [part.bounds() for part in parts] == [(10, 10, 20, 20), (30, 30, 40, 40)]
    assert lost == {
        Loss("mask", "outline"): 1,
        Loss("hole", "filled"): 1,
        Loss("part", "object"): 2,
    }
    assert decode_mask(shape.rle)[14, 14] == np.False_


def test_masks_of_long_edges_take_no_room_for_their_edges() -> None:
    pixels = np.zeros((2000, 400), np.bool_)
    pixels[:, ::2] = True  # 800,400 edges
    code = encode_mask(pixels)
    outlines_of(encode_mask(pixels[:2, :2]))  # the kernels are loaded
    tracemalloc.start()
    found = outlines_of(code)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 32 * 2**20
    assert found is not None
    assert found.rings[-1] == ((398, 0), (399, 0), (399, 2000), (398, 2000))
    assert (len(found.rings), found.holes) == (200, 0)


def test_a_mask_that_is_noise_is_written_as_its_box_and_told() -> None:
    noise = np.random.default_rng(0).random((480, 640)) < 0.5
    shape = Shape(label="pit", kind="mask", rle=encode_mask(noise))
    archive = exported("yolo_seg", [shape], [])
    back, _ = imported(archive, "instance_segmentation")
    assert back["i1"].labels is not None
    assert [part.bounds() for part in back["i1"].labels.shapes] == [(0, 0, 640, 480)]
    assert reported(archive) == {Loss("mask", "box"): 1, Loss("ignore_region", "nothing"): 2}


def test_the_masks_of_an_image_share_its_room_and_come_back_as_one_image_holds_them() -> None:
    noise = np.zeros((480, 640), np.bool_)
    noise[::6, ::6] = True  # 8,560 parts
    shapes = [Shape(label=name, kind="mask", rle=encode_mask(noise)) for name in ("pit", "rust")]
    parts, lost = held("yolo_seg", shapes)
    assert [part.label for part in parts] == ["pit"] * 8560 + ["rust"]
    assert (lost[Loss("mask", "outline")], lost[Loss("mask", "box")]) == (1, 1)
    assert not is_too_large(parts)


def peak_bytes_of_export(images: int) -> int:
    """What the files of an export take while they are written, of images of 540 parts each."""
    pixels = np.zeros((480, 640), np.bool_)
    pixels[::24, ::24] = True
    shape = Shape(label="pit", kind="mask", rle=encode_mask(pixels))
    known = [KnownImage(f"i{n}", f"part-{n}.jpg", 640, 480) for n in range(images)]
    annotated = [ExportedImage(image, (shape,), (), "train") for image in known]
    project = ExportedProject(annotated, KnownImages(known), ["pit"])
    tracemalloc.start()
    names = [name for name, _ in export_files("yolo_seg", project)]
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(names) == images + 3
    assert names[-1] == "export-report.json"
    return peak_bytes


def test_an_export_holds_the_written_shapes_of_one_image_at_a_time() -> None:
    peak_bytes_of_export(1)  # the kernels are loaded
    assert peak_bytes_of_export(8) < 2 * peak_bytes_of_export(1)
