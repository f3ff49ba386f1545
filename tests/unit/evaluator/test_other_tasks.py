"""Classification, semantic segmentation and OCR judged from stored predictions."""

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scenes import read
from sklearn import metrics
from stored import files, image

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.readers.platform_files import read_version
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.tree.identity import Identity
from services.evaluator.settings import EvaluatorSettings
from services.evaluator.work.computation import LANGUAGES, compute, rendered_html, rendered_pdf
from shared.contracts.prediction_columns import PredictionsTable
from shared.contracts.predictions import Detection, ImagePredictions, LabelMask, TextLine
from shared.contracts.shapes import IgnoreRegion, Rle, Shape
from shared.runtime.text_lines import TextLines
from shared.vision.masks import from_dense, to_text

SETTINGS = EvaluatorSettings(replicates=50)
FRUIT = ("apple", "cherry", "tomato")
PLAIN = image("a", (), (9, 9))
EVERYWHERE = Rle(size=(9, 9), counts=to_text(np.array([0, 81], np.uint32)))


def judged(manifest: bytes, predictions: bytes) -> dict[str, Any]:
    version = read_version(manifest, predictions)
    task = version.dataset.task
    options = ReportOptions(
        identity=Identity(task=task), elapsed_ms=version.elapsed_ms, replicates=50
    )
    done = compute(version, options, SETTINGS)
    assert done.matches is None
    for language in LANGUAGES:
        assert rendered_pdf(done.report, language).startswith(b"%PDF-")
        page = rendered_html(done.report, language, SETTINGS)
        assert done.report.conclusion[language] in page.decode()
    return read(done.report)


def around(document: dict[str, Any]) -> None:
    """Every overall figure lies inside its interval."""
    for name, value in document["overall"].items():
        ends = document["intervals"][name]
        assert value is None or ends["low"] <= value <= ends["high"], name


def of_image(label: str) -> tuple[Shape, ...]:
    return (Shape(id="s", label=label, kind="image"),)


def coded(pixels: np.ndarray) -> Rle:
    height, width = pixels.shape
    return Rle(size=(height, width), counts=to_text(from_dense(pixels)))


def classified(rows: list[tuple[str, tuple[float, ...]]]) -> tuple[bytes, bytes]:
    return files(
        "classification",
        FRUIT,
        [
            (
                image(f"i{k}", of_image(label), (10, 10)),
                ImagePredictions(image_id=f"i{k}", scores=scores, elapsed_ms=5.0),
            )
            for k, (label, scores) in enumerate(rows)
        ],
    )


def test_a_classification_is_judged_on_its_scores() -> None:
    rows = [("apple", (0.7, 0.2, 0.1))] * 6 + [("tomato", (0.1, 0.5, 0.4)), ("cherry", (0, 1, 0))]
    document = judged(*classified(rows))
    assert document["kind"] == "classification"
    assert document["overall"]["accuracy"] == pytest.approx(7 / 8)
    assert document["overall"]["top_2"] == 1.0
    assert document["overall"]["fps"] == pytest.approx(200)
    assert document["confusion"]["matrix"] == [[6, 0, 0], [0, 1, 0], [0, 1, 0]]
    assert [e["image_id"] for e in document["errors"]["samples"]] == ["i6"]
    around(document)


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (classified([("apple", (0.5, 0.5))]), "2 scores, 3 labels"),
        (
            files(
                "classification",
                FRUIT,
                [
                    (
                        image("a", (), (9, 9)),
                        ImagePredictions(image_id="a", scores=(1.0, 0.0, 0.0)),
                    )
                ],
            ),
            "0 labels instead of one",
        ),
        (
            files(
                "semantic_segmentation",
                ("crack",),
                [
                    (
                        image("a", (), (9, 9)),
                        ImagePredictions(
                            image_id="a",
                            label_masks=(
                                LabelMask(label="hole", rle=coded(np.ones((9, 9), bool))),
                            ),
                        ),
                    )
                ],
            ),
            "label 'hole' is unknown",
        ),
    ],
)
def test_predictions_that_do_not_fit_are_refused(manifest: tuple[bytes, bytes], says: str) -> None:
    with pytest.raises(BadSamples, match=says):
        read_version(*manifest)


