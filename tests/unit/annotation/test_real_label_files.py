"""Label files that other tools wrote, against those tools' own conversions."""

import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from services.annotation.domain import task_shapes
from services.annotation.domain.formats import class_lists, coco, labelme, voc, yolo
from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import ImportEntry, KnownImage, KnownImages
from services.annotation.domain.formats.raster import decode_mask, fill_rings
from shared.contracts.shapes import Shape

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
LABELME = DATA / "labelme_examples"
SAMPLES = DATA / "format_samples"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not beside this tree")


def known(path: Path, name: str = "") -> KnownImage:
    with Image.open(path) as picture:
        return KnownImage(path.stem, name or path.name, *picture.size)


def pixels(shape: Shape, image: KnownImage) -> np.ndarray:
    if shape.rle is not None:
        return decode_mask(shape.rle)
    return fill_rings([shape.points], image.width, image.height)


@pytest.mark.parametrize("stem", ["2011_000003", "2011_000006", "2011_000025"])
def test_labelme_boxes_equal_labelme_s_own_voc_conversion(stem: str) -> None:
    folder = LABELME / "bbox_detection"
    image = known(folder / "data_annotated" / f"{stem}.jpg")
    ours = labelme.parse((folder / "data_annotated" / f"{stem}.json").read_bytes(), image)
    converted = folder / "data_dataset_voc" / "Annotations" / f"{stem}.xml"
    theirs = voc.parse(converted.read_bytes(), image)
    assert len(ours.shapes) == len(theirs.shapes) > 0
    for one, other in zip(ours.shapes, theirs.shapes, strict=True):
        assert one.label == other.label
        assert np.allclose(one.points, other.points, atol=1e-6)


def test_labelme_instances_equal_labelme_s_own_coco_conversion() -> None:
    folder = LABELME / "instance_segmentation"
    expected = json.loads((folder / "data_dataset_coco" / "annotations.json").read_bytes())
    names = {category["id"]: category["name"] for category in expected["categories"]}
    checked = 0
    for entry in expected["images"]:
        stem = Path(entry["file_name"]).stem
        image = known(folder / "data_annotated" / f"{stem}.jpg")
        ours = labelme.parse((folder / "data_annotated" / f"{stem}.json").read_bytes(), image)
        theirs = [a for a in expected["annotations"] if a["image_id"] == entry["id"]]
        areas = sorted((s.label, int(pixels(s, image).sum())) for s in ours.shapes)
        wanted = sorted(
            (names[a["category_id"]], round(a["area"]))
            for a in theirs
            if names[a["category_id"]] != "__ignore__"
        )
        assert [label for label, _ in areas] == [label for label, _ in wanted]
        # The conversion was made with a Pillow of 2020, which filled a little less of the outline.
        assert np.allclose([a for _, a in areas], [a for _, a in wanted], rtol=0.002)
        checked += len(wanted)
    assert checked > 5


@pytest.mark.parametrize("stem", ["2011_000003", "2011_000006", "2011_000025"])
def test_labelme_pixels_equal_labelme_s_own_class_masks(stem: str) -> None:
    folder = LABELME / "semantic_segmentation"
    converted = folder / "data_dataset_voc"
    names = (converted / "class_names.txt").read_text().split("\n")
    expected = np.load(converted / "SegmentationClassNpy" / f"{stem}.npy")
    image = known(folder / "data_annotated" / f"{stem}.jpg")
    read = labelme.parse((folder / "data_annotated" / f"{stem}.json").read_bytes(), image)
    drawn = np.zeros((image.height, image.width), int)
    for shape in read.shapes:
        drawn[pixels(shape, image)] = names.index(shape.label)
    ignored = fill_rings([r.points for r in read.ignore_regions], image.width, image.height)
    seen = ~ignored & (expected >= 0)
    assert (drawn[seen] == expected[seen]).mean() > 0.999
    assert (expected == -1).sum() == pytest.approx(ignored.sum(), rel=0.5)


def test_every_labelme_example_is_read() -> None:
    read = 0
    for path in sorted(LABELME.rglob("*.json")):
        document = json.loads(path.read_bytes())
        if "shapes" in document:
            image = known(path.with_suffix(".jpg"))
            labels = labelme.parse(path.read_bytes(), image)
            assert labels.shapes, path.name
            read += 1
    assert read == 18


def test_every_labelme_shape_type_is_known() -> None:
    path = LABELME / "primitives" / "primitives.json"
    labels = labelme.parse(path.read_bytes(), known(path.with_suffix(".jpg")))
    assert [s.kind for s in labels.shapes] == ["box", "polygon", "box", "polygon", "mask"]
    assert len(labels.warnings) == 3  # line, point, line strip
    octagon = next(s for s in labels.shapes if s.kind == "mask")
    assert octagon.rle is not None
    assert 100 * 100 * 0.7 < decode_mask(octagon.rle).sum() < 100 * 100


