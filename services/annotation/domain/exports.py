"""Which files an export holds: label files of every format, and the lists of its splits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from services.annotation.domain.formats import (
    coco_writer,
    createml,
    labelme_writer,
    voc,
    yolo,
)
from services.annotation.domain.formats.export_names import entry_stems, image_file_name
from services.annotation.domain.formats.model import KnownImage, KnownImages
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


@dataclass(frozen=True)
class ExportedProject:
    """What an export holds.

    Attributes:
        images: Annotated images.
        known: All images of the project.
        labels: Label names in the project's order, unused ones included: class numbers stay the
            same from export to export.
    """

    images: Sequence[ExportedImage]
    known: KnownImages
    labels: Sequence[str]


def export_files(wanted: ExportFormat, project: ExportedProject) -> Iterator[tuple[str, bytes]]:
    """Write annotations as files of another tool; `labelme` loses nothing.

    VOC and CreateML hold boxes only, YOLO boxes and polygons: other shapes become the boxes around
    them. The lists `train.txt` and `test.txt` carry the split, so that an import gives it back.

    Args:
        wanted: The format.
        project: What to write.

    Yields:
        File name and content; all names differ.
    """
    images, known = project.images, project.known
    used = {shape.label for found in images for shape in found.shapes}
    names = [*project.labels, *sorted(used - set(project.labels))]
    stems = entry_stems([found.image for found in images], known)
    if wanted in ("coco", "createml"):
        yield _collection(wanted, images, known, names)
    else:
        for found in images:
            yield _one(wanted, found, stems[found.image.image_id], names)
        if wanted == "yolo":
            yield "classes.txt", "".join(f"{name}\n" for name in names).encode()
    for split in ("train", "val", "test"):
        listed = [stems[found.image.image_id] for found in images if found.split == split]
        if listed:
            yield f"{split}.txt", "".join(f"{name}\n" for name in listed).encode()


def _collection(
    wanted: ExportFormat, images: Sequence[ExportedImage], known: KnownImages, names: Sequence[str]
) -> tuple[str, bytes]:
    named = [
        (replace(found.image, name=image_file_name(found.image, known)), found.shapes)
        for found in images
    ]
    if wanted == "coco":
        return "annotations.json", coco_writer.write(named, names)
    boxes = [(image, as_boxes(shapes)) for image, shapes in named]
    return "annotations.createml.json", createml.write(boxes)


def _one(
    wanted: ExportFormat, found: ExportedImage, stem: str, names: Sequence[str]
) -> tuple[str, bytes]:
    if wanted == "voc":
        return f"{stem}.xml", voc.write(found.image, as_boxes(found.shapes))
    if wanted == "yolo":
        kept = as_boxes(found.shapes, keep_polygons=True)
        return f"{stem}.txt", yolo.write(found.image, kept, names)
    return f"{stem}.json", labelme_writer.write(found.image, found.shapes, found.ignore_regions)
