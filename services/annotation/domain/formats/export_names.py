"""Names in an export: none collides, none is reserved, and each leads back to its image."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from services.annotation.domain.formats.model import (
    ID_MARK,
    FormatError,
    KnownImage,
    KnownImages,
    stem_of,
)
from shared.contracts.names import folded

RESERVED = frozenset(
    (
        *("train", "trainval", "val", "valid", "validation", "test"),
        *("classes", "labels", "export-report"),
    )
)
"""Base names of files that are lists, class names or reports, not labels."""


def entry_stems(images: Iterable[KnownImage], known: KnownImages) -> dict[str, str]:
    """Give each image the base name of its label file.

    The image's base name where an import finds the image by it, else its whole name, else its base
    name and id.

    Args:
        images: Those that are exported.
        known: All images of the project, which an import would match against.

    Returns:
        Base name by image id; they differ by more than their case.
    """
    stems: dict[str, str] = {}
    taken = set(RESERVED)
    for image in images:
        stem = stem_of(image.name)
        marked = f"{stem}{ID_MARK}{image.image_id}"
        fitting = (
            name
            for name in (stem, image.name)
            if folded(name) not in taken and _leads_to(image, known, name)
        )
        stems[image.image_id] = next(fitting, marked)
        taken.add(folded(stems[image.image_id]))
    return stems


def image_file_name(image: KnownImage, known: KnownImages) -> str:
    """Return the name by which files of many images name an image."""
    try:
        if known.named(image.name) == image:
            return image.name
    except FormatError:
        pass  # several images have this name
    return f"{stem_of(image.name)}{ID_MARK}{image.image_id}{PurePosixPath(image.name).suffix}"


def _leads_to(image: KnownImage, known: KnownImages, stem: str) -> bool:
    try:
        return known.with_stem(stem) == image and known.find(stem) == image
    except FormatError:
        return False
