"""Cutting 10000×30000 px into 24 tiles, against SAHI, Pillow, OpenCV: `-m benchmarks.tiling`.

Each way runs in a process of its own, so that its peak memory is its own, after a small image that
loads its libraries; rounds alternate between
the ways, and the middle one of each is told. All write JPEG of quality 95; PNG at the compression
that we write (SAHI offers no choice, so it writes Pillow's own). BMP beyond the upload limit of
100 MB is cut all the same: only the cutting is measured. A progressive JPEG must be held whole by
any decoder; the largest plain image stands for it.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks.processes import compare, tell

ROWS, COLUMNS = 6, 4
FORMATS = {"jpeg": "jpg", "progressive": "jpg", "png": "png", "bmp": "bmp"}
SIZES = dict.fromkeys(FORMATS, (10_000, 30_000)) | {"progressive": (9344, 7000)}
JPEG_QUALITY = 95
PNG_COMPRESSION = 2
WAYS = ("floor", "loupe", "opencv", "pillow", "sahi")


def make(path: Path, kind: str, size: tuple[int, int]) -> None:
    """A smooth texture with noise, written once."""
    import cv2
    import numpy as np
    import pyvips

    rng = np.random.default_rng(0)
    size = (size[0] // 4, size[1] // 4)
    small = rng.integers(60, 200, (60, 20, 3), dtype=np.uint8)
    base = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC).astype(np.int16)
    base = np.clip(base + rng.normal(0, 6, base.shape).astype(np.int16), 0, 255).astype(np.uint8)
    image = pyvips.Image.new_from_memory(base.tobytes(), *size, 3, "uchar").resize(4)
    image = image.copy(interpretation="srgb")
    if path.suffix == ".jpg":
        image.jpegsave(str(path), Q=85, interlace=kind == "progressive")
    elif kind == "png":
        image.pngsave(str(path), compression=3, filter="up")
    else:
        cv2.imwrite(str(path), image.numpy()[:, :, ::-1])


def floor(path: Path, _folder: Path) -> None:
    """Decode only."""
    import pyvips

    if path.suffix == ".bmp":
        with path.open("rb") as file:
            while file.read(1 << 22):
                pass
        return
    pyvips.Image.new_from_file(str(path), access="sequential").avg()


def loupe(path: Path, folder: Path) -> None:
    from services.tiling.process.tile_files import cut
    from shared.hosting.allocator import keep_freed_blocks
    from shared.vision.tiles import TilePlan

    keep_freed_blocks()  # as the service does
    cut(path, TilePlan(grid=(ROWS, COLUMNS)), folder)


def opencv(path: Path, folder: Path) -> None:
    import cv2

    options = {
        ".jpg": [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY],
        ".png": [cv2.IMWRITE_PNG_COMPRESSION, PNG_COMPRESSION],
    }.get(path.suffix, [])
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    for row, column, box in _boxes(pixels.shape[1], pixels.shape[0]):
        part = pixels[box[1] : box[3], box[0] : box[2]]
        cv2.imwrite(str(folder / f"{row}-{column}{path.suffix}"), part, options)


def pillow(path: Path, folder: Path) -> None:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    options = {
        ".jpg": {"quality": JPEG_QUALITY},
        ".png": {"compress_level": PNG_COMPRESSION},
    }.get(path.suffix, {})
    image = Image.open(path)
    for row, column, box in _boxes(*image.size):
        image.crop(box).save(folder / f"{row}-{column}{path.suffix}", **options)


def sahi(path: Path, folder: Path) -> None:
    from PIL import Image
    from sahi.slicing import slice_image

    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path) as image:
        width, height = image.size
    slice_image(
        str(path),
        output_file_name="tile",
        output_dir=str(folder),
        slice_height=height // ROWS,
        slice_width=width // COLUMNS,
        overlap_height_ratio=0,
        overlap_width_ratio=0,
        out_ext=path.suffix,
    )


def _boxes(width: int, height: int) -> list[tuple[int, int, tuple[int, int, int, int]]]:
    width, height = width // COLUMNS, height // ROWS
    return [
        (row, column, (column * width, row * height, (column + 1) * width, (row + 1) * height))
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--warm", type=Path)
    parser.add_argument("--formats", nargs="*", default=list(FORMATS), choices=list(FORMATS))
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    if asked.way:
        with tempfile.TemporaryDirectory(dir=asked.image.parent) as folder:
            way = globals()[asked.way]
            tell(lambda image: way(image, Path(folder)), asked.image, warm=asked.warm)
        return
    folder = Path(tempfile.mkdtemp(prefix="loupe-tiling-"))
    try:
        for kind in asked.formats:
            path, warm = (folder / f"{name}.{FORMATS[kind]}" for name in ("image", "warm"))
            width, height = SIZES[kind]
            make(path, kind, (width, height))
            make(warm, kind, (480, 720))
            print(f"{kind}, {width}×{height} px, {path.stat().st_size / 1e6:.0f} MB")
            files = ["--image", str(path), "--warm", str(warm)]
            compare("benchmarks.tiling", WAYS, files, rounds=asked.rounds)
            path.unlink()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