def test_an_unknown_task_is_refused() -> None:
    manifest, predictions = classified([("apple", (1.0, 0.0, 0.0))])
    with pytest.raises(BadSamples, match="snapshot is damaged: Invalid enum value 'pose'"):
        read_version(manifest.replace(b'"classification"', b'"pose"'), predictions)


def test_a_segmentation_is_judged_on_its_pixels() -> None:
    """Half of a square is found; an ignore region hides what was found elsewhere."""
    square = ((10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0))
    shape = Shape(id="a", label="crack", kind="polygon", points=square)
    region = IgnoreRegion(points=((30, 30), (39, 30), (39, 39), (30, 39)))
    found = np.zeros((40, 40), bool)
    found[10:20, 10:15] = found[32:36, 32:36] = True
    document = judged(
        *files(
            "semantic_segmentation",
            ("crack",),
            [
                (
                    image("a", (shape,), (40, 40), ignore_regions=(region,)),
                    ImagePredictions(
                        image_id="a", label_masks=(LabelMask(label="crack", rle=coded(found)),)
                    ),
                )
            ],
        )
    )
    (row,) = document["labels"]
    assert row["iou"] == pytest.approx(0.5)
    assert row["dice"] == pytest.approx(2 / 3)
    assert row["ap"] is None
    assert "ap" not in row["warnings"]
    assert (row["found"], row["missed"], row["wrong"]) == (1, 0, 0)
    assert document["confusion"]["labels"] == ["background", "crack"]


def test_rotated_boxes_get_an_ap_of_their_own() -> None:
    """Turned either way a long box has the same upright one: only angles tell them apart."""
    box = (40.0, 90.0, 160.0, 110.0)
    shape = Shape(id="a", label="pin", kind="rotated_box", points=(box[:2], box[2:]), angle=45.0)

    def quality(angle: float | None) -> dict[str, Any]:
        found = Detection(label="pin", score=0.9, box=box, angle=angle)
        version = read_version(
            *files(
                "detection",
                ("pin",),
                [
                    (
                        image(f"i{k}", (shape,), (200, 200)),
                        ImagePredictions(image_id=f"i{k}", detections=(found,)),
                    )
                    for k in range(3)
                ],
            )
        )
        done = compute(version, ReportOptions(replicates=20), SETTINGS)
        document = read(done.report)
        return {**document["quality"], "map_50": document["overall"]["map_50"]}

    same, other = quality(45.0), quality(-45.0)
    assert (same["map_50"], same["map_50_rotated"], same["map_rotated"]) == (1.0, 1.0, 1.0)
    assert (other["map_50"], other["map_50_rotated"]) == (1.0, 0.0)
    assert same["intervals"]["map_50_rotated"]["high"] == 1.0


def line(text: str, top: float, *, score: float = 0.9) -> TextLine:
    return TextLine(points=_ring(top), text=text, score=score)


def _ring(top: float) -> tuple[tuple[float, float], ...]:
    return ((5.0, top), (85.0, top), (85.0, top + 9), (5.0, top + 9))


def test_text_is_judged_on_its_lines() -> None:
    shapes = _lines("TOTAL", "10.00", "CASH")
    found = (line("TOTAL", 0.0), line("1O.00", 20.0), line("NOISE", 70.0, score=0.05))
    document = judged(
        *files(
            "ocr",
            ("text",),
            [(image("a", shapes, (100, 100)), ImagePredictions(image_id="a", lines=found))],
        )
    )
    assert document["overall"]["recall"] == pytest.approx(2 / 3)
    assert document["overall"]["precision"] == 1.0
    assert document["threshold"] == 0.9
    assert document["overall"]["cer"] == pytest.approx(1 / 10)
    assert document["overall"]["cer_end_to_end"] == pytest.approx(5 / 14)
    assert document["overall"]["exact_match"] == pytest.approx(1 / 3)
    assert document["character_confusions"] == [{"truth": "0", "read": "O", "count": 1}]


