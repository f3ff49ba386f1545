"""Datumaro JSON, the interchange format of Datumaro and of data sets that Geti 2 exports.

Sources of the format: Datumaro's exporter (`dm_format_version` 1.0) and Geti's, which marks images
without objects in the item's `attr` and stores a box of the whole image as a label.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.coco import is_set, mask_of, turn_of
from services.annotation.domain.formats.frames import agreed, frame_of
from services.annotation.domain.formats.model import (
    FormatError,
    ImportEntry,
    KnownImage,
    KnownImages,
    LabelCollector,
    ParsedLabels,
)
from services.annotation.domain.formats.placement import (
    Point,
    add_box,
    add_ignore_region,
    add_polygon,
    add_quad,
    add_rotated,
    add_turned,
    build,
    clean_label,
    tell_shared_names,
)
from services.annotation.domain.formats.raster import (
    decode_mask,
    encode_mask,
    fill_rings,
    mask_bounds,
    unite,
)
from services.annotation.domain.formats.records import ImageRecord, Matched, matched
from shared.contracts.names import file_name
from shared.contracts.shapes import Shape

_AREALESS = (
    *("polyline", "points", "skeleton", "caption", "cuboid_2d", "cuboid_3d"),
    *("hash_key", "feature_vector", "tabular"),
)
_ELLIPSE_POINTS = 64
_GETI_TASK = "GetiProjectTask"
_BOX_TASKS = ("detection", "rotated_detection", "segmentation", "instance_segmentation")
_EMPTY = "has_empty_label"
_OUTLINES = ("polygon", "mask")
_SAME_BOX_PX = 2.0

_Placed = tuple[str, dict[str, Any]]  # which annotation it is, for people, and what it says


@dataclass(frozen=True)
class _Labels:
    """Label names by their number; whether a label of the whole image is a box, as Geti has it."""

    names: tuple[str, ...]
    is_whole_a_box: bool

    def of(self, annotation: dict[str, Any], what: str) -> str:
        index = annotation.get("label_id")
        if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(self.names):
            return self.names[index]
        raise FormatError(f"{what} has a label_id that 'categories' does not list")


def parse(document: dict[str, Any], file: str, known: KnownImages) -> Iterator[ImportEntry]:
    """Read one Datumaro file.

    Args:
        document: The parsed JSON.
        file: Its name, for the report.
        known: The images of the project; items are matched by file name, folders ignored.

    Yields:
        One entry an image; a bad one does not spoil the others. An item without annotations is a
        negative, unless Geti wrote it and does not say so: then nobody has annotated it.

    Raises:
        FormatError: The file as a whole cannot be used.
    """
    infos = document.get("infos")
    task = infos.get(_GETI_TASK) if isinstance(infos, dict) else None
    labels = _Labels(_label_names(document.get("categories")), task in _BOX_TASKS)
    records = (
        _record(raw, f"item {index + 1}")
        for index, raw in enumerate(limits.sequence(document.get("items"), "'items'"))
    )
    for found in matched(records, file, "datumaro", known):
        if isinstance(found, ImportEntry):
            yield found
            continue
        if not any(_is_annotated(record, is_geti=task is not None) for record in found.records):
            told = "not annotated: it is not said that the image shows no object"
            yield ImportEntry(file, found.image, format="datumaro", notice=told)
            continue
        try:
            yield ImportEntry(file, found.image, _read(found, labels), "datumaro")
        except FormatError as error:
            yield ImportEntry(file, found.image, format="datumaro", error=found.told(error))


def _label_names(categories: object) -> tuple[str, ...]:
    labels = limits.mapping(categories, "'categories'").get("label")
    listed = limits.mapping(labels, "'categories.label'").get("labels")
    entries = limits.sequence(listed, "'categories.label.labels'")
    return tuple(
        clean_label(limits.mapping(entry, f"label {index}").get("name"), f"label {index}")
        for index, entry in enumerate(entries)
    )


def _record(raw: object, place: str) -> ImageRecord:
    item = limits.mapping(raw, place)
    annotations = limits.sequence(item.get("annotations", []), f"{place}: 'annotations'")
    media = item.get("image", item.get("media"))
    path = media.get("path") if isinstance(media, dict) else None
    if isinstance(path, str) and file_name(path):
        return ImageRecord(place, path, item, tuple(annotations))
    name = item.get("id")
    if not isinstance(name, str) or not file_name(name):
        raise FormatError(f"{place} names no image")
    return ImageRecord(place, name, item, tuple(annotations), is_stem=True)


def _is_annotated(record: ImageRecord, *, is_geti: bool) -> bool:
    attributes = record.fields.get("attr")
    said = attributes.get(_EMPTY) if isinstance(attributes, dict) else None
    return bool(record.annotations) or said is True or not (is_geti or said is False)


def _read(found: Matched, names: _Labels) -> ParsedLabels:
    annotations = [a for record in found.records for a in record.annotations]
    limits.count_shapes(len(annotations))
    frame = agreed(frame_of(found.image, *_size(record)) for record in found.records)
    labels = LabelCollector()
    for group in _instances(annotations):
        _add_instance(labels, frame.image, names, group)
    tell_shared_names(labels, names.names)
    return frame.upright(labels.done())


def _instances(annotations: list[Any]) -> list[list[_Placed]]:
    """Annotations in order; outlines and boxes of one label and group are together."""
    groups: dict[object, list[_Placed]] = defaultdict(list)
    for index, raw in enumerate(annotations):
        what = f"annotation {index + 1}"
        annotation = limits.mapping(raw, what)
        group, label = annotation.get("group"), annotation.get("label_id")
        joins = annotation.get("type") in (*_OUTLINES, "bbox") and isinstance(label, int)
        key = (label, group) if joins and isinstance(group, int) and group > 0 else index
        groups[key].append((what, annotation))
    return list(groups.values())


def _add_instance(
    labels: LabelCollector, image: KnownImage, names: _Labels, group: list[_Placed]
) -> None:
    """Add a group: its outlines are one object, and a box around them is none of its own."""
    outlines = [placed for placed in group if placed[1].get("type") in _OUTLINES]
    before = len(labels.shapes)
    if len(outlines) > 1:
        _add_parts(labels, image, names, outlines)
    else:
        for what, annotation in outlines:
            _add(labels, image, names, annotation, what)
    drawn = labels.shapes[before:]
    for what, annotation in group:
        if annotation.get("type") in _OUTLINES:
            continue
        _add(labels, image, names, annotation, what)
        if drawn and labels.shapes[-1] is not drawn[-1] and _is_around(labels.shapes[-1], drawn[0]):
            labels.shapes.pop()


def _add_parts(
    labels: LabelCollector, image: KnownImage, names: _Labels, outlines: list[_Placed]
) -> None:
    """Add several outlines of one object as one mask."""
    parts, label = LabelCollector(), names.of(outlines[0][1], outlines[0][0])
    for what, annotation in outlines:
        if annotation["type"] == "mask":
            _read_mask(parts, image, label, annotation, what)
        else:
            add_polygon(parts, image, label=label, points=_pairs(annotation, what), what=what)
    pixels = unite(
        fill_rings([shape.points], image.width, image.height)
        if shape.rle is None
        else decode_mask(shape.rle)
        for shape in parts.shapes
    )
    labels.warnings += parts.warnings
    labels.ignore_regions += parts.ignore_regions
    if pixels is not None:
        what, rle = f"{outlines[0][0]} and its group", encode_mask(pixels)
        labels.shapes.append(build(what, label=label, kind="mask", rle=rle))
    else:
        labels.left_out += parts.left_out


def _is_around(box: Shape, drawn: Shape) -> bool:
    """Whether a box is that around a shape, but for the pixels by which tools differ."""
    inner = drawn.bounds() if drawn.rle is None else mask_bounds(drawn.rle) or (0, 0, 0, 0)
    pairs = zip(box.bounds(), inner, strict=True)
    return box.kind == "box" and all(abs(one - other) <= _SAME_BOX_PX for one, other in pairs)


def _size(record: ImageRecord) -> tuple[float, float]:
    """Width and height as an item gives them; 0 where it does not."""
    media = record.fields.get("image")
    size = media.get("size") if isinstance(media, dict) else None
    if not isinstance(size, list) or len(size) != 2:
        return 0.0, 0.0
    height, width = (limits.number(side, f"{record.place}: size") for side in size)
    return width, height


def _add(
    labels: LabelCollector,
    image: KnownImage,
    names: _Labels,
    annotation: dict[str, Any],
    what: str,
) -> None:
    kind = annotation.get("type")
    if kind in _AREALESS:
        labels.leave_out(f"{what} is a {kind}: it has no area and was left out")
        return
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None and kind != "label":
        raise FormatError(f"{what} has the unknown type {str(kind)[:30]!r}")
    label = names.of(annotation, what)
    before = len(labels.shapes)
    if reader is not None:
        reader(labels, image, label, annotation, what)
    elif names.is_whole_a_box:
        corners = ((0.0, 0.0), (float(image.width), float(image.height)))
        add_box(labels, image, label=label, corners=corners, what=what)
    else:
        labels.shapes.append(build(what, label=label, kind="image"))
    _add_text(labels, annotation, before)


def _add_text(labels: LabelCollector, annotation: dict[str, Any], before: int) -> None:
    attributes = annotation.get("attributes")
    text = attributes.get("text") if isinstance(attributes, dict) else None
    if isinstance(text, str) and text.strip() and len(labels.shapes) > before:
        labels.shapes[-1] = labels.shapes[-1].model_copy(update={"text": text.strip()[:1000]})


def _numbers(annotation: dict[str, Any], key: str, what: str) -> list[float]:
    values = limits.sequence(annotation.get(key), f"{what}: '{key}'")
    return [limits.number(value, f"{what}: {key}") for value in values]


def _pairs(annotation: dict[str, Any], what: str) -> list[Point]:
    values = _numbers(annotation, "points", what)
    if len(values) % 2:
        raise FormatError(f"{what}: an outline has an odd number of values")
    return list(zip(values[::2], values[1::2], strict=True))


def _few(annotation: dict[str, Any], key: str, what: str, *, count: int) -> list[float]:
    values = _numbers(annotation, key, what)
    if len(values) != count:
        raise FormatError(f"{what}: '{key}' has {len(values)} numbers, not {count}")
    return values


def _read_box(
    labels: LabelCollector, image: KnownImage, label: str, annotation: dict[str, Any], what: str
) -> None:
    x, y, w, h = _few(annotation, "bbox", what, count=4)
    corners, turn = ((x, y), (x + w, y + h)), turn_of(labels, annotation, what)
    add_turned(labels, image, label=label, corners=corners, angle=turn, what=what)


def _read_turned(
    labels: LabelCollector, image: KnownImage, label: str, annotation: dict[str, Any], what: str
) -> None:
    """Centre, size, and the angle in degrees, clockwise."""
    x, y, w, h, angle = _few(annotation, "points", what, count=5)
    corners = ((x - w / 2, y - h / 2), (x + w / 2, y + h / 2))
    add_rotated(labels, image, label=label, corners=corners, angle=angle % 360, what=what)


def _read_polygon(
    labels: LabelCollector, image: KnownImage, label: str, annotation: dict[str, Any], what: str
) -> None:
    points = _pairs(annotation, what)
    add = add_quad if len(points) == 4 else add_polygon
    add(labels, image, label=label, points=points, what=what)


def _read_ellipse(
    labels: LabelCollector, image: KnownImage, label: str, annotation: dict[str, Any], what: str
) -> None:
    x1, y1, x2, y2 = _few(annotation, "points", what, count=4)
    turns = np.linspace(0, 2 * np.pi, _ELLIPSE_POINTS, endpoint=False)
    across = (x1 + x2) / 2 + (x2 - x1) / 2 * np.cos(turns)
    down = (y1 + y2) / 2 + (y2 - y1) / 2 * np.sin(turns)
    points = list(zip(across.tolist(), down.tolist(), strict=True))
    add_polygon(labels, image, label=label, points=points, what=what)


def _read_mask(
    labels: LabelCollector, image: KnownImage, label: str, annotation: dict[str, Any], what: str
) -> None:
    rle = mask_of(image, limits.mapping(annotation.get("rle"), f"{what}: 'rle'"), what)
    attributes = annotation.get("attributes")
    if rle is None:
        labels.leave_out(f"{what} ({label}) has no area and was left out")
    elif isinstance(attributes, dict) and is_set(attributes.get("is_crowd")):
        x1, y1, x2, y2 = mask_bounds(rle) or (0.0, 0.0, 0.0, 0.0)
        labels.warnings.append(f"{what} is a crowd: its box became an ignore region")
        ring = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
        add_ignore_region(labels, image, points=ring, what=what)
    else:
        labels.shapes.append(build(what, label=label, kind="mask", rle=rle))


_Reader = Callable[[LabelCollector, KnownImage, str, dict[str, Any], str], None]
_READERS: dict[str, _Reader] = {
    "bbox": _read_box,
    "rotated_bbox": _read_turned,
    "polygon": _read_polygon,
    "ellipse": _read_ellipse,
    "mask": _read_mask,
}
