"""Why an upload is refused: one leaf of the error tree for each reason.

::

    LoupeError
    ├── TooLarge ─ ImageFileTooLarge                     413
    ├── UnsupportedMedia ─ ImageFormatUnsupported        415
    │                   └─ ImageVariantUnsupported       415
    ├── InvalidInput ─ ImageTruncated, ImageCorrupt,     422
    │                  ImageTooManyPixels, ImageTooFewPixels, ImageAspectRatio,
    │                  ImageTileOutOfBounds, ImageDecodeTooCostly, ImageNameInvalid
    ├── Conflict ─ UploadOffsetConflict, StoredImageDamaged    409
    └── QuotaExceeded ─ ImageQuotaExceeded, TooManyUploads 429
"""

from shared.errors import (
    Conflict,
    InvalidInput,
    LoupeError,
    NoSpaceLeft,
    QuotaExceeded,
    TooLarge,
    UnsupportedMedia,
)


class ImageFileTooLarge(TooLarge):
    """Over 100 MB (C-034)."""

    code = "image-file-too-large"
    title = "The file is larger than an image may be"


class ImageFormatUnsupported(UnsupportedMedia):
    """Not JPEG, PNG or BMP (C-033)."""

    code = "image-format-unsupported"
    title = "The file is not a JPEG, PNG or BMP image"


class ImageVariantUnsupported(UnsupportedMedia):
    """The right format in a variant that is refused (decision 0020)."""

    code = "image-variant-unsupported"
    title = "This variant of the format is not supported"


class ImageTruncated(InvalidInput):
    """The file ends before its picture does."""

    code = "image-truncated"
    title = "The image file is cut short"


class ImageCorrupt(InvalidInput):
    """The file cannot be decoded."""

    code = "image-corrupt"
    title = "The image file is damaged"


class ImageTooManyPixels(InvalidInput):
    """Over the largest width or height (C-037, C-039)."""

    code = "image-too-many-pixels"
    title = "The image has too many pixels"


class ImageTooFewPixels(InvalidInput):
    """Under the smallest width or height (C-038, C-040)."""

    code = "image-too-few-pixels"
    title = "The image has too few pixels"


class ImageAspectRatio(InvalidInput):
    """Longer than six times its shorter side (C-036)."""

    code = "image-aspect-ratio"
    title = "The image is too long for its width"


class ImageTileOutOfBounds(InvalidInput):
    """Cut by the project's grid, a tile would leave its bounds (C-041, C-042)."""

    code = "image-tile-out-of-bounds"
    title = "A tile of the image would be too large or too small"


class ImageDecodeTooCostly(InvalidInput):
    """Decoding would take more memory or time than an upload may."""

    code = "image-decode-too-costly"
    title = "The image takes too much memory or time to decode"


class ImageNameInvalid(InvalidInput):
    """The file name cannot name an image."""

    code = "image-name-invalid"
    title = "The image's name cannot be used"


class UploadOffsetConflict(Conflict):
    """A part of a resumable upload does not continue where the last one ended."""

    code = "upload-offset-conflict"
    title = "The part does not continue the upload"


class StoredImageDamaged(Conflict):
    """What the store has of the image is lost or damaged; the same file uploaded again heals it."""

    code = "image-damaged"
    title = "The image's stored file is lost or damaged"


class ImageQuotaExceeded(QuotaExceeded):
    """The tenant's images or bytes are used up."""

    code = "image-quota-exceeded"
    title = "The quota for images is used up"


class TooManyUploads(QuotaExceeded):
    """More files come in a minute than the tenant may send."""

    code = "too-many-uploads"
    title = "Too many files come at once"


_OF_REASON: dict[str, type[LoupeError]] = {
    "not-an-image": ImageFormatUnsupported,
    "truncated": ImageTruncated,
    "corrupt": ImageCorrupt,
    "unsupported-variant": ImageVariantUnsupported,
    "too-costly": ImageDecodeTooCostly,
    "too-many-pixels": ImageTooManyPixels,
    "too-few-pixels": ImageTooFewPixels,
    "aspect-ratio": ImageAspectRatio,
    "no-space": NoSpaceLeft,
}


def refusal_of(reason: str, detail: str) -> LoupeError:
    """Return the refusal for a reason word of the header readers or of the guarded decoder.

    >>> refusal_of("truncated", "ends early").code
    'image-truncated'
    """
    return _OF_REASON.get(reason, ImageCorrupt)(detail)
