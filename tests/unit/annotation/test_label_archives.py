"""Archives of strangers: only plain root files are read, and every file gets its own line."""

import io
import json
import struct
import zipfile

import pytest

from services.annotation.domain import task_shapes
from services.annotation.domain.formats import archive as archive_module
from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    SplitList,
)
from services.gallery.domain.names import clean_name

KNOWN = KnownImages(
    [
        KnownImage("i1", "a.jpg", 100, 80),
        KnownImage("i2", "b.jpg", 100, 80),
        KnownImage("i3", "c.png", 100, 80),
        KnownImage("i4", "twin.jpg", 100, 80),
        KnownImage("i5", "twin.png", 100, 80),
        KnownImage("i6", "train.jpg", 100, 80),
    ]
)
BOX = {"label": "scratch", "points": [[1, 1], [20, 20]], "shape_type": "rectangle"}
LABELME = json.dumps({"shapes": [BOX]})
VOC = (
    "<annotation><object><name>pit</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax>"
    "<ymax>40</ymax></bndbox></object></annotation>"
)


def packed(files: dict[str, str | bytes]) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, data in files.items():
            writer.writestr(name, data)
    return target


def read(files: dict[str, str | bytes]) -> tuple[dict[str, ImportEntry], list[SplitList]]:
    reader = ArchiveReader(LabelArchive(packed(files)), KNOWN)
    entries = {f"{entry.file}": entry for entry in reader.entries()}
    return entries, list(reader.splits())


def test_each_file_is_matched_to_its_image_by_base_name() -> None:
    entries, _ = read({"a.json": LABELME, "b.xml": VOC, "c.txt": "0 0.5 0.5 0.2 0.2",
                       "classes.txt": "stain"})  # fmt: skip
    found = {
        file: (e.image.image_id, e.format, e.labels.shapes[0].label)
        for file, e in entries.items()
        if e.image and e.labels
    }
    assert found == {
        "a.json": ("i1", "labelme", "scratch"),
        "b.xml": ("i2", "voc", "pit"),
        "c.txt": ("i3", "yolo", "stain"),
    }


@pytest.mark.parametrize(
    ("files", "file", "says"),
    [
        ({"lost.json": LABELME}, "lost.json", "no image with the base name 'lost'"),
        ({"twin.json": LABELME}, "twin.json", "2 images with the base name 'twin'"),
        ({"sub/a.json": LABELME, "b.xml": VOC}, "sub/a.json", "at the archive's root"),
        ({"../a.json": LABELME}, "../a.json", "at the archive's root"),
        ({"a.json": "{}"}, "a.json", "neither labelme, COCO, CreateML nor"),
        ({"a.csv": "x"}, "a.csv", "not a label file"),
        ({"inner.zip": b"PK"}, "inner.zip", "archive inside"),
        ({"c.txt": "0 0.5 0.5 0.2 0.2"}, "c.txt", "there are 0 class names"),
    ],
)
def test_the_report_says_which_file_and_what_is_wrong(
    files: dict[str, str | bytes], file: str, says: str
) -> None:
    entries, _ = read(files)
    assert says in entries[file].error
    assert entries[file].labels is None


@pytest.mark.parametrize(
    ("image", "entry"),
    [
        ("划痕\u3000深.png", "划痕\u3000深.json"),
        ("shot\u202fAM.png", "shot\u202fAM.json"),
        ("cam?slot=3 10:15.png", "cam?slot=3 10:15.json"),
        ("a .png", " a.json"),
        ("e\u0301.png", "\u00c9.json"),
        ("Straße.png", "STRASSE.json"),
    ],
)
def test_one_rule_of_names_holds_for_images_and_for_what_describes_them(
    image: str, entry: str
) -> None:
    known = KnownImages([KnownImage("i", clean_name(image), 64, 48)])
    archive = LabelArchive(packed({entry: LABELME}))
    (found,) = ArchiveReader(archive, known).entries()
    assert (found.error, found.image and found.image.image_id) == ("", "i")


