"""What a caller may ask of a prediction besides the image."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """Which version is asked, and down to which score.

    Attributes:
        version: Such as ``V3``; None asks the one that is deployed.
        threshold: Lowest score that counts, in [0, 1]; None takes the model's.
    """

    version: str | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image that is not in the gallery.

    Attributes:
        name: As the client calls it.
        data: The file's bytes.
        tile_plan_hash: The plan by which it was cut out of a larger image; None says that it is a
            whole one, which is then cut as the model's images were.
    """

    name: str
    data: bytes
    tile_plan_hash: str | None = None
