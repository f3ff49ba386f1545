"""The fixed words on a rendered report, Chinese and English."""

from math import isnan
from typing import Literal

from services.evaluator.domain.numbers.intervals import Interval
from services.evaluator.domain.report.words import percent

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
    "pr_curve": ("P-R 曲线（IoU 0.5）", "Precision-recall curves (IoU 0.5)"),
    "roc_curve": ("ROC 曲线", "ROC curves"),
    "fpr": ("假正率", "False positive rate"),
    "tpr": ("真正率", "True positive rate"),
    "label_figures": ("分标签指标（95% 置信区间）", "Figures by label (95 % intervals)"),
    "label_thresholds": ("分标签推荐阈值", "Recommended thresholds by label"),
    "for_precision": ("减少误识别", "Fewer false detections"),
    "for_balanced": ("两者兼顾", "Both alike"),
    "for_recall": ("减少漏识别", "Fewer misses"),
    "most_confused": ("最易混淆的标签", "Labels most often confused"),
    "too_wide": ("矩阵过大，未列出；见 JSON", "too wide for this form; see the JSON"),
    "character_confusions": (
        "易混淆的字符（∅：漏掉或多出）",
        "Characters mixed up (∅: left out or inserted)",
    ),
    "readings": ("读得多严格", "How strictly it is read"),
    "case": ("大小写", "Case"),
    "spaces": ("空格", "Spaces"),
    "counts": ("计入", "counts"),
    "aside": ("不计", "left aside"),
    "line_wrong_sign": ("字符错误", "Wrong signs"),
    "line_missed": ("漏识别的行", "Missed line"),
    "line_false": ("误识别的行", "False line"),
    "wrong_signs": ("错误字符数", "Wrong signs"),
    "truth": ("真实", "Truth"),
    "predicted": ("识别为", "Taken for"),
    "times": ("次数", "Times"),
    "gain": ("AP 提升", "AP gained"),
    "by_size": ("按目标大小", "By object size"),
    "by_tile_edge": ("按切图边界", "By tile edge"),
    "group": ("分组", "Group"),
    "small": ("小目标", "small"),
    "medium": ("中等目标", "medium"),
    "large": ("大目标", "large"),
    "tile_edge": ("跨越切图边界", "cut by a tile edge"),
    "inside_tile": ("完整位于切图内", "inside a tile"),
    "regressions": ("修正过的图片（回归测试）", "Corrected images (regression tests)"),
    "state": ("状态", "State"),
    "fixed": ("已修复", "fixed"),
    "still_wrong": ("仍然错误", "still wrong"),
    "newly_broken": ("新出现错误", "newly broken"),
    "still_right": ("保持正确", "still right"),
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
    "cer": ("字符错误率", "Character error rate"),
    "cer_end_to_end": ("字符错误率（含漏识别）", "Character error rate, misses included"),
    "exact_match": ("整行正确率", "Exact lines"),
    "mean_boundary_f": ("边界 F", "Boundary F"),
    "map_small": ("mAP（小目标）", "mAP, small objects"),
    "map_medium": ("mAP（中等目标）", "mAP, medium objects"),
    "map_large": ("mAP（大目标）", "mAP, large objects"),
    "mar_1": ("平均召回率（每图每标签 1 个）", "mAR, 1 detection an image and label"),
    "mar_10": ("平均召回率（每图每标签 10 个）", "mAR, 10 detections an image and label"),
    "mar_100": ("平均召回率（每图每标签 100 个）", "mAR, 100 detections an image and label"),
    "mar_small": ("平均召回率（小目标）", "mAR, small objects"),
    "mar_medium": ("平均召回率（中等目标）", "mAR, medium objects"),
    "mar_large": ("平均召回率（大目标）", "mAR, large objects"),
    "fps": ("每秒图片数", "Images a second"),
}

COLUMNS: dict[str, tuple[str, str]] = {
    "detection_rate": ("检出率", "Detection rate"),
    "ap": ("mAP（精度）", "mAP (precision)"),
    "share": ("标注占比", "Share"),
    "count": ("标注数量（整个数据集）", "Annotations (whole data set)"),
    "evaluated": ("参与评估的目标数", "Evaluated objects"),
}
LABEL_FIGURES: dict[str, tuple[str, str]] = {
    "precision": ("精确率", "Precision"),
    "recall": ("召回率", "Recall"),
    "f1": ("F1-score", "F1"),
    "ap_50": ("AP (0.5)", "AP (0.5)"),
    "ap_50_95": ("AP (0.5:0.95)", "AP (0.5:0.95)"),
    "auc": ("AUC", "AUC"),
    "iou": ("IoU", "IoU"),
    "dice": ("Dice", "Dice"),
    "boundary_f": ("边界 F", "Boundary F"),
}
QUALITY: dict[str, tuple[str, str]] = {
    "iou": ("IoU（正确目标平均）", "IoU of right detections"),
    "tightness": ("贴合度（预测中属于目标的比例）", "Tightness: predicted area that is target"),
    "coverage": ("覆盖度（目标被预测的比例）", "Coverage: target that is predicted"),
    "boundary_iou": ("边界 IoU", "Boundary IoU"),
    "boundary_f": ("边界 F", "Boundary F"),
    "shape": ("形状准确度", "Shape accuracy"),
    "boundary_map": ("边界 mAP (0.5:0.95)", "Boundary mAP (0.5:0.95)"),
    "boundary_map_50": ("边界 mAP (0.5)", "Boundary mAP (0.5)"),
    "map_rotated": ("旋转框 mAP (0.5:0.95)", "Rotated-box mAP (0.5:0.95)"),
    "map_50_rotated": ("旋转框 mAP (0.5)", "Rotated-box mAP (0.5)"),
    "count_mean_absolute": ("每图计数误差", "Count error an image"),
    "count_bias": ("每图计数偏差", "Count bias an image"),
    "count_exact_rate": ("计数完全正确的图片", "Images counted exactly"),
}
NUMBERS = ("fps", "count", "evaluated", "quality_count_mean_absolute", "quality_count_bias")
MARKED = {"detection_rate": "rate", "ap": "ap", "share": "share", "count": "count"}


def phrase(key: str, language: Language) -> str:
    """Return one fixed phrase; an unknown key is returned as it is."""
    if key.startswith("quality_"):
        return QUALITY[key.removeprefix("quality_")][language == "en"]
    for table in (PHRASES, LABEL_FIGURES, COLUMNS, FIGURES):
        if key in table:
            return table[key][language == "en"]
    return key


def overall_phrase(key: str, language: Language) -> str:
    """Return the name of an overall figure, which may say more than that of a column."""
    return FIGURES[key][language == "en"]


def shown(key: str, value: float | None) -> str:
    """Write a figure of a report; ``–`` where it is undefined."""
    if value is None or isnan(value):
        return "–"
    if key in NUMBERS:
        return f"{value:.2f}" if isinstance(value, float) else str(value)
    return percent(float(value))


def ends(key: str, interval: Interval | None) -> str:
    """Write an interval; nothing where there is none."""
    if interval is None or isnan(interval.low):
        return ""
    return f"{shown(key, interval.low)} – {shown(key, interval.high)}"


def left_out(count: int, language: Language) -> str:
    """Say how much is not shown; nothing when all is."""
    if count <= 0:
        return ""
    return f"另有 {count} 项未列出" if language == "zh-CN" else f"{count} more are not listed"
