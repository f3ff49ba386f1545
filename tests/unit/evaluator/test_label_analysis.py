"""The manual's own table comes out exactly: oracles O1, O2, O3 and O8 of the contract."""

from dataclasses import replace

import numpy as np
import pytest
from scenes import random_samples, read, with_masks

from services.evaluator.domain.numbers.counts import Counts, detection_rates
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.readers.coco_records import Kind
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.label_analysis import (
    LabelFigures,
    analyse,
)
from services.evaluator.domain.report.learning_curve import Estimate
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.words import percent

KINDS: tuple[Kind, ...] = ("box", "mask")
# (rate or metric in %, annotation count), in the manual's order
TABLE = [
    (99.1, 280),
    (98.5, 115),
    (98.1, 322),
    (94.1, 71),
    (84.6, 22),
    (82.4, 37),
    (80.9, 20),
    (66.3, 6),
    (30.0, 9),
]
SHARES = [31.7, 13.0, 36.5, 8.0, 2.5, 4.2, 2.3, 0.7, 1.0]


def counted(table: list[tuple[float, int]]) -> Counts:
    """A thousand times the manual's annotations, so that its rates are whole numbers of them."""
    truths = np.array([1000 * count for _, count in table], np.int64)
    found = np.array([round(10 * rate * count) for rate, count in table], np.int64)
    return Counts(found, np.zeros_like(found), truths - found)


def rows() -> list[LabelFigures]:
    return [
        LabelFigures(f"label {place}", rate / 100, rate / 100, count)
        for place, (rate, count) in enumerate(TABLE)
    ]


def test_o1_the_average_detection_rate_is_weighted_by_count() -> None:
    average, macro = detection_rates(counted(TABLE))
    assert average == pytest.approx(0.95851, abs=5e-6)
    assert percent(average) == "95.9%"
    assert macro == pytest.approx(0.8156, abs=5e-5)


def test_o1_the_headline_of_a_report_weighs_the_rates_shown_by_the_objects_shown() -> None:
    """Rate = Σ rate · evaluated / Σ evaluated over the rows of the page, and no other mean."""
    for kind in KINDS:
        given = random_samples(seed=4, labels=4)
        label = np.where(given.truths.label == 3, 3, 0)
        uneven = replace(given, truths=replace(given.truths, label=label))
        samples = with_masks(uneven) if kind == "mask" else uneven
        document = read(
            detection_report(
                evaluate(samples, kind=kind),
                ReportOptions(annotation_counts=[9, 99, 999, 19], replicates=0),
            )
        )
        known = [row for row in document["labels"] if row["evaluated"]]
        rates = [row["detection_rate"] for row in known]
        weights = [row["evaluated"] for row in known]
        overall = document["overall"]
        assert overall["average_detection_rate"] == pytest.approx(
            np.average(rates, weights=weights), abs=1e-12
        )
        macro = overall["average_detection_rate_macro"]
        assert macro == pytest.approx(np.mean(rates), abs=1e-12)
        assert abs(overall["average_detection_rate"] - macro) > 0.05
        assert sum(weights) == sum(document["curves"]["truths"])
        assert {row["count"] for row in known} == {9, 19}


def test_o2_shares_are_counts_over_all_annotations() -> None:
    table = analyse(rows())
    assert [round(row.share * 100, 1) for row in table] == SHARES


def test_o3_the_yellow_marks_are_those_of_the_manual() -> None:
    table = analyse(rows())
    marked = {name: [r for r in table if name in r.warnings] for name in ("rate", "ap")}
    assert [percent(row.figures.detection_rate) for row in marked["rate"]] == [
        *("84.6%", "82.4%", "80.9%", "66.3%", "30.0%"),
    ]
    assert marked["ap"] == marked["rate"]
    few = [row.figures.count for row in table if "count" in row.warnings]
    assert few == [22, 20, 6, 9]
    assert [row.figures.count for row in table if "share" in row.warnings] == [6, 9]


def test_c214_rows_stand_in_falling_order_of_rate() -> None:
    shuffled = rows()[::2] + rows()[1::2]
    assert [row.figures.label for row in analyse(shuffled)] == [f"label {k}" for k in range(9)]


@pytest.mark.parametrize(
    ("rates", "counts", "shown"),
    [
        ([0.953], [353], "95.3%"),
        ([0.683], [185], "68.3%"),
        ([0.998], [185], "99.8%"),
    ],
)
def test_o8_one_label_is_its_own_average(rates: list[float], counts: list[int], shown: str) -> None:
    table = [(100 * rate, count) for rate, count in zip(rates, counts, strict=True)]
    assert percent(detection_rates(counted(table))[0]) == shown


@pytest.mark.parametrize(
    ("figures", "chinese", "english"),
    [
        (LabelFigures("孔", 0.97, 0.95, 100), "无需处理", "nothing to do"),
        (LabelFigures("孔", 0.97, 0.95, 12), "请至少再标注 18 个", "annotate at least 18 more"),
        (LabelFigures("孔", 0.5, 0.5, 100), "请检查它的标注数量与标注方式", "check how many"),
        (
            LabelFigures("孔", 0.5, 0.5, 100, of_images=True),
            "的图片只有 50.0% 判断正确",
            "images of “孔” are named right",
        ),
        (
            LabelFigures("孔", 0.95, 0.7, 100, 9, of_images=True),
            "有 9 张其他标签的图片被判为“孔”",
            "9 images of other labels are taken for “孔”",
        ),
        (
            LabelFigures("孔", 0.5, 0.5, 100, 0, "划痕", 7),
            "有 7 次被识别为“划痕”",
            "taken for “划痕” 7 times",
        ),
        (
            LabelFigures("孔", 0.95, 0.7, 100, 9, threshold=0.5, precise_threshold=0.61),
            "阈值提高到 0.61",
            "raise its threshold to 0.61",
        ),
        (LabelFigures("孔", float("nan"), float("nan"), 0), "补充含有该标签的图片", "add images"),
        (
            LabelFigures("孔", 0.5, 0.5, 100, to_target=Estimate(240, 0.9, "fitted")),
            "约 240 个",
            "About 240 more",
        ),
    ],
)
def test_the_advice_says_what_to_do(figures: LabelFigures, chinese: str, english: str) -> None:
    others = [LabelFigures("其他", 0.95, 0.95, 300)]
    row = next(r for r in analyse([figures, *others]) if r.figures.label == "孔")
    assert chinese in row.advice["zh-CN"]
    assert english in row.advice["en"]


def test_no_annotations_have_no_average() -> None:
    assert np.isnan(detection_rates(counted([]))).all()
    assert np.isnan(detection_rates(counted([(0.0, 0)]))).all()


@pytest.mark.parametrize("current", [0.61, 0.8])
def test_no_threshold_is_raised_to_a_lower_one(current: float) -> None:
    figures = LabelFigures("pit", 0.95, 0.7, 100, 9, threshold=current, precise_threshold=0.61)
    said = next(
        row.advice
        for row in analyse([figures, LabelFigures("other", 0.95, 0.95, 300)])
        if row.figures is figures
    )["en"]
    assert "9 false detections" in said
    assert "0.61" not in said
