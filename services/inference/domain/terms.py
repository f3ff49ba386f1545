"""What a caller may ask of a prediction besides the image."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PredictionTerms:
    """Which version is asked, and down to which score.

    Attributes:
        version: Such as ``V3``; None asks the one that is deployed.
        threshold: Lowest score that counts, in [0, 1]; None takes the model's.
    """

    version: str | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class PredictionWish:
    """What a prediction or a test run is asked for with.

    Attributes:
        images: Ids of images of the gallery, or the SHA-256 of a file that is not there.
        terms: Which version is asked, and how.
        name: Of the file.
        tile_plan_hash: Of the file.
    """

    images: tuple[str, ...]
    terms: PredictionTerms
    name: str = ""
    tile_plan_hash: str | None = None


@dataclass(frozen=True, slots=True)
class ProposalWish(PredictionWish):
    """What a proposal is asked for with: the same words as a test's, and another request."""

    proposal: bool = True


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image that is not in the gallery.

    Attributes:
        name: As the client calls it.
        path: Where it stands while it is tested.
        tile_plan_hash: The plan by which it was cut out of a larger image; None says that it is a
            whole one, which is then cut as the model's images were.
    """

    name: str
    path: Path
    tile_plan_hash: str | None = None

    def wish(self, terms: PredictionTerms) -> PredictionWish:
        """Return what is asked for when this file is tested; it is read for its hash."""
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return PredictionWish((digest,), terms, self.name, self.tile_plan_hash)
