"""The fixed words on a rendered report, Chinese and English."""

from typing import Any, Literal

from services.evaluator.domain.words import percent

Language = Literal["zh-CN", "en"]

PHRASES: dict[str, tuple[str, str]] = {
    "title": ("模型评估报告", "Evaluation report"),
    "reference_only": ("仅供参考", "For reference only"),
    "conclusion": ("基本结论", "Conclusion"),
    "question": ("更关注精确率还是召回率？", "Precision or recall?"),
    "overall": ("整体评估", "Overall"),
    "labels": ("分标签分析", "By label"),
    "label": ("标签", "Label"),
    "confusion": (
        "混淆矩阵（行：真实标签，列：识别结果）",
        "Confusion matrix (rows: truth, columns: found)",
    ),
    "background": ("背景", "background"),
    "f1_curve": ("不同阈值下的 F1-score", "F1 at different thresholds"),
    "threshold": ("检测阈值", "Detection threshold"),
    "iou": ("IoU 阈值", "IoU threshold"),
    "images": ("评估图片数", "Evaluated images"),
    "tide": ("错误构成（消除后 AP 的提升）", "Error kinds (AP gained if mended)"),
    "errors": ("错误示例", "Errors"),
    "traits": ("错误的共性", "What errors have in common"),
    "advice": ("建议", "What to do"),
    "version": ("版本", "Version"),
    "project": ("项目", "Project"),
    "snapshot": ("数据集快照", "Data set snapshot"),
    "interval": ("95% 置信区间", "95 % interval"),
    "quality": ("框与轮廓质量", "Outline quality"),
    "score": ("置信度", "Confidence"),
    "image": ("图片", "Image"),
    "kind": ("类型", "Kind"),
    "false_detection": ("误识别", "False detection"),
    "miss": ("漏识别", "Miss"),
    "wrong_label": ("标签错误", "Wrong label"),
    "found": ("正确", "Found"),
    "cls": ("类别错误", "Wrong label"),
    "loc": ("定位不准", "Badly placed"),
    "both": ("类别与定位都错", "Both"),
    "dupe": ("重复识别", "Duplicate"),
    "bkg": ("误识别背景", "Background"),
}

FIGURES: dict[str, tuple[str, str]] = {
    "average_detection_rate": ("平均检出率", "Average detection rate"),
    "average_detection_rate_macro": (
        "平均检出率（各标签平均）",
        "Detection rate, mean over labels",
    ),
    "map": ("mAP (0.5:0.95)", "mAP (0.5:0.95)"),
    "map_50": ("mAP (0.5)", "mAP (0.5)"),
    "map_75": ("mAP (0.75)", "mAP (0.75)"),
    "precision": ("精确率", "Precision"),
    "recall": ("召回率", "Recall"),
    "f1": ("F1-score（各标签平均）", "F1 (mean over labels)"),
    "accuracy": ("准确率", "Accuracy"),
    "top_1": ("top1 准确率", "Top-1 accuracy"),
    "top_2": ("top2 准确率", "Top-2 accuracy"),
    "top_3": ("top3 准确率", "Top-3 accuracy"),
    "top_4": ("top4 准确率", "Top-4 accuracy"),
    "top_5": ("top5 准确率", "Top-5 accuracy"),
    "auc": ("AUC", "AUC"),
    "calibration_error": ("校准误差（ECE）", "Calibration error (ECE)"),
    "mean_iou": ("平均 IoU", "Mean IoU"),
    "mean_dice": ("平均 Dice", "Mean Dice"),
    "pixel_accuracy": ("像素准确率", "Pixel accuracy"),
    "boundary_f": ("边界 F", "Boundary F"),
    "cer": ("字符错误率", "Character error rate"),
    "cer_end_to_end": ("字符错误率（含漏识别）", "Character error rate, misses included"),
    "exact_match": ("整行正确率", "Exact lines"),
    "fps": ("每秒图片数", "Images a second"),
}

COLUMNS: dict[str, tuple[str, str]] = {
    "detection_rate": ("检出率", "Detection rate"),
    "ap": ("mAP（精度）", "mAP (precision)"),
    "share": ("标注占比", "Share"),
    "count": ("标注数量", "Annotations"),
}
MARKED = {"detection_rate": "rate", "ap": "ap", "share": "share", "count": "count"}


def phrase(key: str, language: Language) -> str:
    """Return one fixed phrase; an unknown key is returned as it is."""
    for table in (PHRASES, FIGURES, COLUMNS):
        if key in table:
            return table[key][language == "en"]
    return key


def shown(key: str, value: Any) -> str:  # noqa: ANN401 - a JSON value
    """Write a figure of a report; ``–`` for null."""
    if value is None:
        return "–"
    if key in ("fps", "count"):
        return f"{value:.1f}" if isinstance(value, float) else str(value)
    return percent(float(value))


def figures(document: dict[str, Any], language: Language) -> list[tuple[str, str, str]]:
    """Name, value and interval of each overall figure that the report knows."""
    out = []
    for key in FIGURES:
        if key not in document["overall"]:
            continue
        interval = document.get("intervals", {}).get(key)
        ends = "" if not interval or interval["low"] is None else _ends(key, interval)
        out.append((phrase(key, language), shown(key, document["overall"][key]), ends))
    return out


def _ends(key: str, interval: dict[str, float]) -> str:
    return f"{shown(key, interval['low'])} – {shown(key, interval['high'])}"
