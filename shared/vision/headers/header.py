"""The facts of an image file that are known before any pixel is decoded."""

from dataclasses import dataclass
from enum import StrEnum


class HeaderError(ValueError):
    """The bytes are not a readable header; `reason` is one of the words below.

    Reasons: `not-an-image`, `truncated`, `corrupt`, `unsupported-variant`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class ImageFormat(StrEnum):
    """The file formats of the platform (C-033)."""

    JPEG = "jpeg"
    PNG = "png"
    BMP = "bmp"

    @property
    def content_type(self) -> str:
        """The registered media type.

        >>> ImageFormat.JPEG.content_type
        'image/jpeg'
        """
        return f"image/{self.value}"


class Colour(StrEnum):
    """How samples stand for colour."""

    GREY = "grey"
    RGB = "rgb"
    CMYK = "cmyk"
    PALETTE = "palette"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Facts from the header.

    Attributes:
        width: stored columns, before the EXIF orientation.
        height: stored rows.
        orientation: EXIF orientation, 1 to 8; 1 where the file names none.
        bits: bits of one sample (of one index for a palette).
        alpha: the pixels carry transparency.
        needs_whole: the decoder must hold the whole image (progressive JPEG, interlaced PNG).
        animated: the file holds an animation (APNG).
        scans: passes over the image (JPEG); 1 elsewhere.
    """

    format: ImageFormat
    width: int
    height: int
    colour: Colour
    bits: int = 8
    orientation: int = 1
    alpha: bool = False
    needs_whole: bool = False
    animated: bool = False
    scans: int = 1

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height after the EXIF orientation is applied.

        >>> ImageHeader(ImageFormat.JPEG, 30, 180, Colour.RGB, orientation=6).upright_size
        (180, 30)
        """
        if self.orientation >= 5:
            return self.height, self.width
        return self.width, self.height

    @property
    def is_plain(self) -> bool:
        """Whether every decoder reads the same upright 8-bit grey or RGB pixels from the file.

        >>> ImageHeader(ImageFormat.PNG, 9, 9, Colour.GREY, bits=16).is_plain
        False
        """
        simple = self.colour is not Colour.CMYK and self.bits <= 8 and not self.alpha
        return simple and self.orientation == 1