def test_a_wrong_file_does_not_spoil_the_others() -> None:
    entries, _ = read({"a.json": LABELME, "b.json": "{", "c.json": LABELME})
    assert [entries[f"{name}.json"].labels is not None for name in "abc"] == [True, False, True]


def test_pictures_and_system_files_are_left_aside() -> None:
    entries, _ = read({"a.jpg": b"x", "__MACOSX/._a.json": b"x", ".DS_Store": b"x"})
    assert list(entries) == ["a.jpg"]
    assert entries["a.jpg"].notice
    assert not entries["a.jpg"].error


@pytest.mark.parametrize(
    "body",
    [
        "<objects><object><name>pit</name></object></objects>",
        "<Object><name>pit</name></Object>",
        "<item><name>pit</name><bndbox/></item>",
    ],
)
def test_objects_that_stand_elsewhere_make_no_negative(body: str) -> None:
    entries, _ = read({"a.xml": f"<annotation>{body}</annotation>", "b.xml": "<annotation/>"})
    assert (entries["a.xml"].labels, "not Pascal VOC" in entries["a.xml"].error) == (None, True)
    assert entries["b.xml"].labels is not None


def test_a_file_that_names_another_image_than_its_own_name_does_is_told() -> None:
    other = json.dumps({"shapes": [BOX], "imagePath": "b.jpg"})
    gone = json.dumps({"shapes": [BOX], "imagePath": "elsewhere.jpg"})
    entries, _ = read({"a.json": other, "c.json": gone})
    found = {file: entry.labels.warnings for file, entry in entries.items() if entry.labels}
    assert found["a.json"] == ("the file names the image 'b.jpg'; its own name counts: 'a.jpg'",)
    assert found["c.json"] == ()


def test_a_key_of_yaml_that_is_given_twice_is_refused_with_its_place() -> None:
    entries, _ = read({"data.yaml": "nc: 1\nnames: [pit]\nnames: [dent]", "a.txt": "0 .5 .5 .1 .1"})
    assert "'names' is given twice" in entries["data.yaml"].error
    assert entries["a.txt"].labels is None


def test_a_key_of_json_that_is_given_twice_makes_no_negative() -> None:
    entries, _ = read({"a.json": f'{{"shapes": [{json.dumps(BOX)}], "shapes": []}}'})
    assert entries["a.json"].labels is None
    assert "'shapes' is given twice" in entries["a.json"].error


@pytest.mark.parametrize(
    "name",
    [
        "/data/upload/1/0a1b2c3d-%E5%88%92%20%E7%97%95.png",
        "http://h/x/%E5%88%92%20%E7%97%95.png?sig=1",
        "0a1b2c3d-划 痕.png",
    ],
)
def test_names_as_tools_write_addresses_are_matched(name: str) -> None:
    known = KnownImages([KnownImage("i1", "划 痕.png", 9, 9), KnownImage("i2", "a%20b.png", 9, 9)])
    assert known.named(name).image_id == "i1"
    assert known.named("a%20b.png").image_id == "i2"


def test_files_of_other_purposes_are_left_aside() -> None:
    entries, _ = read(
        {
            "notes.json": json.dumps({"shift": "night"}),
            "obj.data": "classes = 2",
            "README.roboflow.txt": "a - v1\nExported by a tool",
            "._a.txt": b"\x00\x05\x16\x07",
            "a.json": LABELME,
        }
    )
    told = {file: (entry.error, bool(entry.notice)) for file, entry in entries.items()}
    assert told.pop("a.json") == ("", False)
    assert set(told.values()) == {("", True)}