def test_lines_of_the_runtime_are_judged_as_they_were_stored() -> None:
    """Two images, one row of columns each line, of as many bytes as its text takes.

    a: 日期 read as 曰期 (1 of 2 signs wrong), and a line that is not found (3 signs).
    b: AB read with a C too many (1 of 2), and 10 as it is (0 of 2), whatever space is before it.
    """
    manifest, _ = files(
        "ocr",
        ("text",),
        [
            (image(name, written, (100, 100)), ImagePredictions(image_id=name))
            for name, written in (("a", _lines("日期", "LOT")), ("b", _lines("AB", " 10")))
        ],
    )
    table = PredictionsTable("ocr", ("text",))
    table.add("a", _read((0.0, "曰期", 0.8)).columns())
    table.add("b", _read((20.0, "10", 0.9), (0.0, "ABC", 0.75), (70.0, "??", 0.1)).columns())
    document = judged(manifest, table.gathered("V1", threshold=0.0).to_bytes())
    overall = document["overall"]
    assert document["threshold"] == 0.75
    assert (overall["precision"], overall["recall"]) == (1.0, 3 / 4)
    assert overall["cer"] == pytest.approx(2 / 6)
    assert overall["cer_end_to_end"] == pytest.approx((2 + 3) / (6 + 3))
    assert overall["exact_match"] == 1 / 4
    assert document["character_confusions"] == [
        {"truth": "", "read": "C", "count": 1},
        {"truth": "日", "read": "曰", "count": 1},
    ]
    around(document)


def _lines(*texts: str) -> tuple[Shape, ...]:
    return tuple(
        Shape(id=f"s{k}", label="text", kind="polygon", points=_ring(20.0 * k), text=text)
        for k, text in enumerate(texts)
    )


def _read(*lines: tuple[float, str, float]) -> TextLines:
    """Lines (top, text, score) in falling order of score."""
    corners = np.array([_ring(top) for top, _, _ in lines], np.float32)
    scores = np.array([score for _, _, score in lines], np.float32)
    return TextLines(corners, scores, tuple(text for _, text, _ in lines))


