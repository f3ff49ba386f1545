"""Mean overlap after 1 to 5 simulated clicks, and the processor time of a click.

`python -m benchmarks.clicks --data FOLDER [--objects 100]`; the folder holds `det_bccd`,
`seg_magnetic_tile` and `tiny_deeppcb`. The protocol is that of Sofiiuk, Petrov and Konushin,
"Reviving iterative training with mask guidance for interactive segmentation" (ICIP 2022): the first
click is the inmost point of the object, each next one that of the larger error, inside of it or
outside. Boxes are compared with boxes: there the error is one of areas of boxes.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from defusedxml.ElementTree import parse

from services.inference.adapters.pictures import ClickedPicture
from services.inference.domain.clicks.clicks import Click
from services.inference.domain.clicks.outlines import outlined
from services.inference.domain.clicks.segmenter import segment, segment_box
from shared.runtime.images import decode_rgb
from shared.vision.masks import from_text, to_dense

CLICKS = 5
LEAST_PX = 20  # smaller specks of a mask are no objects


@dataclass(frozen=True)
class Object:
    """Something that was annotated: where it is, ``(H, W)``, and whether as a box."""

    image: Path
    there: np.ndarray
    is_box: bool


def rectangle(box: Sequence[float], size: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(size, np.bool_)
    left, top, right, bottom = (round(side) for side in box)
    mask[top:bottom, left:right] = True
    return mask


def blood_cells(data: Path) -> Iterator[Object]:
    folder = data / "det_bccd"
    for name in (folder / "ImageSets/Main/test.txt").read_text().split():
        root = parse(folder / f"Annotations/{name}.xml").getroot()
        for found in root.iter("bndbox"):
            box = [int(found.findtext(side, "0")) for side in ("xmin", "ymin", "xmax", "ymax")]
            if box[2] > box[0] and box[3] > box[1]:
                there = rectangle(box, (480, 640))
                yield Object(folder / f"JPEGImages/{name}.jpg", there, is_box=True)


def deep_pcb(data: Path) -> Iterator[Object]:
    folder = data / "tiny_deeppcb"
    for name in (folder / "splits/test.txt").read_text().split():
        for line in (folder / f"labels_original/{name}.txt").read_text().splitlines():
            box = [int(side) for side in line.replace(",", " ").split()[:4]]
            there = rectangle(box, (640, 640))
            yield Object(folder / f"images/{name}_test.jpg", there, is_box=True)


def magnetic_tiles(data: Path) -> Iterator[Object]:
    folder = data / "seg_magnetic_tile"
    for split in ("val", "test"):
        for name in (folder / f"splits/{split}.txt").read_text().split():
            file = folder / f"masks_original/{name}.png"
            mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) if file.exists() else None
            if mask is None:
                continue
            count, parts = cv2.connectedComponents((mask > 127).astype(np.uint8))
            for part in range(1, count):
                if (parts == part).sum() >= LEAST_PX:
                    yield Object(folder / f"images/{name}.jpg", parts == part, is_box=False)


SETS = {"blood cells": blood_cells, "magnetic tiles": magnetic_tiles, "DeepPCB": deep_pcb}


def inmost(mask: np.ndarray) -> tuple[Click, float]:
    """The place of a mask farthest from its edge, and how far it is."""
    depths = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depths.argmax()), depths.shape)
    return Click(float(column) + 0.5, float(row) + 0.5), float(depths.max())


def next_click(found: np.ndarray, there: np.ndarray) -> Click | None:
    missed, missed_px = inmost(there & ~found)
    wrong, wrong_px = inmost(found & ~there)
    if max(missed_px, wrong_px) == 0:
        return None
    return missed if missed_px >= wrong_px else Click(wrong.x, wrong.y, inside=False)


def answer(picture: ClickedPicture, clicks: Sequence[Click], one: Object) -> np.ndarray:
    height, width = one.there.shape
    if one.is_box:
        return rectangle(segment_box((width, height), clicks, picture.look)[0], (height, width))
    rle = outlined(segment(picture.pixels, clicks, picture.look), "mask").rle
    assert rle is not None
    return to_dense(from_text(rle.counts), height, width)


def clicked(one: Object) -> tuple[list[float], list[float]]:
    """Overlap after each click, and its processor time in ms."""
    picture = ClickedPicture(decode_rgb(one.image.read_bytes()))
    clicks, overlaps, times = [inmost(one.there)[0]], [], []
    while len(overlaps) < CLICKS:
        began = time.process_time()
        found = answer(picture, clicks, one)
        times.append((time.process_time() - began) * 1e3)
        overlaps.append(float((found & one.there).sum() / (found | one.there).sum()))
        click = next_click(found, one.there)
        if click is None:
            overlaps += overlaps[-1:] * (CLICKS - len(overlaps))
        else:
            clicks.append(click)
    return overlaps, times


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--objects", type=int, default=100)
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    for name, read in SETS.items():
        objects = list(read(chosen.data))
        order = np.random.default_rng(0).permutation(len(objects))[: chosen.objects]
        results = [clicked(objects[place]) for place in order]
        overlaps = np.mean([each for each, _ in results], axis=0)
        times = [ms for _, each in results for ms in each]
        told = {
            "set": name,
            "objects": len(results),
            "mean_iou": [round(float(value), 3) for value in overlaps],
            "cpu_ms": {q: round(float(np.quantile(times, q)), 1) for q in (0.5, 0.95, 1.0)},
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
