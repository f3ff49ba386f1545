"""The figures of a whole version, task by task; rates are in [0, 1]."""

from dataclasses import dataclass

from services.evaluator.domain.numbers.figure import Figure, SomeFigure


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedOverall:
    """Figures of a detector that no threshold moves: the twelve of COCO, and its speed.

    ``map`` is the mean AP over IoU 0.50:0.95, ``mar_n`` the mean recall with ``n`` detections an
    image and label, ``fps`` images a second.
    """

    map: Figure
    map_50: Figure
    map_75: Figure
    map_small: Figure
    map_medium: Figure
    map_large: Figure
    mar_1: Figure
    mar_10: Figure
    mar_100: Figure
    mar_small: Figure
    mar_medium: Figure
    mar_large: Figure
    fps: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionOverall(FixedOverall):
    """Detection and instance segmentation, at the report's thresholds.

    ``average_detection_rate`` weighs labels by their objects, the ``_macro`` one does not; ``f1``
    is the mean over labels.
    """

    precision: Figure
    recall: Figure
    f1: Figure
    average_detection_rate: Figure
    average_detection_rate_macro: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationOverall:
    """Classification; precision, recall, F1 and AUC are means over labels.

    ``top_k`` is the share of images whose label is among the best k, for as many k as there are
    labels; ``calibration_error`` the mean gap of confidence and accuracy.
    """

    accuracy: Figure
    top_1: SomeFigure = None
    top_2: SomeFigure = None
    top_3: SomeFigure = None
    top_4: SomeFigure = None
    top_5: SomeFigure = None
    precision: Figure
    recall: Figure
    f1: Figure
    auc: Figure
    average_detection_rate: Figure
    average_detection_rate_macro: Figure
    calibration_error: Figure
    fps: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticOverall:
    """Semantic segmentation; precision, recall, F1 and detection rates are over objects."""

    mean_iou: Figure
    mean_dice: Figure
    mean_boundary_f: Figure
    pixel_accuracy: Figure
    precision: Figure
    recall: Figure
    f1: Figure
    average_detection_rate_macro: Figure
    average_detection_rate: Figure
    fps: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOverall:
    """OCR; precision, recall and F1 are over lines.

    ``cer`` is the character error rate of lines that were located, ``cer_end_to_end`` that of all
    lines, ``exact_match`` the share of all lines located and read without error.
    """

    precision: Figure
    recall: Figure
    f1: Figure
    cer: Figure
    cer_end_to_end: Figure
    exact_match: Figure
    average_detection_rate: Figure
    fps: Figure


Overall = DetectionOverall | ClassificationOverall | SemanticOverall | TextOverall
