"""CreateML JSON, LabelImg's third format: a list of images, boxes by centre and size in pixels."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.frames import frame_of
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    LabelCollector,
)
from services.annotation.domain.formats.placement import add_box
from services.annotation.domain.formats.records import ImageRecord, matched
from shared.contracts.shapes import Shape


def parse(document: list[Any], file: str, known: KnownImages) -> Iterator[ImportEntry]:
    """Read one CreateML file.

    Args:
        document: The parsed JSON.
        file: Its name, for the report.
        known: The images of the project; entries are matched by file name.

    Yields:
        One entry an image; a bad image does not spoil the others.
    """
    records = []
    for index, raw in enumerate(document):
        place = f"entry {index + 1}"
        try:
            records.append(_record(raw, place))
        except FormatError as error:
            yield ImportEntry(file, format="createml", error=str(error))
    for found in matched(records, file, "createml", known):
        if isinstance(found, ImportEntry):
            yield found
            continue
        try:
            annotations = [a for record in found.records for a in record.annotations]
            labels = _boxes(annotations, found.image)
            read = frame_of(found.image).upright(labels.done())
            yield ImportEntry(file, found.image, read, "createml")
        except FormatError as error:
            yield ImportEntry(file, found.image, format="createml", error=found.told(error))


def _record(raw: object, place: str) -> ImageRecord:
    entry = limits.mapping(raw, place)
    name = entry.get("image", entry.get("imagefilename"))
    if not isinstance(name, str) or not name:
        raise FormatError(f"{place} names no image")
    annotations = limits.sequence(
        entry.get("annotations", entry.get("annotation")), f"{place}: 'annotations'"
    )
    return ImageRecord(place, name, entry, tuple(annotations))


def _boxes(annotations: Sequence[Any], image: KnownImage) -> LabelCollector:
    limits.count_shapes(len(annotations))
    labels = LabelCollector()
    for index, item in enumerate(annotations):
        what = f"annotation {index + 1}"
        annotation = limits.mapping(item, what)
        place = limits.mapping(annotation.get("coordinates"), f"{what}: 'coordinates'")
        x, y, w, h = (
            limits.number(place.get(key), f"{what}: {key}") for key in ("x", "y", "width", "height")
        )
        corners = ((x - w / 2, y - h / 2), (x + w / 2, y + h / 2))
        label = annotation.get("label")
        if not isinstance(label, str):
            raise FormatError(f"{what} has no label name")
        add_box(labels, image, label=label, corners=corners, what=what)
    return labels


def write(images: Sequence[tuple[KnownImage, Sequence[Shape]]]) -> bytes:
    """Write one file for all images; shapes that are no boxes become the boxes around them.

    Args:
        images: Images with their shapes; `mask` and `image` shapes must be converted before.

    Returns:
        UTF-8 JSON.
    """
    document = [
        {"image": image.name, "annotations": [_annotation(shape) for shape in shapes]}
        for image, shapes in images
    ]
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _annotation(shape: Shape) -> dict[str, Any]:
    x1, y1, x2, y2 = shape.bounds()
    place = {"x": (x1 + x2) / 2, "y": (y1 + y2) / 2, "width": x2 - x1, "height": y2 - y1}
    return {"label": shape.label, "coordinates": place}
