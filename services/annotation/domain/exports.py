"""Which files an export holds: label files of every format, and the lists of its splits."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from services.annotation.domain.formats import (
    coco_writer,
    createml,
    labelme_writer,
    voc,
    yolo,
)
from services.annotation.domain.formats.model import KnownImage, stem_of
from services.annotation.domain.task_shapes import as_boxes
from shared.contracts.shapes import IgnoreRegion, Shape

ExportFormat = Literal["labelme", "voc", "yolo", "coco", "createml"]


@dataclass(frozen=True)
class ExportedImage:
    """An annotated image with the side that it is on."""

    image: KnownImage
    shapes: tuple[Shape, ...]
    ignore_regions: tuple[IgnoreRegion, ...]
    split: str


def export_files(
    wanted: ExportFormat, images: Sequence[ExportedImage]
) -> Iterator[tuple[str, bytes]]:
    """Write annotations as files of another tool; `labelme` loses nothing.

    VOC and CreateML hold boxes only, YOLO boxes and polygons: other shapes become the boxes around
    them. The lists `train.txt` and `test.txt` carry the split, so that an import gives it back.

    Args:
        wanted: The format.
        images: Annotated images.

    Yields:
        File name and content; all names differ.
    """
    names = sorted({shape.label for found in images for shape in found.shapes})
    stems = Counter(stem_of(found.image.name) for found in images)

    def file_of(image: KnownImage) -> str:
        stem = stem_of(image.name)
        return stem if stems[stem] == 1 else image.name

    if wanted == "coco":
        yield "annotations.json", coco_writer.write([(i.image, i.shapes) for i in images], names)
    elif wanted == "createml":
        boxes = [(found.image, as_boxes(found.shapes)) for found in images]
        yield "annotations.createml.json", createml.write(boxes)
    else:
        for found in images:
            yield _one(wanted, found, file_of(found.image), names)
        if wanted == "yolo":
            yield "classes.txt", "".join(f"{name}\n" for name in names).encode()
    for split in ("train", "val", "test"):
        listed = [file_of(found.image) for found in images if found.split == split]
        if listed:
            yield f"{split}.txt", "".join(f"{name}\n" for name in listed).encode()


def _one(
    wanted: ExportFormat, found: ExportedImage, stem: str, names: Sequence[str]
) -> tuple[str, bytes]:
    if wanted == "voc":
        return f"{stem}.xml", voc.write(found.image, as_boxes(found.shapes))
    if wanted == "yolo":
        kept = as_boxes(found.shapes, keep_polygons=True)
        return f"{stem}.txt", yolo.write(found.image, kept, names)
    return f"{stem}.json", labelme_writer.write(found.image, found.shapes, found.ignore_regions)
