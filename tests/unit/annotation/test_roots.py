"""Label files are found where people packed them, in every format, and nowhere else."""

from typing import Any

import pytest

from tests.unit.annotation.test_foreign_datasets import ROW, annotation, coco_file, opened
from tests.unit.annotation.test_label_archives import BOX, VOC

DATUMARO = {
    "categories": {"label": {"labels": [{"name": "pit"}]}},
    "items": [
        {"id": "a", "annotations": [{"type": "bbox", "label_id": 0, "bbox": [1, 2, 3, 4]}]},
    ],
}
PLACE = {"x": 20, "y": 20, "width": 10, "height": 10}
CREATEML = [{"image": "a.jpg", "annotations": [{"label": "pit", "coordinates": PLACE}]}]
YAML = "path: ..\ntrain: ../train/images\nnames: {0: pit}\n"
FORMATS: dict[str, dict[str, Any]] = {
    "labelme": {"a.json": {"shapes": [BOX]}},
    "voc": {"Annotations/a.xml": VOC, "ImageSets/Main/train.txt": "a\n"},
    "voc-flat": {"a.xml": VOC},
    "yolo": {"data.yaml": YAML, "train/labels/a.txt": ROW},
    "yolo-coco": {"data.yaml": YAML, "labels/train2017/a.txt": ROW},
    "yolo-flat": {"classes.txt": "pit", "a.txt": ROW, "train.txt": "./images/a.jpg\n"},
    "dota": {"labelTxt/a.txt": "1 1 9 1 9 9 1 9 pit 0\n"},
    "dota-flat": {"a.txt": "1 1 9 1 9 9 1 9 pit 0\n"},
    "coco": {"annotations/instances_default.json": coco_file(annotation())},
    "coco-flat": {"result.json": coco_file(annotation())},
    "createml": {"train/_annotations.createml.json": CREATEML},
    "createml-flat": {"parts.json": CREATEML},
    "datumaro": {"annotations/train.json": DATUMARO},
}
BESIDE = {
    "nothing": {},
    "a-note": {"notes.txt": "made by Li\n", "LICENSE.txt": "CC BY 4.0"},
    "a-readme": {"README.md": "# Parts", "readme.dataset.txt": "x", "README.TXT": "y"},
    "other-json": {"notes.json": '{"by": "Li"}', "package.json": "{}", "old.json": "{"},
    "a-workflow": {"docker-compose.yaml": "services: {}", "run.csv": "1,2"},
}


def read(files: dict[str, Any]) -> list[str]:
    """Names of the images that are read; nothing in the archive is refused."""
    entries, _ = opened(files)
    entries = [entry for entry in entries if entry.file != "old.json"]  # is no JSON, and told so
    assert [(entry.file, entry.error) for entry in entries if entry.error] == []
    return [entry.image.name for entry in entries if entry.image and entry.labels]


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("around", ["set/", "job 1/data set/", "data/parts/", "数据\\标注\\"])
@pytest.mark.parametrize("kind", FORMATS)
def test_folders_around_the_data_count_for_nothing(kind: str, around: str, beside: str) -> None:
    files = {f"{around}{name}": data for name, data in FORMATS[kind].items()}
    assert read({**files, **BESIDE[beside]}) == ["a.jpg"]


@pytest.mark.parametrize("kind", ["labelme", "voc-flat", "dota-flat", "yolo-flat"])
def test_a_folder_below_those_of_the_data_set_counts_for_nothing_where_all_lie_in_it(
    kind: str,
) -> None:
    inner = {
        f"labels/line 3/{name}" if name.startswith("a.") else name: data
        for name, data in FORMATS[kind].items()
    }
    assert read(inner) == ["a.jpg"]


def test_a_split_is_that_of_its_folder_whatever_lies_between() -> None:
    files = {"test/line 3/a.json": {"shapes": [BOX]}, "test/line 3/b.json": {"shapes": [BOX]}}
    _, (split,) = opened(files)
    assert (split.split, [image.name for image in split.images]) == ("test", ["a.jpg", "b.jpg"])


def test_two_sets_side_by_side_are_refused_and_told() -> None:
    entries, _ = opened({"v1/a.json": {"shapes": [BOX]}, "v2/b.json": {"shapes": [BOX]}})
    assert ["in a folder" in entry.error for entry in entries] == [True, True]
