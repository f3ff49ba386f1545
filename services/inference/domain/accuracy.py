"""How many results of an image are right, too many or missing: of any task, label by label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.tasks.names import TaskName
from shared.vision import rotated_boxes
from shared.vision.boxes import Boxes, as_boxes, iou_matrix
from shared.vision.masks import from_polygons, from_text, intersection_px, table, united

Columns = Mapping[str, NDArray[Any]]
Code = NDArray[np.uint32]
Tally = NDArray[np.int64]
"""``(L, 3)``: right, too many, missing; objects, lines, images or, of a segmentation, pixels."""

LEAST_IOU = 0.5  # from which two objects of one label are the same one
TEXT = "text"  # the only row of OCR, whose results have no labels


@dataclass(frozen=True, slots=True)
class Seen:
    """What is in an image, by an answer or by people.

    Attributes:
        size: Height and width of the image.
        rows: Row of each thing in a `Tally`, ``(N,)``.
        words: What it must say beside being there, of a line of text; else empty.
        boxes: ``(N, 4)`` xyxy; None where things have no boxes.
        codes: Run-length codes of the pixels, where things are told by them.
        as_pixels: Whether pixels are counted, and not things.
    """

    size: tuple[int, int]
    rows: NDArray[np.int64]
    words: tuple[str, ...] = ()
    boxes: Boxes | None = None
    codes: tuple[Code, ...] | None = None
    as_pixels: bool = False


def rows_of(task: TaskName, labels: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a tally's rows."""
    return (TEXT,) if task == "ocr" else tuple(labels)


def told(task: TaskName, columns: Columns, size: tuple[int, int], threshold: float) -> Seen:
    """Return what stored results of an image say at a threshold; a classifier's best label."""
    if task == "classification":
        return Seen(size, columns["scores"].argmax(axis=1).astype(np.int64))
    kept = np.arange(len(columns["label"] if "label" in columns else columns["score"]))
    if "score" in columns:
        kept = np.flatnonzero(columns["score"] >= np.float32(threshold))
    if task == "ocr":
        words = tuple(
            _ragged(columns, "text", row).decode("utf-8", "replace") for row in kept.tolist()
        )
        return Seen(size, np.zeros(len(kept), np.int64), words)
    rows = columns["label"][kept].astype(np.int64)
    if task == "detection":
        return Seen(size, rows, boxes=as_boxes(columns["box"][kept]))
    codes = tuple(from_text(_ragged(columns, "rle", row)) for row in kept.tolist())
    return Seen(size, rows, codes=codes, as_pixels=task == "semantic_segmentation")


def drawn(task: TaskName, image: SnapshotImage, labels: Sequence[str]) -> Seen:
    """Return what people say is in an image."""
    size = image.height, image.width
    if task == "ocr":
        words = tuple(shape.text for shape in image.shapes if shape.text)
        return Seen(size, np.zeros(len(words), np.int64), words)
    places = {name: place for place, name in enumerate(labels)}
    known = [shape for shape in image.shapes if shape.label in places]
    rows = np.array([places[shape.label] for shape in known], np.int64)
    if task == "classification":
        return Seen(size, rows)
    if task == "detection":
        return Seen(size, rows, boxes=as_boxes([_box(one) for one in known]))
    codes = tuple(_outline(shape, size) for shape in known)
    return Seen(size, rows, codes=codes, as_pixels=task == "semantic_segmentation")


def tally(found: Seen, truth: Seen, rows: int) -> Tally:
    """Count, row by row, what is found of what is there; results come best first."""
    out = np.zeros((rows, 3), np.int64)
    for row in range(rows):
        mine, theirs = np.flatnonzero(found.rows == row), np.flatnonzero(truth.rows == row)
        if found.as_pixels:
            out[row] = _pixels(_united(found, mine), _united(truth, theirs), found.size)
        else:
            right = _pairs(_same(found, mine, truth, theirs))
            out[row] = right, len(mine) - right, len(theirs) - right
    return out


def _same(
    found: Seen, mine: NDArray[np.int64], truth: Seen, theirs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How much each of mine is each of theirs, 0 where it is not the same, ``(mine, theirs)``."""
    if found.boxes is not None and truth.boxes is not None:
        overlap = iou_matrix(found.boxes[mine], truth.boxes[theirs]).astype(np.float64)
    elif found.codes is not None and truth.codes is not None:
        overlap = _mask_iou([found.codes[i] for i in mine], [truth.codes[i] for i in theirs], found)
    elif found.words or truth.words:
        pairs = [[found.words[i] == truth.words[j] for j in theirs] for i in mine]
        overlap = np.array(pairs, np.float64).reshape(len(mine), len(theirs))
    else:
        overlap = np.ones((len(mine), len(theirs)))
    return np.where(overlap >= LEAST_IOU, overlap, 0.0)


def _pairs(same: NDArray[np.float64]) -> int:
    """Give each result the best thing that none before it took (as COCO's evaluation does)."""
    right, left = 0, same.copy()
    for row in range(len(left)):
        if left.shape[1] and left[row].max() > 0:
            left[:, int(left[row].argmax())] = 0.0
            right += 1
    return right


def _mask_iou(first: Sequence[Code], second: Sequence[Code], seen: Seen) -> NDArray[np.float64]:
    masks = table([*first, *second], [seen.size] * (len(first) + len(second)))
    areas = [int(code[1::2].sum()) for code in (*first, *second)]
    out = np.zeros((len(first), len(second)))
    for i in range(len(first)):
        for j in range(len(second)):
            shared = intersection_px(masks, i, masks, len(first) + j)
            union = areas[i] + areas[len(first) + j] - shared
            out[i, j] = shared / union if union else 0.0
    return out


def _pixels(found: Code, truth: Code, size: tuple[int, int]) -> tuple[int, int, int]:
    masks = table([found, truth], [size, size])
    right = int(intersection_px(masks, 0, masks, 1))
    return right, int(found[1::2].sum()) - right, int(truth[1::2].sum()) - right


def _united(seen: Seen, places: NDArray[np.int64]) -> Code:
    codes = [seen.codes[place] for place in places] if seen.codes else []
    return united(codes) if codes else np.array([seen.size[0] * seen.size[1]], np.uint32)


def _ragged(columns: Columns, name: str, row: int) -> bytes:
    first, behind = columns[f"{name}_starts"][row : row + 2]
    return bytes(columns[name][first:behind].tobytes())


def _box(shape: Shape) -> tuple[float, float, float, float]:
    if shape.kind != "rotated_box":
        return shape.bounds()
    turned = rotated_boxes.from_wire(np.array([shape.bounds()]), [shape.angle or 0.0])
    left, top, right, bottom = rotated_boxes.bounds(turned)[0].tolist()
    return left, top, right, bottom


def _outline(shape: Shape, size: tuple[int, int]) -> Code:
    if shape.rle is not None:
        return from_text(shape.rle.counts)
    ring = list(chain.from_iterable(shape.points))
    if shape.kind in ("box", "rotated_box"):
        turned = rotated_boxes.from_wire(np.array([shape.bounds()]), [shape.angle or 0.0])
        ring = rotated_boxes.corners(turned)[0].ravel().tolist()
    return from_polygons([ring], *size)
