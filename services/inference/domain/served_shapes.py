"""From a predictor's arrays to the shapes that people see."""

from shared.contracts.shapes import Shape
from shared.ids import derived_id
from shared.runtime.detections import Detections


def to_shapes(
    prediction_id: str, detections: Detections, labels: tuple[str, ...]
) -> tuple[Shape, ...]:
    """Boxes as shapes in falling order of score; ids follow from the prediction's.

    Args:
        prediction_id: The prediction that the shapes belong to.
        detections: Boxes xyxy in pixels of the whole upright image.
        labels: Label names by index.
    """
    rows = zip(
        detections.boxes_xyxy.tolist(),
        detections.scores.tolist(),
        detections.label_indices.tolist(),
        strict=True,
    )
    return tuple(
        Shape(
            id=derived_id(prediction_id, str(index)),
            label=labels[label],
            kind="box",
            points=((x1, y1), (x2, y2)),
            score=min(max(score, 0.0), 1.0),
        )
        for index, ((x1, y1, x2, y2), score, label) in enumerate(rows)
    )
