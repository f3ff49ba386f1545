"""From a predictor's results to the shapes that people see."""

from shared.contracts.shapes import Rle, Shape
from shared.ids import derived_id
from shared.runtime.tasks.spec import Results


def to_shapes(prediction_id: str, results: Results, labels: tuple[str, ...]) -> tuple[Shape, ...]:
    """Results as shapes in falling order of score; ids follow from the prediction's.

    Args:
        prediction_id: The prediction that the shapes belong to.
        results: What the model said, in pixels of the whole upright image.
        labels: Label names by index.
    """
    return tuple(
        Shape(
            id=derived_id(prediction_id, str(index)),
            label=labels[drawn.label_index],
            kind=drawn.kind,
            points=drawn.points,
            rle=None if drawn.mask is None else Rle(size=drawn.mask.size, counts=drawn.mask.counts),
            text=drawn.text,
            score=min(max(drawn.score, 0.0), 1.0),
        )
        for index, drawn in enumerate(results.drawn())
    )
