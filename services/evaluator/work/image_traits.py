"""Looks at evaluated images for what their errors may have in common: light and focus."""

import asyncio
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.readers.dataset import DatasetImage
from services.evaluator.domain.report.traits import ImageTraits
from shared.blobs.content import read_content
from shared.blobs.port import Blobs
from shared.errors import NotFound

SIDE_PX = 512  # focus is compared at one scale, whatever the camera
LARGEST_BYTES = 64 << 20


async def look_at(blobs: Blobs, images: Sequence[DatasetImage], *, most: int) -> ImageTraits:
    """Brightness in [0, 1], sharpness (variance of the Laplacian) and device of each image.

    Only the first ``most`` images are decoded, one at a time; the others, and what is gone,
    damaged or cannot be decoded, get nan.
    """
    brightness, sharpness = np.full(len(images), np.nan), np.full(len(images), np.nan)
    for place, image in enumerate(images[:most]):
        try:
            if (await blobs.stat(image.blob_key)).size_bytes > LARGEST_BYTES:
                continue
            data = await read_content(blobs, image.blob_key)
        except NotFound:
            continue
        brightness[place], sharpness[place] = await asyncio.to_thread(light_and_focus, data)
    devices = [image.exif_device for image in images]
    return ImageTraits(brightness, sharpness, np.array(devices, np.str_).reshape(-1))


def light_and_focus(data: bytes) -> tuple[float, float]:
    """Mean grey value in [0, 1] and variance of the Laplacian; nan for what is no image."""
    raw = np.frombuffer(data, np.uint8)
    flags = cv2.IMREAD_REDUCED_GRAYSCALE_4 | cv2.IMREAD_IGNORE_ORIENTATION
    grey = cv2.imdecode(raw, flags) if raw.size else None
    if grey is None or not grey.size:
        return float("nan"), float("nan")
    pixels: NDArray[np.uint8] = np.asarray(grey, np.uint8)
    scale = SIDE_PX / max(pixels.shape)
    if scale < 1:
        pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=3), np.uint8)
    focus = float(np.asarray(cv2.Laplacian(pixels, cv2.CV_64F)).var())
    return float(pixels.mean() / 255), focus