def test_blood_cells_come_in_whole_with_their_two_known_slips() -> None:
    folder = DATA / "det_bccd"
    images = [
        KnownImage(p.stem, p.name, 640, 480) for p in sorted((folder / "JPEGImages").iterdir())
    ]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as writer:
        for path in sorted((folder / "Annotations").iterdir()):
            writer.write(path, path.name)
        for path in sorted((folder / "ImageSets" / "Main").iterdir()):
            writer.write(path, path.name)
    reader = ArchiveReader(LabelArchive(target), KnownImages(images))
    entries = list(reader.entries())
    assert [entry.error for entry in entries if entry.error] == []
    assert {e.file for e in entries if e.labels and e.labels.warnings} == {
        "BloodImage_00338.xml",
        "BloodImage_00343.xml",
    }
    counts: dict[str, int] = {}
    for entry in entries:
        assert entry.labels is not None
        for shape in entry.labels.shapes:
            counts[shape.label] = counts.get(shape.label, 0) + 1
    assert counts == {"RBC": 4153, "WBC": 372, "Platelets": 361}
    splits = {s.split: len(s.images) for s in reader.splits()}
    assert splits == {"train": 205, "val": 87, "test": 72}


def test_magnetic_tiles_and_boards_are_read() -> None:
    total = 0
    for path in sorted((DATA / "seg_magnetic_tile").rglob("*.json")):
        picture = next(iter(sorted(path.parent.parent.rglob(f"{path.stem}.jpg"))))
        total += len(labelme.parse(path.read_bytes(), known(picture)).shapes)
    assert total > 140
    board = DATA / "large_pcb" / "pcb_panel_13000.json"
    image = KnownImage("board", "pcb_panel_13000.png", 7680, 11520)
    assert len(labelme.parse(board.read_bytes(), image).shapes) == 1451


def test_receipts_give_their_transcriptions() -> None:
    path = sorted((DATA / "ocr_receipts_sroie" / "images").glob("*.json"))[0]
    document = json.loads(path.read_bytes())
    image = known(path.with_suffix(".jpg"))
    entry = ImportEntry(path.name, image, labelme.parse(path.read_bytes(), image), "labelme")
    adapted = task_shapes.adapt(entry, "ocr")
    assert adapted.labels is not None
    assert [s.text for s in adapted.labels.shapes] == [s["label"] for s in document["shapes"]]


def test_samples_of_other_tools_are_read() -> None:
    picture = SAMPLES / "voc" / "val_001.jpg"
    image = known(picture)
    boxes = voc.parse((SAMPLES / "voc" / "val_001.xml").read_bytes(), image)
    assert [s.points for s in boxes.shapes] == [((0, 0), (1, 2)), ((0, 0), (9, 1))]
    wide = KnownImage("c", "C1_P11_N2_S4_2.JPG", 3264, 2358)
    real = voc.parse((SAMPLES / "labelimg_xml" / "C1_P11_N2_S4_2.xml").read_bytes(), wide)
    assert real.shapes[0].points == ((167, 28), (444, 414))
    names = class_lists.parse((SAMPLES / "yolo" / "obj.names").read_bytes(), "obj.names").names
    fractions = (SAMPLES / "yolo" / "labels" / "train" / "1.txt").read_bytes()
    one = known(SAMPLES / "yolo" / "images" / "train" / "1.jpg")
    assert [s.label for s in yolo.parse(fractions, one, names).shapes] == ["label_2", "label_4"]
    yaml = (SAMPLES / "yolo_yaml" / "data.yaml").read_bytes()
    assert class_lists.parse(yaml, "data.yaml").names == ("label_0", "label_1")
    document = json.loads(
        (SAMPLES / "coco_instances" / "annotations" / "instances_train.json").read_bytes()
    )
    train = known(SAMPLES / "coco_instances" / "images" / "train" / "a.jpg")
    (entry,) = coco.parse(document, "instances_train.json", KnownImages([train]))
    assert entry.labels is not None
    assert [(s.label, s.points) for s in entry.labels.shapes] == [("b", ((2, 2), (5, 3)))]


def test_createml_sample_boxes_are_cut_at_the_border() -> None:
    data = (SAMPLES / "createml" / "_annotations.createml.json").read_bytes()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as writer:
        writer.writestr("_annotations.createml.json", data)
    image = known(SAMPLES / "createml" / "val_001.jpg")
    reader = ArchiveReader(LabelArchive(target), KnownImages([image]))
    (entry,) = reader.entries()
    assert entry.labels is not None
    assert [s.points for s in entry.labels.shapes] == [((0, 0), (0.5, 1)), ((0, 0), (4.5, 0.5))]
    assert len(entry.labels.warnings) == 1  # one sticks out by more than a pixel


def test_voc_files_are_what_the_standard_parser_sees() -> None:
    image = KnownImage("x", "x.jpg", 640, 480)
    shape = Shape(label="RBC", kind="box", points=((1.5, 2), (30, 40)))
    root = ElementTree.fromstring(voc.write(image, [shape]))  # noqa: S314  our own bytes
    assert root.findtext("object/name") == "RBC"
    assert root.findtext("object/bndbox/xmin") == "1.5"
