"""COCO instances JSON: one file for many images; boxes, polygons and run-length masks."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    LabelCollector,
)
from services.annotation.domain.formats.placing import (
    Point,
    add_box,
    add_ignore_region,
    add_polygon,
    build,
    check_size,
    clean_label,
    fit_ring,
)
from shared.contracts.shapes import Rle


def parse(document: dict[str, Any], file: str, known: KnownImages) -> Iterator[ImportEntry]:
    """Read one COCO file.

    An annotation with an outline becomes a polygon (one ring) or a mask (several rings, or run
    lengths); one without becomes a box. `iscrowd` places become ignore regions.

    Args:
        document: The parsed JSON.
        file: Its name, for the report.
        known: The images of the project; entries are matched by file name, folders ignored.

    Yields:
        One entry an image; a bad image does not spoil the others. An image without annotations is
        a negative.

    Raises:
        FormatError: The file as a whole cannot be used.
    """
    names = _categories(document.get("categories"))
    by_image: dict[object, list[Any]] = defaultdict(list)
    for raw in limits.sequence(document.get("annotations"), "'annotations'"):
        annotation = limits.mapping(raw, "an annotation")
        by_image[_key(annotation.get("image_id"))].append(annotation)
    for index, raw in enumerate(limits.sequence(document.get("images"), "'images'")):
        image: KnownImage | None = None
        try:
            entry = limits.mapping(raw, f"image {index + 1}")
            annotations = by_image.pop(_key(entry.get("id")), [])
            image = _known(entry, index, known)
            yield ImportEntry(file, image, _read(annotations, image, names).done(), "coco")
        except FormatError as error:
            yield ImportEntry(file, image, format="coco", error=str(error))
    for lost in by_image:
        yield ImportEntry(file, error=f"annotations of image id {lost!r}, which is not listed")


def _key(value: object) -> object:
    return value if isinstance(value, int | str) else None


def _categories(raw: object) -> dict[object, str]:
    names: dict[object, str] = {}
    for item in limits.sequence(raw, "'categories'"):
        category = limits.mapping(item, "a category")
        names[_key(category.get("id"))] = clean_label(category.get("name"), "a category")
    return names


def _known(entry: dict[str, Any], index: int, known: KnownImages) -> KnownImage:
    name = entry.get("file_name")
    if not isinstance(name, str):
        raise FormatError(f"image {index + 1} has no file_name")
    image = known.named(name)
    width, height = (
        0.0 if entry.get(side) is None else limits.number(entry[side], side)
        for side in ("width", "height")
    )
    check_size(image, width, height)
    return image


def _read(annotations: list[Any], image: KnownImage, names: dict[object, str]) -> LabelCollector:
    limits.count_shapes(len(annotations))
    labels = LabelCollector()
    for annotation in annotations:
        what = f"annotation {_key(annotation.get('id'))}"
        label = names.get(_key(annotation.get("category_id")))
        if label is None:
            raise FormatError(f"{what} has a category_id that 'categories' does not list")
        outline = annotation.get("segmentation")
        if annotation.get("iscrowd") in (1, True):
            _add_crowd(labels, image, annotation, what)
        elif isinstance(outline, dict):
            _add_run_lengths(labels, image, label, outline, what)
        elif outline:
            _add_rings(labels, image, label, limits.sequence(outline, f"{what}: outline"), what)
        else:
            corners = _corners(annotation, what)
            add_box(labels, image, label=label, corners=corners, what=what)
    return labels


def _corners(annotation: dict[str, Any], what: str) -> tuple[Point, Point]:
    box = limits.sequence(annotation.get("bbox"), f"{what}: 'bbox'")
    if len(box) != 4:
        raise FormatError(f"{what}: 'bbox' has {len(box)} numbers, not 4")
    x, y, w, h = (limits.number(value, f"{what}: bbox") for value in box)
    return (x, y), (x + w, y + h)


def _add_crowd(
    labels: LabelCollector, image: KnownImage, annotation: dict[str, Any], what: str
) -> None:
    (x1, y1), (x2, y2) = _corners(annotation, what)
    labels.warnings.append(f"{what} is a crowd: its box became an ignore region")
    ring = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
    add_ignore_region(labels, image, points=ring, what=what)


def _add_rings(
    labels: LabelCollector, image: KnownImage, label: str, raw_rings: list[Any], what: str
) -> None:
    rings = []
    for raw in raw_rings:
        values = [
            limits.number(value, f"{what}: outline")
            for value in limits.sequence(raw, f"{what}: outline")
        ]
        if len(values) % 2:
            raise FormatError(f"{what}: an outline has an odd number of values")
        rings.append(list(zip(values[::2], values[1::2], strict=True)))
    if len(rings) == 1:
        add_polygon(labels, image, label=label, points=rings[0], what=what)
        return
    fitted = [fit_ring(labels, image, label=label, points=ring, what=what) for ring in rings]
    kept = [[value for point in ring for value in point] for ring in fitted if ring is not None]
    if kept:
        from shared.vision import masks  # its compiled kernels load slowly; most files need none

        counts = masks.from_polygons(kept, image.height, image.width)
        rle = Rle(size=(image.height, image.width), counts=masks.to_text(counts))
        labels.shapes.append(build(what, label=label, kind="mask", rle=rle))


def _add_run_lengths(
    labels: LabelCollector, image: KnownImage, label: str, outline: dict[str, Any], what: str
) -> None:
    from shared.vision import masks  # its compiled kernels load slowly; most files need none

    if outline.get("size") != [image.height, image.width]:
        raise FormatError(f"{what}: the mask is not of the image's size")
    raw = outline.get("counts")
    try:
        if isinstance(raw, str):
            counts = masks.from_text(raw)
        else:
            runs = limits.sequence(raw, f"{what}: 'counts'")
            if not all(isinstance(run, int) and run >= 0 for run in runs):
                raise FormatError(f"{what}: 'counts' are not run lengths")
            counts = np.array(runs, np.uint32)
    except ValueError as error:
        raise FormatError(f"{what}: {error}") from None
    if int(counts.sum(dtype=np.int64)) != image.height * image.width:
        raise FormatError(f"{what}: the mask's runs do not cover the image")
    if not counts[1::2].any():
        labels.warnings.append(f"{what} ({label}) has no area and was left out")
        return
    rle = Rle(size=(image.height, image.width), counts=masks.to_text(counts))
    labels.shapes.append(build(what, label=label, kind="mask", rle=rle))
