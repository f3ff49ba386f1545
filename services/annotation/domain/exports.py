"""Which files an export holds: label files of every format, the lists of its splits, its report."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

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


@dataclass
class _Account:
    """What an export wrote so far, and what it lost."""

    wanted: ExportFormat
    losses: Counter[Loss] = field(default_factory=Counter)
    shapes: int = 0
    written: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Image ids by split."""

    def kept(self, images: Iterable[ExportedImage]) -> Iterator[ExportedImage]:
        """Images with the shapes that the format holds of them, one at a time."""
        for found in images:
            shapes, lost = held(self.wanted, found.shapes, found.ignore_regions)
            self.losses += lost
            if found.shapes and not shapes:
                self.losses[Loss("whole_image", "nothing")] += 1
                continue
            self.shapes += len(shapes)
            self.written[found.split].append(found.image.image_id)
            yield replace(found, shapes=shapes)

    def report(self) -> bytes:
        lost = [
            {"what": loss.what, "becomes": loss.becomes, "count": self.losses[loss]}
            for loss in sorted(self.losses, key=lambda loss: (loss.what, loss.becomes))
        ]
        report = {
            "made_by": OWN_MARK,
            "format": self.wanted,
            "images": sum(len(images) for images in self.written.values()),
            "shapes": self.shapes,
            "cannot_hold": lost,
        }
        return json.dumps(report, indent=1).encode()


def export_files(wanted: ExportFormat, project: ExportedProject) -> Iterator[tuple[str, bytes]]:
    """Write annotations as files of another tool; `labelme` loses nothing that is drawn.

    The lists `train.txt` and `test.txt` carry the split, so that an import gives it back; an own
    report, the last file, says what the format cannot hold. An image of which nothing is left is
    not written: it would be read as one without objects.

    Args:
        wanted: The format.
        project: What to write.

    Yields:
        File name and content; all names differ.
    """
    account = _Account(wanted)
    if wanted == "datumaro":
        yield from _split_files(project, account)
    else:
        yield from _label_files(wanted, project, account)
    yield EXPORT_REPORT, account.report()


def _split_files(project: ExportedProject, account: _Account) -> Iterator[tuple[str, bytes]]:
    names = project.names()
    for split in _SPLITS:
        images = (found for found in project.images if found.split == split)
        named = _named(account.kept(images), project.known)
        if named:
            yield f"annotations/{split}.json", datumaro_writer.write(named, names)


def _label_files(
    wanted: ExportFormat, project: ExportedProject, account: _Account
) -> Iterator[tuple[str, bytes]]:
    names, images = project.names(), account.kept(project.images)
    stems = entry_stems([found.image for found in project.images], project.known)
    if wanted == "coco":
        yield "annotations.json", coco_writer.write(_named(images, project.known), names)
    elif wanted == "createml":
        yield "annotations.createml.json", createml.write(_named(images, project.known))
    else:
        for found in images:
            yield _one(wanted, found, stems[found.image.image_id], names)
        if wanted in _NUMBERED:
            yield "classes.txt", "".join(f"{name}\n" for name in names).encode()
    for split in _SPLITS:
        listed = [stems[image_id] for image_id in account.written[split]]
        if listed:
            yield f"{split}.txt", "".join(f"{name}\n" for name in listed).encode()


def _named(
    images: Iterable[ExportedImage], known: KnownImages
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