def test_a_name_is_matched_but_for_its_case_where_that_is_unique() -> None:
    known = KnownImages(
        [KnownImage(f"i{n}", name, 9, 9) for n, name in enumerate(("A.JPG", "b.png", "B.png"))]
    )
    assert known.named("a.jpg").name == known.with_stem("a").name == "A.JPG"
    assert (known.named("b.png").name, known.named("B.png").name) == ("b.png", "B.png")
    with pytest.raises(FormatError, match=r"2 images named 'B\.PNG'"):
        known.named("B.PNG")


def test_between_twins_the_name_in_the_file_decides() -> None:
    document = {"shapes": [BOX], "imagePath": "..\\pictures\\twin.png"}
    voc = VOC.replace("<object>", "<filename>twin.jpg</filename><object>")
    entries, _ = read({"twin.json": json.dumps(document), "twin.xml": voc})
    images = [entry.image.name for entry in entries.values() if entry.image and entry.labels]
    assert images == ["twin.png", "twin.jpg"]


def test_lists_at_the_root_are_honoured_and_name_what_they_miss() -> None:
    entries, splits = read(
        {
            "a.json": LABELME,
            "train.txt": "a\nb.jpg\n",
            "val.txt": "JPEGImages/c.png\n",
            "test.txt": "nobody  1\n",
            "trainval.txt": "a\nb\nc\n",
        }
    )
    assert list(entries) == ["a.json"]
    assert {s.split: [i.image_id for i in s.images] for s in splits} == {
        "train": ["i1", "i2"],
        "val": ["i3"],
        "test": [],
    }
    assert next(s for s in splits if s.split == "test").unknown == ("nobody  1",)


def test_a_label_file_of_an_image_called_train_is_no_list() -> None:
    entries, splits = read({"train.txt": "0 0.5 0.5 0.2 0.2", "classes.txt": "pit"})
    assert entries["train.txt"].image == KnownImage("i6", "train.jpg", 100, 80)
    assert splits == []


def test_collections_carry_their_split_in_their_name() -> None:
    document = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}
    _, splits = read({"instances_val.json": json.dumps(document)})
    assert [(s.split, [i.image_id for i in s.images]) for s in splits] == [("val", ["i1"])]


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "not a readable zip"), (b"GIF89a" * 50, "not a readable zip")],
)
def test_what_is_no_zip_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        LabelArchive(io.BytesIO(data))


def test_encrypted_entries_links_and_doubles_are_refused() -> None:
    plain = bytearray(packed({"a.json": LABELME}).getvalue())
    central = plain.rindex(b"PK\x01\x02")
    flagged = bytearray(plain)
    flagged[central + 8] |= 1
    with pytest.raises(FormatError, match="encrypted"):
        LabelArchive(io.BytesIO(flagged))
    linked = bytearray(plain)
    linked[central + 38 : central + 42] = struct.pack("<I", 0o120777 << 16)
    with pytest.raises(FormatError, match="link"):
        LabelArchive(io.BytesIO(linked))
    with pytest.raises(FormatError, match="two entries"):
        LabelArchive(packed({"e\u0301.json": "1", "\u00e9.json": "2"}))


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_ENTRIES", 3)
    with pytest.raises(FormatError, match="4 entries"):
        LabelArchive(packed({f"{n}.json": "1" for n in range(4)}))


def test_a_bomb_is_stopped_while_it_unpacks() -> None:
    opened = LabelArchive(packed({"a.json": b" " * (8 * 2**20)}))
    with pytest.raises(FormatError, match="bomb"):
        opened.read(opened.members[0])


def test_an_entry_that_lies_about_its_size_is_stopped() -> None:
    honest = bytearray(packed({"a.json": bytes(range(256)) * 4096}).getvalue())
    central = honest.rindex(b"PK\x01\x02")
    honest[central + 24 : central + 28] = struct.pack("<I", 10)
    opened = LabelArchive(io.BytesIO(honest))
    with pytest.raises(FormatError, match="damaged"):
        opened.read(opened.members[0])


