"""The bounds of images, as the console and other clients may show them before an upload."""

from fastapi import APIRouter
from pydantic import BaseModel

from services.gallery.domain.limits import RECOMMENDED_IMAGES
from services.gallery.domain.names import MAX_NAME
from shared.http.callers import Who
from shared.http.multipart import MAX_FILES
from shared.runtime import image_limits
from shared.vision.headers.header import ImageFormat
from shared.vision.tile_advice import MAX_TILE_SIDES, MIN_TILE_SIDE
from shared.vision.tiles import MAX_GRID, MAX_OVERLAP

router = APIRouter(tags=["images"])


class Sides(BaseModel):
    """Shorter and longer side in pixels; an image may lie or stand."""

    shorter: int
    longer: int

    @classmethod
    def of(cls, sides: tuple[int, int]) -> "Sides":
        """Build the response of `(shorter, longer)`."""
        return cls(shorter=sides[0], longer=sides[1])


class SizeBounds(BaseModel):
    """The smallest and the largest image."""

    least: Sides
    most: Sides


class ImageLimits(BaseModel):
    """What an image may be.

    `plain` bounds images of a project without tiling, `tiled` those that its grid cuts, `tile` what
    comes of the cutting. `recommended_images` is advice, no bound.
    """

    content_types: tuple[str, ...]
    max_file_bytes: int
    max_files_per_request: int
    max_name_characters: int
    max_aspect: int
    max_whole_pixels: int
    plain: SizeBounds
    tiled: SizeBounds
    tile: SizeBounds
    max_grid: int
    max_overlap_px: int
    recommended_images: int


_LIMITS = ImageLimits(
    content_types=tuple(kind.content_type for kind in ImageFormat),
    max_file_bytes=image_limits.MAX_FILE_BYTES,
    max_files_per_request=MAX_FILES,
    max_name_characters=MAX_NAME,
    max_aspect=image_limits.MAX_ASPECT,
    max_whole_pixels=image_limits.MAX_WHOLE_PIXELS,
    plain=SizeBounds(least=Sides.of(image_limits.MIN_PLAIN), most=Sides.of(image_limits.MAX_PLAIN)),
    tiled=SizeBounds(least=Sides.of(image_limits.MIN_TILED), most=Sides.of(image_limits.MAX_TILED)),
    tile=SizeBounds(least=Sides.of((MIN_TILE_SIDE, MIN_TILE_SIDE)), most=Sides.of(MAX_TILE_SIDES)),
    max_grid=MAX_GRID,
    max_overlap_px=MAX_OVERLAP,
    recommended_images=RECOMMENDED_IMAGES,
)


@router.get("/limits")
async def get_image_limits(_who: Who) -> ImageLimits:
    """Tell what an image may be, the same for uploads and for predictions of files."""
    return _LIMITS