def test_fruit_is_judged_as_scikit_learn_does(shared_data: Path) -> None:
    """Nearest mean colour of the training images: poor, and real."""
    folder = shared_data / "cls_fruit"
    with (folder / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    colours = {row["file"]: _colour(folder / row["file"]) for row in rows}
    means = [
        np.mean(
            [colours[r["file"]] for r in rows if (r["split"], r["label"]) == ("train", f)], axis=0
        )
        for f in FRUIT
    ]
    pairs, truth, scores = [], [], []
    for place, row in enumerate(row for row in rows if row["split"] == "test"):
        near = -np.array([np.linalg.norm(colours[row["file"]] - mean) for mean in means]) / 10
        score = np.exp(near - near.max()) / np.exp(near - near.max()).sum()
        truth.append(FRUIT.index(row["label"]))
        scores.append(score)
        predicted = ImagePredictions(image_id=f"i{place}", scores=tuple(score.tolist()))
        pairs.append((image(f"i{place}", of_image(row["label"]), (100, 100)), predicted))
    document = judged(*files("classification", FRUIT, pairs))
    best = np.argmax(scores, axis=1)
    overall = document["overall"]
    assert document["images"] == 90
    assert overall["accuracy"] == pytest.approx(metrics.accuracy_score(truth, best), abs=1e-9)
    assert overall["f1"] == pytest.approx(metrics.f1_score(truth, best, average="macro"), abs=1e-9)
    auc = metrics.roc_auc_score(truth, np.array(scores), multi_class="ovr")
    assert overall["auc"] == pytest.approx(auc, abs=1e-9)
    around(document)


def _colour(path: Path) -> np.ndarray:
    pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return np.asarray(pixels, np.float64)[30:70, 30:70].mean(axis=(0, 1))


def test_magnetic_tiles_are_judged_as_scikit_learn_does(shared_data: Path) -> None:
    """Everything dark is called a blowhole: poor, and real."""
    folder = shared_data / "seg_magnetic_tile"
    labels = ("Blowhole", "Break", "Crack", "Fray", "Uneven")
    names = (folder / "splits" / "test.txt").read_text().split()
    pairs, truths, founds = [], [], []
    for name in names:
        truth = cv2.imdecode(
            np.fromfile(folder / "masks_class" / f"{name}.png", np.uint8), cv2.IMREAD_UNCHANGED
        )
        grey = cv2.imdecode(
            np.fromfile(folder / "images" / f"{name}.jpg", np.uint8), cv2.IMREAD_GRAYSCALE
        )
        assert truth is not None
        assert grey is not None
        indices = _indices(truth, folder, name)
        dark = grey < grey.mean() - 2.5 * grey.std()
        shapes = tuple(
            Shape(id=label, label=label, kind="mask", rle=coded(indices == place))
            for place, label in enumerate(labels, start=1)
            if (indices == place).any()
        )
        masks = (LabelMask(label="Blowhole", rle=coded(dark)),)
        predicted = ImagePredictions(image_id=name, label_masks=masks)
        pairs.append((image(name, shapes, grey.shape), predicted))
        truths.append(indices.ravel())
        founds.append(dark.ravel().astype(np.uint8))
    document = judged(*files("semantic_segmentation", labels, pairs))
    truth, found = np.concatenate(truths), np.concatenate(founds)
    matrix = metrics.confusion_matrix(truth, found, labels=range(6))
    assert document["confusion"]["matrix"] == matrix.tolist()
    iou = metrics.jaccard_score(truth, found, labels=[1], average=None)[0]
    blowhole = next(row for row in document["labels"] if row["label"] == "Blowhole")
    assert blowhole["iou"] == pytest.approx(iou, abs=1e-12)
    assert blowhole["intervals"]["iou"]["low"] <= iou <= blowhole["intervals"]["iou"]["high"]
    around(document)


def _indices(pixels: np.ndarray, folder: Path, name: str) -> np.ndarray:
    """OpenCV unfolds a palette into colours; Pillow keeps the class indices."""
    if pixels.ndim == 2:
        return pixels
    from PIL import Image

    with Image.open(folder / "masks_class" / f"{name}.png") as file:
        return np.asarray(file)


def test_receipts_are_judged_line_by_line(shared_data: Path) -> None:
    """Real lines, read with known mistakes: every seventh is missed, every O is a zero."""
    folder = shared_data / "ocr_receipts_sroie"
    pairs = []
    lines = missed = mistakes = characters = lost = exact = 0
    for name in (folder / "splits" / "test.txt").read_text().split():
        picture = cv2.imread(str(folder / "images" / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        shapes, found = [], []
        for row in (folder / "boxes_original" / f"{name}.csv").read_text().splitlines():
            *numbers, text = row.split(",", 8)
            points = tuple(zip(map(float, numbers[::2]), map(float, numbers[1::2]), strict=True))
            shapes.append(
                Shape(id=str(lines), label="text", kind="polygon", points=points, text=text)
            )
            if lines % 7:
                found.append(TextLine(points=points, text=text.replace("O", "0"), score=0.8))
                mistakes += text.count("O")
                characters += len(text)
                exact += "O" not in text
            else:
                missed, lost = missed + 1, lost + len(text)
            lines += 1
        predicted = ImagePredictions(image_id=name, lines=tuple(found))
        pairs.append((image(name, tuple(shapes), picture.shape), predicted))
    overall = judged(*files("ocr", ("text",), pairs))["overall"]
    assert lines == 307
    assert overall["recall"] == pytest.approx((lines - missed) / lines)
    assert overall["precision"] == 1.0
    assert overall["cer"] == pytest.approx(mistakes / characters)
    assert overall["cer_end_to_end"] == pytest.approx((mistakes + lost) / (characters + lost))
    assert overall["exact_match"] == pytest.approx(exact / lines)
