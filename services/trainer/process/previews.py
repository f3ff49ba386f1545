"""What a model finds on a held-out image, small enough to be kept while it learns."""

from collections import Counter

from services.trainer.domain.history import Preview
from shared.contracts.result_shapes import to_shapes
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.manifest import ModelManifest
from shared.runtime.tasks.spec import Results
from shared.runtime.tasks.table import spec_of

MOST_SHAPES = 60
MOST_LABELS = 5  # of a classifier, the likeliest ones
MOST_BYTES = 48 << 10  # of one image's shapes as JSON: six images stay below 300 KiB


def preview_of(image: SnapshotImage, results: Results, manifest: ModelManifest) -> Preview:
    """What is kept of the results of an image: the best shapes that the bounds leave room for."""
    if spec_of(manifest.task).labels_whole:
        shapes = _likeliest(results, manifest.labels)
    else:
        shapes = to_shapes(image.image_id, results, manifest.labels)
    kept: list[Shape] = []
    left = MOST_BYTES
    for shape in shapes:
        size = len(shape.model_dump_json())
        if size <= left and len(kept) < MOST_SHAPES:
            kept.append(shape)
            left -= size
    return Preview(
        image_id=image.image_id,
        name=image.name,
        width=image.width,
        height=image.height,
        annotated=Counter(shape.label for shape in image.shapes),
        shapes=tuple(kept),
        left_out=len(shapes) - len(kept),
    )


def _likeliest(results: Results, labels: tuple[str, ...]) -> tuple[Shape, ...]:
    """The labels of a whole image with the highest scores, sure enough to be shown or not."""
    scores = [float(score) for score in results.columns()["scores"][0]]
    best = sorted(range(len(scores)), key=lambda index: -scores[index])[:MOST_LABELS]
    return tuple(
        Shape(label=labels[index], kind="image", score=min(max(scores[index], 0.0), 1.0))
        for index in best
    )
