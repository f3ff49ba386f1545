"""Where a shape of any kind lies, and how large it is."""

from services.annotation.domain.formats.raster import mask_extent
from shared.contracts.shapes import Shape
from shared.vision import polygons, rotated_boxes


def extent_of(shape: Shape) -> tuple[tuple[float, float, float, float], float]:
    """Return the upright box about a shape, (x1, y1, x2, y2) in px, and its area in px²."""
    if shape.rle is not None:
        extent = mask_extent(shape.rle)
        x, y, width, height = extent.box_xywh
        return (x, y, x + width, y + height), float(extent.area_px)
    x1, y1, x2, y2 = shape.bounds()
    if shape.kind == "polygon":
        return (x1, y1, x2, y2), float(polygons.inside_area(polygons.as_ring(shape.points)))
    if shape.kind == "rotated_box":
        box = rotated_boxes.from_wire([(x1, y1, x2, y2)], [shape.angle or 0.0])
        turned = rotated_boxes.corners(box)[0]
        (left, top), (right, bottom) = turned.min(axis=0), turned.max(axis=0)
        return (float(left), float(top), float(right), float(bottom)), (x2 - x1) * (y2 - y1)
    return (x1, y1, x2, y2), (x2 - x1) * (y2 - y1)
