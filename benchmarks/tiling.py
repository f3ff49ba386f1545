"""Cutting 10000×30000 px into 24 tiles, against SAHI, Pillow, OpenCV: `-m benchmarks.tiling`.

Each way runs in a process of its own, so that its peak memory is its own. BMP beyond the upload
limit of 100 MB is cut all the same: only the cutting is measured.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS, COLUMNS = 6, 4
WIDTH, HEIGHT = 10_000, 30_000
FORMATS = {"jpeg": "jpg", "png": "png", "bmp": "bmp"}
WAYS = ("floor", "loupe", "opencv", "pillow", "sahi")


def make(path: Path, kind: str) -> None:
    """A smooth texture with noise, written once."""
    import cv2
    import numpy as np
    import pyvips

    rng = np.random.default_rng(0)
    size = (WIDTH // 4, HEIGHT // 4)
    small = rng.integers(60, 200, (60, 20, 3), dtype=np.uint8)
    base = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC).astype(np.int16)
    base = np.clip(base + rng.normal(0, 6, base.shape).astype(np.int16), 0, 255).astype(np.uint8)
    image = pyvips.Image.new_from_memory(base.tobytes(), *size, 3, "uchar").resize(4)
    image = image.copy(interpretation="srgb")
    if kind == "jpeg":
        image.jpegsave(str(path), Q=85)
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
    from services.tiling.cutting import cut
    from shared.vision.tiles import TilePlan

    cut(path, TilePlan(grid=(ROWS, COLUMNS)), folder)


def opencv(path: Path, folder: Path) -> None:
    import cv2

    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    for row, column, box in _boxes():
        part = pixels[box[1] : box[3], box[0] : box[2]]
        options = [cv2.IMWRITE_JPEG_QUALITY, 95] if path.suffix == ".jpg" else []
        cv2.imwrite(str(folder / f"{row}-{column}{path.suffix}"), part, options)


def pillow(path: Path, folder: Path) -> None:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    image = Image.open(path)
    for row, column, box in _boxes():
        options = {"quality": 95} if path.suffix == ".jpg" else {}
        image.crop(box).save(folder / f"{row}-{column}{path.suffix}", **options)


def sahi(path: Path, folder: Path) -> None:
    from PIL import Image
    from sahi.slicing import slice_image

    Image.MAX_IMAGE_PIXELS = None
    slice_image(
        str(path),
        output_file_name="tile",
        output_dir=str(folder),
        slice_height=HEIGHT // ROWS,
        slice_width=WIDTH // COLUMNS,
        overlap_height_ratio=0,
        overlap_width_ratio=0,
        out_ext=path.suffix,
    )


def _boxes() -> list[tuple[int, int, tuple[int, int, int, int]]]:
    width, height = WIDTH // COLUMNS, HEIGHT // ROWS
    return [
        (row, column, (column * width, row * height, (column + 1) * width, (row + 1) * height))
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


def run_one(way: str, path: Path) -> None:
    """Run one way in this process; print seconds, peak memory and processor time."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        began, cpu = time.perf_counter(), time.process_time()
        globals()[way](path, Path(folder))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    status = Path("/proc/self/status").read_text()  # ru_maxrss would begin with the parent's
    peak = int(status.split("VmHWM:")[1].split()[0]) >> 10
    print(f"{seconds:.2f} {peak} {cpu:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--formats", nargs="*", default=list(FORMATS), choices=list(FORMATS))
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    if asked.way:
        run_one(asked.way, asked.image)
        return
    folder = Path(tempfile.mkdtemp(prefix="loupe-tiling-"))
    try:
        for kind in asked.formats:
            compare(folder, kind, asked.rounds)
    finally:
        shutil.rmtree(folder)


def compare(folder: Path, kind: str, rounds: int) -> None:
    path = folder / f"image.{FORMATS[kind]}"
    make(path, kind)
    print(f"{kind}, {path.stat().st_size / 1e6:.0f} MB")
    ours = 0.0
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.tiling", "--way", way, "--image", str(path)]
        runs = []
        for _ in range(rounds):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"  {way:8} {done.stderr.strip().splitlines()[-1]}")
                break
            seconds, peak, cpu = done.stdout.split()
            runs.append((float(seconds), int(peak), float(cpu)))
        if runs:
            seconds, peak, cpu = min(runs)
            ours = seconds if way == "loupe" else ours
            ratio = f"  {seconds / ours:5.1f} × loupe" if ours else ""
            print(f"  {way:8} {seconds:7.2f} s, CPU {cpu:6.2f} s, {peak:5} MB{ratio}", flush=True)
    path.unlink()


if __name__ == "__main__":
    main()
