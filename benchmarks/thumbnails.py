"""Thumbnails of a 12-megapixel JPEG, against the field's ways: `python -m benchmarks.thumbnails`.

Processor time, and PSNR against the full decode resampled with Lanczos' filter.
"""

import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyvips
import simplejpeg
from PIL import Image

from services.gallery.domain.thumbnails import fitted, thumbnail
from services.gallery.process.decoder import decode

WIDTH, HEIGHT = 4000, 3000
SIZE = fitted(WIDTH, HEIGHT, 256)
ROUNDS = 9


def photo() -> bytes:
    """A smooth picture with noise and lines, 12 megapixels, quality 90."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (75, 100, 3), dtype=np.uint8)
    pixels = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    noisy = pixels.astype(np.int16) + rng.normal(0, 3, pixels.shape).astype(np.int16)
    pixels = np.clip(noisy, 0, 255).astype(np.uint8)
    for _ in range(200):
        ends = rng.integers(0, [WIDTH, HEIGHT], (2, 2)).tolist()
        cv2.line(pixels, ends[0], ends[1], rng.integers(0, 255, 3).tolist(), 2)
    return simplejpeg.encode_jpeg(pixels, quality=90)


def ways(data: bytes) -> dict[str, Callable[[], np.ndarray]]:
    def loupe() -> np.ndarray:
        pixels = simplejpeg.decode_jpeg(data, "RGB", min_width=SIZE[0], min_height=SIZE[1])
        return thumbnail(pixels, SIZE)

    def pillow() -> np.ndarray:
        image = Image.open(io.BytesIO(data))
        image.thumbnail(SIZE)
        return np.asarray(image)

    def pillow_draft() -> np.ndarray:
        image = Image.open(io.BytesIO(data))
        image.draft("RGB", SIZE)
        return np.asarray(image.resize(SIZE, Image.Resampling.BILINEAR))

    def opencv() -> np.ndarray:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
        return cv2.resize(pixels, SIZE, interpolation=cv2.INTER_AREA)[:, :, ::-1]

    def libvips() -> np.ndarray:
        return pyvips.Image.thumbnail_buffer(data, SIZE[0]).numpy()

    return {
        "loupe": loupe,
        "Pillow thumbnail": pillow,
        "Pillow draft": pillow_draft,
        "OpenCV reduced": opencv,
        "libvips thumbnail": libvips,
    }


def main() -> None:
    data = photo()
    full = Image.fromarray(simplejpeg.decode_jpeg(data))
    reference = np.asarray(full.resize(SIZE, Image.Resampling.LANCZOS), float)
    print(f"{len(data) / 1e6:.1f} MB, {WIDTH}×{HEIGHT}, to {SIZE[0]}×{SIZE[1]}")
    for name, way in ways(data).items():
        seconds, pixels = timed(way)
        error = np.mean((pixels.astype(float) - reference) ** 2)
        print(f"{name:20} {seconds * 1e3:6.1f} ms  PSNR {10 * np.log10(255**2 / error):5.1f} dB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        path.write_bytes(data)
        seconds, _ = timed(lambda: decode(path, Path(folder)))
    print(f"the whole check with three thumbnails, written: {seconds * 1e3:.1f} ms")


def timed(way: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        result = way()
        times.append(time.process_time() - began)
    return min(times), result


if __name__ == "__main__":
    main()