def test_entries_that_share_their_bytes_are_refused() -> None:
    plain = bytearray(packed({"a.json": LABELME, "b.json": LABELME}).getvalue())
    second = plain.rindex(b"PK\x01\x02")
    plain[second + 42 : second + 46] = struct.pack("<I", 0)
    with pytest.raises(FormatError, match="overlaps"):
        LabelArchive(io.BytesIO(plain))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_is_damaged_however_it_is_packed_spoils_no_other(method: int) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as writer:
        writer.writestr("set/unknown.json", bytes(range(256)) * 9)  # looked into for the root
        writer.writestr("set/a.json", LABELME)
    spoilt = bytearray(target.getvalue())
    spoilt[60:75] = b"\x5a" * 15
    reader = ArchiveReader(LabelArchive(io.BytesIO(spoilt)), KNOWN)
    entries = {entry.file: entry for entry in reader.entries()}
    assert "damaged in the archive" in entries["unknown.json"].error
    assert entries["a.json"].image is not None


# --- shapes of the task --------------------------------------------------------------------------


def one(files: dict[str, str | bytes], task: str) -> ImportEntry:
    (entry,) = read(files)[0].values()
    return task_shapes.adapt(entry, task)  # type: ignore[arg-type]


def test_detection_puts_a_box_around_an_outline() -> None:
    ring = {"label": "pit", "points": [[1, 1], [9, 3], [4, 8]], "shape_type": "polygon"}
    entry = one({"a.json": json.dumps({"shapes": [ring]})}, "detection")
    assert entry.labels is not None
    (shape,) = entry.labels.shapes
    assert (shape.kind, shape.points) == ("box", ((1, 1), (9, 8)))


def test_segmentation_takes_labelme_rectangles_and_refuses_labelimg() -> None:
    entry = one({"a.json": LABELME}, "instance_segmentation")
    assert entry.labels is not None
    assert entry.labels.shapes[0].kind == "polygon"
    refused = one({"a.xml": VOC}, "semantic_segmentation")
    assert "boxes only" in refused.error
    assert refused.labels is None


def test_ocr_takes_the_label_as_the_transcription() -> None:
    entry = one({"a.xml": VOC}, "ocr")
    assert entry.labels is not None
    assert [(s.label, s.text) for s in entry.labels.shapes] == [("text", "pit")]


def test_classification_wants_one_class_an_image() -> None:
    flags = {"shapes": [], "flags": {"cat": True, "dog": False}}
    entry = one({"a.json": json.dumps(flags)}, "classification")
    assert entry.labels is not None
    assert [(s.kind, s.label) for s in entry.labels.shapes] == [("image", "cat")]
    two = one({"a.json": json.dumps({"shapes": [BOX, {**BOX, "label": "pit"}]})}, "classification")
    assert "2 classes" in two.error


@pytest.mark.parametrize(
    "files",
    [
        {"a.json": json.dumps({"shapes": [], "flags": {"cat": False}})},
        {"a.txt": "", "classes.txt": "cat"},
    ],
    ids=["labelme", "yolo"],
)
def test_classification_takes_no_image_of_nothing(files: dict[str, str]) -> None:
    entry = one(files, "classification")
    assert entry.error == "names no label for the image"
    assert entry.labels is None


def test_a_word_behind_a_name_in_a_list_is_a_mark_only_where_all_have_one() -> None:
    rows = {"part.txt": "0 .5 .5 .2 .2", "classes.txt": "pit"}
    names = KnownImages([KnownImage("i1", "part.jpg", 9, 9), KnownImage("i2", "a.jpg", 9, 9)])
    for text, found in (("part 1\npart 7\n", []), ("part  1\na -1\n", ["part.jpg", "a.jpg"])):
        archive = LabelArchive(packed({**rows, "val.txt": text}))
        reader = ArchiveReader(archive, names)
        assert [entry.error for entry in reader.entries()] == [""]
        (split,) = reader.splits()
        assert [image.name for image in split.images] == found
