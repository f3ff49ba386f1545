"""From a predictor's arrays to the shapes that people see, and which windows an image gets."""

from dataclasses import replace

from shared.contracts.shapes import Shape
from shared.ids import derived_id
from shared.runtime.detections import Detections
from shared.runtime.manifest import ModelManifest


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


def manifest_for(manifest: ModelManifest, tile_plan_hash: str | None) -> ModelManifest | None:
    """The manifest by which an image is predicted; None where the image does not fit the model.

    A whole image (no hash) is cut by the model's own plan. A tile that was cut by the model's plan
    is looked at whole: cutting it once more would show the model smaller pieces than it learnt
    from. A tile of any other plan does not fit (C-139).
    """
    if tile_plan_hash is None:
        return manifest
    if manifest.tile_plan is None or manifest.tile_plan.hash != tile_plan_hash:
        return None
    return replace(manifest, tile_plan=None)
