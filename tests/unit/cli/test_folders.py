"""A user's folder in any customary layout becomes flat, unique names with labels and splits."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from services.cli.demo.data import open_data
from services.cli.folders import Folder, NoData, read_folder
from services.cli.label_packs import pack_labels

LABELME = json.dumps({"shapes": []})


def tree(root: Path, *names: str, **contents: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LABELME if name.endswith(".json") else "x")
    for name, text in contents.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def packed(folder: Folder) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(pack_labels(folder, folder.images)))
    return {name: archive.read(name) for name in archive.namelist()}


def splits(folder: Folder) -> dict[str, str | None]:
    return {image.name: image.split for image in folder.images}


def test_what_has_no_partner_is_named_and_left_out(tmp_path: Path) -> None:
    names = ("a.jpg", "a.json", "b.jpg", "b.json", "c.jpg", "c.json", "bare.jpg", "lone.xml")
    data = open_data(tree(tmp_path, *names))
    assert data.left_out == ("bare.jpg", "lone.xml")
    assert "bare.jpg, lone.xml" in data.words()
    assert open_data(tree(tmp_path / "whole", *names[:6])).words() == ""


def test_labels_beside_their_images_with_lists(tmp_path: Path) -> None:
    folder = read_folder(
        tree(tmp_path, "a.jpg", "a.json", "b.png", "b.json", "c.bmp",
             train_DOT_txt="a\n", test_DOT_txt="b.png\n")
    )  # fmt: skip
    assert splits(folder) == {"a.jpg": "train", "b.png": "test", "c.bmp": None}
    assert set(folder.own_labels) == {"a.jpg", "b.png"}
    files = packed(folder)
    assert set(files) == {"a.json", "b.json", "train.txt", "test.txt"}
    assert files["train.txt"] == b"a.jpg\n"


def test_voc_layout_with_image_sets(tmp_path: Path) -> None:
    folder = read_folder(
        tree(tmp_path, "JPEGImages/a.jpg", "JPEGImages/b.jpg", "JPEGImages/c.jpg",
             "Annotations/a.xml", "Annotations/b.xml", "Annotations/c.xml",
             ImageSets__Main__train_DOT_txt="a\nc\n", ImageSets__Main__trainval_DOT_txt="a\nb\nc\n",
             ImageSets__Main__val_DOT_txt="b 1\n")
    )  # fmt: skip
    assert splits(folder) == {"a.jpg": "train", "b.jpg": "val", "c.jpg": "train"}
    assert {"a.xml", "b.xml", "c.xml"} <= set(packed(folder))


def test_yolo_layout_splits_by_folder_and_keeps_equal_names_apart(tmp_path: Path) -> None:
    tree(tmp_path, "images/train/1.jpg", "images/val/1.jpg", classes_DOT_txt="pit\n")
    for split in ("train", "val"):
        place = tmp_path / "labels" / split
        place.mkdir(parents=True)
        (place / "1.txt").write_text(f"0 0.5 0.5 0.1 0.1  # {split}".split("#")[0])
    folder = read_folder(tmp_path)
    assert splits(folder) == {"images_train_1.jpg": "train", "images_val_1.jpg": "val"}
    assert folder.own_labels["images_val_1.jpg"].parent.name == "val"
    assert {"classes.txt", "images_train_1.txt", "images_val_1.txt"} <= set(packed(folder))


def coco(*names: str) -> dict[str, Any]:
    images = [{"id": n, "file_name": name} for n, name in enumerate(names)]
    annotations = [{"id": n, "image_id": n, "category_id": 1} for n in range(len(names))]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a"}]}


def test_coco_files_are_reduced_to_the_wanted_images(tmp_path: Path) -> None:
    tree(tmp_path, "images/a.jpg", "images/b.jpg")
    (tmp_path / "annotations.json").write_text(json.dumps(coco("a.jpg", "b.jpg")))
    folder = read_folder(tmp_path)
    wanted = [image for image in folder.images if image.name == "b.jpg"]
    archive = zipfile.ZipFile(io.BytesIO(pack_labels(folder, wanted)))
    document = json.loads(archive.read("collection_0.json"))
    assert [image["file_name"] for image in document["images"]] == ["b.jpg"]
    assert [annotation["image_id"] for annotation in document["annotations"]] == [1]


def test_coco_files_of_equal_names_mean_the_folder_they_are_called_after(tmp_path: Path) -> None:
    tree(tmp_path, "images/train/a.jpg", "images/val/a.jpg")
    for split in ("train", "val"):
        path = tmp_path / "annotations" / f"instances_{split}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(coco("a.jpg")))
    documents = [json.loads(d) for n, d in packed(read_folder(tmp_path)).items() if "coll" in n]
    named = [image["file_name"] for document in documents for image in document["images"]]
    assert named == ["images_train_a.jpg", "images_val_a.jpg"]


def test_hidden_files_are_not_looked_at(tmp_path: Path) -> None:
    folder = read_folder(tree(tmp_path, "a.jpg", "a.json", ".thumbs/a.jpg", "__MACOSX/a.jpg"))
    assert [image.name for image in folder.images] == ["a.jpg"]


@pytest.mark.parametrize(
    ("names", "says"),
    [((), "holds no image"), (("a.json",), "holds no image"), (("a.jpg",), "no label file")],
)
def test_a_folder_with_nothing_to_work_with_is_told(
    tmp_path: Path, names: tuple[str, ...], says: str
) -> None:
    with pytest.raises(NoData, match=says):
        read_folder(tree(tmp_path, *names))
    with pytest.raises(NoData, match="not a folder"):
        read_folder(tmp_path / "nowhere")


def test_a_broken_collection_is_handed_on_for_the_report(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg")
    (tmp_path / "annotations.json").write_text("{")
    files = packed(read_folder(tmp_path))
    assert json.loads(files["collection_0.json"]) == "{"


# --- the demo's three parts ----------------------------------------------------------------------


def test_some_training_images_are_put_by_and_no_held_out_one(tmp_path: Path) -> None:
    names = [f"{n:03}" for n in range(100)]
    tree(tmp_path, *(f"{n}.jpg" for n in names), *(f"{n}.json" for n in names))
    (tmp_path / "train.txt").write_text("\n".join(names[:80]))
    (tmp_path / "test.txt").write_text("\n".join(names[80:]))
    data = open_data(tmp_path)
    assert len(data.unseen) == 12
    assert len(data.project) == 88
    assert {image.stem for image in data.unseen} < set(names[:80])
    assert not {image.name for image in data.unseen} & {image.name for image in data.project}
    assert open_data(tmp_path).unseen == data.unseen


def test_a_folder_called_unseen_is_the_unseen_part(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg", "a.json", "b.jpg", "b.json", "unseen/c.jpg", "unseen/c.json")
    data = open_data(tmp_path)
    assert [image.name for image in data.unseen] == ["c.jpg"]


def test_images_without_labels_take_no_part(tmp_path: Path) -> None:
    tree(tmp_path, *(f"{n}.jpg" for n in range(9)), *(f"{n}.json" for n in range(6)))
    data = open_data(tmp_path)
    assert len(data.project) + len(data.unseen) == 6


def test_too_few_labelled_images_are_told(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="at least three"):
        open_data(tree(tmp_path, "a.jpg", "a.json", "b.jpg", "b.json"))


SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data is not beside this tree")
@pytest.mark.parametrize(
    ("name", "images", "labelled"),
    [
        ("det_bccd", 364, 364),
        ("format_samples/yolo", 2, 2),
        ("format_samples/yolo_yaml", 3, 3),
        ("format_samples/voc_layout", 1, 1),
        ("labelme_examples/bbox_detection/data_annotated", 3, 3),
    ],
)
def test_real_folders_are_understood(name: str, images: int, labelled: int) -> None:
    folder = read_folder(SHARED / name)
    assert (len(folder.images), len(folder.own_labels)) == (images, labelled)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data is not beside this tree")
def test_the_blood_cells_lists_are_honoured() -> None:
    folder = read_folder(SHARED / "det_bccd")
    counted = [image.split for image in folder.images]
    assert [counted.count(split) for split in ("train", "val", "test")] == [205, 87, 72]
