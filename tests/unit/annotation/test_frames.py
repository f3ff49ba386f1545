"""Labels drawn on a photo as the camera stored it come out where they are on the upright one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from services.annotation.domain.formats import labelme, labelme_writer, voc, yolo
from services.annotation.domain.formats.frames import frame_of
from services.annotation.domain.formats.model import FormatError, KnownImage, ParsedLabels
from services.annotation.domain.formats.raster import decode_mask, encode_mask
from shared.contracts.shapes import Shape
from shared.vision import rotated_boxes
from tests.unit.annotation.label_files import voc_file

STORED = (40, 30)
_EXIF_ORIENTATION = 0x0112


def photo(orientation: int) -> KnownImage:
    width, height = STORED[::-1] if orientation >= 5 else STORED
    return KnownImage("i", "photo.jpg", width, height, orientation)


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """What Pillow makes of stored pixels: an independent answer."""
    picture = Image.fromarray(pixels.astype(np.uint8) * 255)
    picture.getexif()[_EXIF_ORIENTATION] = orientation
    return np.asarray(ImageOps.exif_transpose(picture)) > 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_puts_shapes_where_pillow_puts_their_pixels(orientation: int) -> None:
    pixels = np.zeros(STORED[::-1], np.bool_)
    pixels[3:8, 10:22] = True
    box = Shape(label="a", kind="box", points=((10, 3), (22, 8)))
    ring = ((10, 3), (22, 3), (22, 8), (10, 8))
    outline = Shape(label="a", kind="polygon", points=ring)
    mask = Shape(label="a", kind="mask", rle=encode_mask(pixels))
    turned = Shape(label="a", kind="rotated_box", points=((10, 3), (22, 8)), angle=30)
    stored = replace(photo(1), width=STORED[0], height=STORED[1])
    frame = replace(frame_of(stored), orientation=orientation)
    shapes = frame.upright(ParsedLabels((box, outline, mask, turned))).shapes
    expected = upright(pixels, orientation)
    rows, columns = np.flatnonzero(expected.any(1)), np.flatnonzero(expected.any(0))
    bounds = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert shapes[0].bounds() == shapes[1].bounds() == bounds
    assert shapes[2].rle is not None
    assert np.array_equal(decode_mask(shapes[2].rle), expected)
    ends = np.array([shape.points for shape in (turned, shapes[3])]).reshape(2, 4)
    boxes = rotated_boxes.from_wire(ends, [turned.angle or 0, shapes[3].angle or 0])
    before, after = rotated_boxes.corners(boxes)
    sideways = [frame._turned((float(x), float(y))) for x, y in before]
    found = np.array(sorted(after.round(6).tolist()))
    assert np.allclose(found, sorted(np.round(sideways, 6).tolist()), atol=1e-5)


def test_the_size_in_a_voc_file_tells_which_picture_labelimg_showed() -> None:
    drawn = voc.parse(voc_file((10, 3, 22, 8), size=STORED), photo(6))
    upright_too = voc.parse(voc_file((22, 10, 27, 22), size=STORED[::-1]), photo(6))
    assert drawn.shapes == upright_too.shapes
    assert drawn.warnings == upright_too.warnings == ()
    with pytest.raises(FormatError):
        voc.parse(voc_file((10, 3, 22, 8), size=(41, 30)), photo(6))


@pytest.mark.parametrize("orientation", [3, 6])
def test_where_no_size_tells_the_report_says_what_was_assumed(orientation: int) -> None:
    image = replace(photo(orientation), width=40, height=40)
    square = voc.parse(voc_file((10, 3, 22, 8), size=(40, 40)), image)
    rows = yolo.parse(b"0 0.5 0.5 0.1 0.1", image, ["pit"])
    plain = yolo.parse(b"0 0.5 0.5 0.1 0.1", replace(image, orientation=1), ["pit"])
    for labels in (square, rows):
        assert ["upright picture" in warning for warning in labels.warnings] == [True]
    assert square.shapes[0].points == ((10, 3), (22, 8))
    assert plain.warnings == ()


def test_labelme_of_either_picture_is_read() -> None:
    box = Shape(label="a", kind="box", points=((10, 3), (22, 8)))
    stored = replace(photo(8), width=STORED[0], height=STORED[1])
    read = labelme.parse(labelme_writer.write(stored, [box]), photo(8))
    assert read.shapes[0].points == ((3, 18), (8, 30))
    assert json.loads(labelme_writer.write(photo(8), [box]))["imageWidth"] == 30


def test_a_single_side_tells_as_far_as_it_does() -> None:
    assert frame_of(photo(6), STORED[0]).orientation == 6
    assert frame_of(photo(6), 0, STORED[0]).orientation == 1
    with pytest.raises(FormatError, match="made for an image of 41×0 px"):
        frame_of(photo(6), 41)
