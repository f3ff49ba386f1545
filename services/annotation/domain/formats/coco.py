"""COCO instances JSON: one file for many images; boxes, polygons and run-length masks."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.frames import agreed, frame_of
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    LabelCollector,
)
from services.annotation.domain.formats.placement import (
    Point,
    add_ignore_region,
    add_polygon,
    add_turned,
    angle_of,
    build,
    clean_label,
    fit_ring,
    tell_shared_names,
)
from services.annotation.domain.formats.records import (
    ImageRecord,
    matched,
    record_id,
)
from shared.contracts.shapes import Rle
from shared.vision import polygons


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
    by_image = _by_image(document)
    records = list(_records(document, by_image))
    for lost in by_image:
        yield ImportEntry(file, error=f"annotations of image id {lost!r}, which is not listed")
    for found in matched(records, file, "coco", known):
        if isinstance(found, ImportEntry):
            yield found
            continue
        try:
            annotations = [a for record in found.records for a in record.annotations]
            if by_image and not annotations:
                raise FormatError(
                    "has no annotations, but the file holds some of images that it does not list:"
                    " not taken for an image without objects"
                )
            frame = agreed(frame_of(found.image, *_size(record)) for record in found.records)
            labels = _read(annotations, frame.image, names).done()
            yield ImportEntry(file, found.image, frame.upright(labels), "coco")
        except FormatError as error:
            yield ImportEntry(file, found.image, format="coco", error=found.told(error))


def _by_image(document: dict[str, Any]) -> dict[int | str, list[Any]]:
    by_image: dict[int | str, list[Any]] = defaultdict(list)
    annotations = limits.sequence(document.get("annotations"), "'annotations'")
    for index, raw in enumerate(annotations):
        what = f"annotation {index + 1}"
        annotation = limits.mapping(raw, what)
        by_image[record_id(annotation.get("image_id"), f"{what}: 'image_id'")].append(annotation)
    return by_image


def _records(
    document: dict[str, Any], by_image: dict[int | str, list[Any]]
) -> Iterator[ImageRecord]:
    """Image records in order; their annotations leave `by_image`."""
    places: dict[int | str, str] = {}
    for index, raw in enumerate(limits.sequence(document.get("images"), "'images'")):
        place = f"image {index + 1}"
        fields = limits.mapping(raw, place)
        identity = record_id(fields.get("id"), f"{place}: 'id'")
        first = places.setdefault(identity, place)
        if first != place:
            raise FormatError(f"{first} and {place} have the same id {identity!r}")
        name = fields.get("file_name")
        if not isinstance(name, str) or not name:
            raise FormatError(f"{place} has no file_name")
        yield ImageRecord(place, name, fields, tuple(by_image.pop(identity, ())))


def _categories(raw: object) -> dict[int | str, str]:
    names: dict[int | str, str] = {}
    for index, item in enumerate(limits.sequence(raw, "'categories'")):
        what = f"category {index + 1}"
        category = limits.mapping(item, what)
        identity = record_id(category.get("id"), f"{what}: 'id'")
        if identity in names:
            raise FormatError(f"{what} has the id {identity!r} of another category")
        names[identity] = clean_label(category.get("name"), what)
    return names


def _size(record: ImageRecord) -> tuple[float, float]:
    """Width and height as a record gives them; 0 where it does not."""
    width, height = (
        0.0 if record.fields.get(side) is None else limits.number(record.fields[side], side)
        for side in ("width", "height")
    )
    return width, height


def _read(annotations: list[Any], image: KnownImage, names: dict[int | str, str]) -> LabelCollector:
    limits.count_shapes(len(annotations))
    labels = LabelCollector()
    for index, annotation in enumerate(annotations):
        what = f"annotation {annotation.get('id', f'{index + 1} of the image')!s:.40}"
        label = names.get(record_id(annotation.get("category_id"), f"{what}: 'category_id'"))
        if label is None:
            raise FormatError(f"{what} has a category_id that 'categories' does not list")
        if annotation.get("keypoints"):
            labels.warnings.append(f"{what} ({label}): its key points are left out")
        outline = annotation.get("segmentation")
        if is_set(annotation.get("iscrowd")) and not _is_mask_of_cvat(annotation):
            _add_crowd(labels, image, annotation, what)
        elif _add_outline(labels, image, label, outline, what):
            continue
        elif outline and not annotation.get("bbox"):
            labels.leave_out(f"{what} ({label}) has no area and was left out")
        else:
            if outline:
                labels.warnings.append(
                    f"{what} ({label}): its outline has no area, its bbox counts"
                )
            _add_bbox(labels, image, label, annotation, what)
    tell_shared_names(labels, names.values())
    return labels


def _add_outline(
    labels: LabelCollector, image: KnownImage, label: str, outline: object, what: str
) -> bool:
    """Add an object by its outline, if that has an inside."""
    if isinstance(outline, dict):
        rle = mask_of(image, outline, what) if outline else None
        if rle is not None:
            labels.shapes.append(build(what, label=label, kind="mask", rle=rle))
        return rle is not None
    rings = _rings(outline, what)
    if rings:
        _add_rings(labels, image, label, rings, what)
    return bool(rings)


def _is_mask_of_cvat(annotation: dict[str, Any]) -> bool:
    """CVAT and Datumaro mark every mask as a crowd; COCO itself gives crowds no attributes."""
    attributes = annotation.get("attributes")
    if not isinstance(attributes, dict) or not isinstance(annotation.get("segmentation"), dict):
        return False
    return not is_set(attributes.get("is_crowd"))


def is_set(mark: object) -> bool:
    """Whether a mark of 0 or 1 is set, however a tool writes it.

    >>> [is_set(mark) for mark in (1, True, "1", "True", 0, "0", None)]
    [True, True, True, True, False, False, False]
    """
    return mark in (1, "1") or (isinstance(mark, str) and mark.strip().lower() == "true")


def _add_bbox(
    labels: LabelCollector,
    image: KnownImage,
    label: str,
    annotation: dict[str, Any],
    what: str,
) -> None:
    corners, turn = _corners(annotation, what), turn_of(labels, annotation, what)
    add_turned(labels, image, label=label, corners=corners, angle=turn, what=what)


def turn_of(labels: LabelCollector, annotation: dict[str, Any], what: str) -> float:
    """Return by how many degrees CVAT says that a box is turned, clockwise."""
    attributes = annotation.get("attributes")
    turn = attributes.get("rotation") if isinstance(attributes, dict) else None
    return angle_of(labels, turn, what) if turn else 0.0


def _rings(outline: object, what: str) -> list[list[Point]]:
    """The outline's rings that have an inside; none for an empty outline.

    Some tools write a single ring without the list around it.

    Raises:
        FormatError: It is no list of lists of pairs.
    """
    listed = limits.sequence(outline or [], f"{what}: outline")
    if listed and not any(isinstance(ring, list) for ring in listed):
        listed = [listed]
    rings = []
    for raw in listed:
        values = [
            limits.number(value, f"{what}: outline")
            for value in limits.sequence(raw, f"{what}: outline")
        ]
        if len(values) % 2:
            raise FormatError(f"{what}: an outline has an odd number of values")
        ring = list(zip(values[::2], values[1::2], strict=True))
        if polygons.has_inside(polygons.as_ring(ring)):
            rings.append(ring)
    return rings


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
    labels: LabelCollector, image: KnownImage, label: str, rings: list[list[Point]], what: str
) -> None:
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


def mask_of(image: KnownImage, outline: dict[str, Any], what: str) -> Rle | None:
    """Return a mask given by COCO's run lengths, compressed or not; None where no pixel is set.

    Raises:
        FormatError: They are none of the image's size, or no run lengths.
    """
    from shared.vision import masks  # its compiled kernels load slowly; most files need none

    if outline.get("size") != [image.height, image.width]:
        raise FormatError(f"{what}: the mask is not of the image's size")
    raw = outline.get("counts")
    if raw in ("", []):
        return None
    try:
        counts = masks.from_text(raw) if isinstance(raw, str) else _runs(raw, image, what)
    except FormatError:
        raise
    except ValueError as error:
        raise FormatError(f"{what}: {error}") from None
    if int(counts.sum(dtype=np.int64)) != image.height * image.width:
        raise FormatError(f"{what}: the mask's runs do not cover the image")
    if not counts[1::2].any():
        return None
    return Rle(size=(image.height, image.width), counts=masks.to_text(counts))


def _runs(raw: object, image: KnownImage, what: str) -> NDArray[np.uint32]:
    most = image.height * image.width
    runs = limits.sequence(raw, f"{what}: 'counts'")
    if not all(isinstance(run, int | float) and 0 <= run <= most and run % 1 == 0 for run in runs):
        raise FormatError(f"{what}: 'counts' are not run lengths")
    return np.array(runs, np.uint32)
