"""The conclusion, the banner and the notes say what the contract wants said."""

import pytest

from services.evaluator.domain.report.label_analysis import LabelFigures, analyse
from services.evaluator.domain.report.recommendations import conclusion, notes

NAN = float("nan")


@pytest.mark.parametrize(
    ("rate", "precision", "chinese", "reason"),
    [
        (0.95, 0.93, "模型效果良好", "both good: C-099"),
        (0.95, 0.60, "误识别偏多", "precision alone is low"),
        (0.60, 0.95, "漏识别偏多", "rate alone is low"),
        (0.60, 0.50, "模型效果较差", "both low"),
        (NAN, NAN, "没有标注", "nothing to judge"),
        (0.90, 0.90, "模型效果良好", "90 % is good"),
    ],
)
def test_the_conclusion_follows_rate_and_precision(
    rate: float, precision: float, chinese: str, reason: str
) -> None:
    assert chinese in conclusion(rate, precision, [])["zh-CN"], reason


def test_the_worst_labels_are_named() -> None:
    rows = analyse([LabelFigures(f"L{k}", k / 10, k / 10, 50) for k in range(1, 10)])
    said = conclusion(0.5, 0.5, rows)
    assert said["zh-CN"].endswith("L1、L2、L3。")
    assert said["en"].endswith("L1, L2, L3.")


@pytest.mark.parametrize(
    ("images", "evaluated", "banner"), [(99, 30, True), (100, 30, False), (30, 9, True)]
)
def test_o7_under_a_hundred_images_the_report_is_for_reference_only(
    images: int, evaluated: int, banner: bool
) -> None:
    said = [note["zh-CN"] for note in notes(0.95, dataset_images=images, evaluated=evaluated)]
    assert any("仅供参考" in text for text in said) is banner
    if banner:
        assert f"只有 {images} 张图片" in said[0]
        assert f"参与评估的只有 {evaluated} 张" in said[0]


def test_a_low_rate_opens_no_gate() -> None:
    low = [n["en"] for n in notes(0.6, dataset_images=500, evaluated=150)]
    high = [n["en"] for n in notes(0.95, dataset_images=500, evaluated=150)]
    assert any("get the online figures right first" in text for text in low)
    assert not any("get the online figures right first" in text for text in high)


@pytest.mark.parametrize(("pretrained", "warned"), [(False, True), (True, False), (None, False)])
def test_a_version_that_began_from_nothing_is_warned_of(
    pretrained: bool | None, warned: bool
) -> None:
    said = notes(0.95, dataset_images=500, evaluated=150, pretrained=pretrained)
    assert any("预训练权重" in note["zh-CN"] for note in said) is warned
    assert any("without pretrained weights" in note["en"] for note in said) is warned
