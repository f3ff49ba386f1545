"""COCO records, decoded and checked field by field; what is wrong is told with its place."""

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

import msgspec

from services.evaluator.domain.numbers.columns import BadSamples

Kind = Literal["box", "mask"]
Id = int | float | str
Box = tuple[float, float, float, float]
Run = Annotated[int, msgspec.Meta(ge=0, le=(1 << 32) - 1)]  # a run is counted in 32 bits
T = TypeVar("T")


class CocoImage(msgspec.Struct, gc=False):
    """An image; a mask needs its size."""

    id: Id
    width: float | None = None
    height: float | None = None


class Category(msgspec.Struct, gc=False):
    """A label."""

    id: Id
    name: int | float | str


class CocoRle(msgspec.Struct, gc=False):
    """A run-length code, ``size`` height and width, its runs listed or compressed into text."""

    size: tuple[int, int]
    counts: str | list[Run]


Segmentation = CocoRle | list[list[float]]


class Boxed(msgspec.Struct, gc=False, kw_only=True):
    """An object, read for its box; one without is read again for its outline."""

    image_id: Id
    category_id: Id
    bbox: Box | None = None


class BoxTruth(Boxed, gc=False, kw_only=True):
    """An annotation."""

    id: Id
    area: float | msgspec.UnsetType = msgspec.UNSET
    iscrowd: int | bool = 0


class MaskTruth(BoxTruth, gc=False, kw_only=True):
    """An annotation, read for its outline."""

    segmentation: Segmentation


class BoxResult(Boxed, gc=False, kw_only=True):
    """A result."""

    score: float


class MaskResult(BoxResult, gc=False, kw_only=True):
    """A result, read for its outline."""

    segmentation: Segmentation


class Lists(msgspec.Struct):
    """A data set; the annotations are decoded by what is compared."""

    images: list[CocoImage]
    categories: list[Category]
    annotations: msgspec.Raw


def decoder(kind: type[T]) -> Callable[[bytes, str], T]:
    """Return what decodes a text, named for the error that it raises.

    Raises:
        BadSamples: The text is not JSON, or a field is missing or of another kind.
    """
    decode = msgspec.json.Decoder(kind).decode

    def decoded(data: bytes, what: str) -> T:
        try:
            return decode(data)
        except msgspec.ValidationError as error:
            raise BadSamples(f"{what} cannot be read: {error}") from error
        except msgspec.DecodeError as error:
            raise BadSamples(f"{what} is not JSON: {error}") from error

    return decoded


Identified = CocoImage | Category | BoxTruth
Outlined = MaskTruth | MaskResult
read_lists = decoder(Lists)
read_box_truths = decoder(list[BoxTruth])
read_mask_truths = decoder(list[MaskTruth])
read_box_results = decoder(list[BoxResult])
read_mask_results = decoder(list[MaskResult])
