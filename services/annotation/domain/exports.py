"""Which files an export holds: label files of every format, the lists of its splits, its report."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.annotation.domain.export_shapes import ExportFormat, Loss, held
from services.annotation.domain.formats import (
    coco_writer,
    createml,
    datumaro_writer,
    dota,
    labelme_writer,
    voc,
    yolo,
)
from services.annotation.domain.formats.export_names import entry_stems, image_file_name
from services.annotation.domain.formats.model import (
    EXPORT_REPORT,
    OWN_MARK,
    KnownImage,
    KnownImages,
)
from shared.contracts.shapes import IgnoreRegion, Shape

_SPLITS = ("train", "val", "test")
_NUMBERED: tuple[ExportFormat, ...] = ("yolo", "yolo_seg", "yolo_obb", "dota")


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

    def names(self) -> list[str]:
        """Return the label names in order, those that no label has behind them."""
        used = {shape.label for found in self.images for shape in found.shapes}
        return [*self.labels, *sorted(used - set(self.labels))]


def export_files(wanted: ExportFormat, project: ExportedProject) -> Iterator[tuple[str, bytes]]:
    """Write annotations as files of another tool; `labelme` loses nothing.

    The lists `train.txt` and `test.txt` carry the split, so that an import gives it back; an own
    report says what the format cannot hold. An image of which nothing is left is not written: it
    would be read as one without objects.

    Args:
        wanted: The format.
        project: What to write.

    Yields:
        File name and content; all names differ.
    """
    names = project.names()
    images, losses = _held(wanted, project.images)
    stems = entry_stems([found.image for found in images], project.known)
    yield EXPORT_REPORT, _report(wanted, images, losses)
    if wanted == "datumaro":
        for split in _SPLITS:
            some = [found for found in images if found.split == split]
            if some:
                content = datumaro_writer.write(_named(some, project.known), names)
                yield f"annotations/{split}.json", content
        return
    if wanted == "coco":
        named = _named(images, project.known)
        yield "annotations.json", coco_writer.write(named, names)
    elif wanted == "createml":
        yield "annotations.createml.json", createml.write(_named(images, project.known))
    else:
        for found in images:
            yield _one(wanted, found, stems[found.image.image_id], names)
        if wanted in _NUMBERED:
            yield "classes.txt", "".join(f"{name}\n" for name in names).encode()
    for split in _SPLITS:
        listed = [stems[found.image.image_id] for found in images if found.split == split]
        if listed:
            yield f"{split}.txt", "".join(f"{name}\n" for name in listed).encode()


def _held(
    wanted: ExportFormat, images: Sequence[ExportedImage]
) -> tuple[list[ExportedImage], Counter[Loss]]:
    """Images with the shapes that a format holds of them."""
    kept, losses = [], Counter[Loss]()
    for found in images:
        shapes, lost = held(wanted, found.shapes, found.ignore_regions)
        losses += lost
        if shapes or not found.shapes:
            kept.append(replace(found, shapes=shapes))
        else:
            losses[Loss("whole_image", "nothing")] += 1
    return kept, losses


def _report(wanted: ExportFormat, images: Sequence[ExportedImage], losses: Counter[Loss]) -> bytes:
    lost = [
        {"what": loss.what, "becomes": loss.becomes, "count": losses[loss]}
        for loss in sorted(losses, key=lambda loss: (loss.what, loss.becomes))
    ]
    report = {
        "made_by": OWN_MARK,
        "format": wanted,
        "images": len(images),
        "shapes": sum(len(found.shapes) for found in images),
        "cannot_hold": lost,
    }
    return json.dumps(report, indent=1).encode()


def _named(
    images: Sequence[ExportedImage], known: KnownImages
) -> list[tuple[KnownImage, tuple[Shape, ...]]]:
    return [
        (replace(found.image, name=image_file_name(found.image, known)), found.shapes)
        for found in images
    ]


def _one(
    wanted: ExportFormat, found: ExportedImage, stem: str, names: Sequence[str]
) -> tuple[str, bytes]:
    if wanted == "voc":
        return f"{stem}.xml", voc.write(found.image, found.shapes)
    if wanted == "dota":
        return f"{stem}.txt", dota.write(found.shapes, names)
    if wanted in _NUMBERED:
        return f"{stem}.txt", yolo.write(found.image, found.shapes, names)
    return f"{stem}.json", labelme_writer.write(found.image, found.shapes, found.ignore_regions)
