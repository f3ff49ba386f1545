"""CreateML JSON, LabelImg's third format: a list of images, boxes by centre and size in pixels."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    LabelCollector,
)
from services.annotation.domain.formats.placing import add_box
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
    for index, raw in enumerate(document):
        image: KnownImage | None = None
        try:
            entry = limits.mapping(raw, f"entry {index + 1}")
            name = entry.get("image", entry.get("imagefilename"))
            if not isinstance(name, str):
                raise FormatError(f"entry {index + 1} names no image")
            image = known.named(name)
            yield ImportEntry(file, image, _boxes(entry, image).done(), "createml")
        except FormatError as error:
            yield ImportEntry(file, image, format="createml", error=str(error))


def _boxes(entry: dict[str, Any], image: KnownImage) -> LabelCollector:
    raw = entry.get("annotations", entry.get("annotation"))
    annotations = limits.sequence(raw, f"'annotations' of {image.name!r}")
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
