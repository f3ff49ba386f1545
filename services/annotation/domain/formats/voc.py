"""Pascal VOC XML as LabelImg writes it: one file an image; turned boxes of roLabelImg."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.frames import frame_of
from services.annotation.domain.formats.model import (
    FormatError,
    KnownImage,
    LabelCollector,
    ParsedLabels,
)
from services.annotation.domain.formats.placement import add_rotated, add_turned, angle_of
from shared.contracts.shapes import Shape

_CVAT_ROOT = "annotations"
_ONCE = ("name", "bndbox", "robndbox")
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def parse(data: bytes, image: KnownImage) -> ParsedLabels:
    """Read the bytes of one VOC file, as `read` does its root."""
    return read(root_of(data), image)


def root_of(data: bytes) -> Element:
    """Parse one VOC file.

    Raises:
        FormatError: It is no XML, or XML about something else.
    """
    root = limits.read_xml(data)
    if root.tag == _CVAT_ROOT:
        raise FormatError("CVAT's own XML is not read: export as COCO or Datumaro from CVAT")
    if root.tag != "annotation":
        raise FormatError(f"not Pascal VOC: the root is <{root.tag[:30]}>, not <annotation>")
    return root


def read(root: Element, image: KnownImage) -> ParsedLabels:
    """Read one VOC file.

    `folder`, `filename` and `path` are not looked at: the caller matches file and image by base
    name. Coordinates are those of the upright picture or, by the size in the file, of the one that
    the camera stored (LabelImg showed photos unturned for years). Boxes without area are left out
    with a warning.

    Args:
        root: The file's root.
        image: The image it belongs to.

    Returns:
        Boxes in pixels of the image.

    Raises:
        FormatError: The file cannot be used; the text says what is wrong where.
    """
    frame = frame_of(image, _size(root, "width"), _size(root, "height"))
    image = frame.image
    objects = root.findall("object")
    _refuse_strays(root, objects)
    limits.count_shapes(len(objects))
    labels = LabelCollector()
    for index, found in enumerate(objects):
        what = f"object {index + 1}"
        _look_inside(labels, found, what)
        label = (found.findtext("name") or "").strip()
        turned = found.find("robndbox")
        if turned is not None:
            _add_robndbox(labels, image, label, turned, what)
        else:
            x1, y1, x2, y2 = _box(found, what)
            corners, turn = ((x1, y1), (x2, y2)), _turn(labels, found, what)
            add_turned(labels, image, label=label, corners=corners, angle=turn, what=what)
        if (found.findtext("difficult") or "").strip().lower() in ("1", "true"):
            labels.warnings.append(f"{what} ({label}) is marked difficult: taken as any other")
    return frame.upright(labels.done())


def image_name(root: Element) -> str:
    """Return the name that a file gives its image, or nothing.

    >>> image_name(limits.read_xml(b"<a><filename> a.png </filename></a>"))
    'a.png'
    """
    return (root.findtext("filename") or "").strip()


def _refuse_strays(root: Element, objects: Sequence[Element]) -> None:
    """Refuse objects where VOC has none: the image would be taken for one without any."""
    counted = sum(element.tag.lower() in ("object", "bndbox") for element in root.iter())
    known = len(objects) + sum(
        element.tag == "bndbox" for found in objects for element in found.iter()
    )
    if counted > known:
        raise FormatError("not Pascal VOC: there are objects that are not <object> of <annotation>")


def _look_inside(labels: LabelCollector, found: Element, what: str) -> None:
    """Refuse an object that says a thing twice; tell of its parts, which are no objects."""
    for tag in _ONCE:
        if len(found.findall(tag)) > 1:
            raise FormatError(f"{what} has more than one <{tag}>")
    parts = len(found.findall("part"))
    if parts:
        labels.warnings.append(f"{what} has {parts} parts, which are left out")


def _size(root: Element, side: str) -> float:
    text = (root.findtext(f"size/{side}") or "").strip()
    return limits.number(text, f"size/{side}") if text else 0.0


def _add_robndbox(
    labels: LabelCollector, image: KnownImage, label: str, box: Element, what: str
) -> None:
    """The box of roLabelImg: centre, size, and the angle in radians, clockwise."""
    x, y, w, h, turn = (
        limits.number((box.findtext(side) or "").strip(), f"{what}: {side}")
        for side in ("cx", "cy", "w", "h", "angle")
    )
    corners = ((x - w / 2, y - h / 2), (x + w / 2, y + h / 2))
    angle = math.degrees(turn) % 360
    add_rotated(labels, image, label=label, corners=corners, angle=angle, what=what)


def _turn(labels: LabelCollector, found: Element, what: str) -> float:
    """By how many degrees CVAT says that a box is turned, clockwise."""
    for attribute in found.iterfind("attributes/attribute"):
        text = (attribute.findtext("value") or "").strip()
        if attribute.findtext("name") == "rotation" and text:
            return angle_of(labels, text, what)
    return 0.0


def _box(found: Element, what: str) -> list[float]:
    box = found.find("bndbox")
    if box is None:
        raise FormatError(f"{what} has no <bndbox>")
    sides = []
    for side in _SIDES:
        text = box.findtext(side)
        if text is None:
            raise FormatError(f"{what} has no <{side}>")
        sides.append(limits.number(text.strip(), f"{what}: {side}"))
    return sides


def write(image: KnownImage, shapes: Sequence[Shape]) -> bytes:
    """Write one VOC file; shapes that are no boxes become the boxes around them.

    Args:
        image: Name and size.
        shapes: Shapes with points; `mask` and `image` shapes must be converted before.

    Returns:
        UTF-8 XML.
    """
    root = Element("annotation")
    SubElement(root, "folder").text = ""
    SubElement(root, "filename").text = image.name
    size = SubElement(root, "size")
    for tag, value in (("width", image.width), ("height", image.height), ("depth", 3)):
        SubElement(size, tag).text = str(value)
    SubElement(root, "segmented").text = "0"
    for shape in shapes:
        entry = SubElement(root, "object")
        SubElement(entry, "name").text = shape.label
        for tag, text in (("pose", "Unspecified"), ("truncated", "0"), ("difficult", "0")):
            SubElement(entry, tag).text = text
        box = SubElement(entry, "bndbox")
        for side, bound in zip(_SIDES, shape.bounds(), strict=True):
            SubElement(box, side).text = f"{bound:.10g}"
    indent(root)
    data: bytes = tostring(root, encoding="utf-8")
    return data
