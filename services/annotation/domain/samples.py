"""A sample archive of each format, as the exporter writes it (C-079)."""

from services.annotation.domain.export_shapes import HOLDS, ExportFormat
from services.annotation.domain.exports import ExportedImage, ExportedProject
from services.annotation.domain.formats.model import KnownImage, KnownImages
from shared.contracts.shapes import Shape

_IMAGES = tuple(
    KnownImage(f"sample-{number}", f"part-{number}.jpg", 640, 480) for number in (1, 2, 3)
)
_SHAPES = (
    Shape(label="scratch", kind="box", points=((40, 60), (180, 110))),
    Shape(label="dent", kind="rotated_box", points=((300, 200), (400, 240)), angle=30),
    Shape(label="dent", kind="polygon", points=((420, 80), (520, 70), (540, 160), (430, 170))),
)


def sample(wanted: ExportFormat) -> ExportedProject:
    """Return a small project of what a format holds: objects, their labels, an image without any.

    >>> [len(found.shapes) for found in sample("voc").images]
    [1, 1, 0]
    """
    kept = tuple(shape for shape in _SHAPES if shape.kind in HOLDS[wanted].kept)
    drawn = (kept, kept[:1], ())
    images = [
        ExportedImage(image, shapes, (), split)
        for image, shapes, split in zip(_IMAGES, drawn, ("train", "train", "test"), strict=True)
    ]
    return ExportedProject(images, KnownImages(_IMAGES), ("scratch", "dent"))
