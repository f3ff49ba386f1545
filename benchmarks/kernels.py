"""`python -m benchmarks.kernels`: compiled loops against numpy alone, both with the same answers.

For programs that carry no compiler (the SDK) the question is what doing without costs.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from shared.vision import mask_arrays, mask_kernels, masks, overlap_arrays, overlap_grid

ROUNDS = 5
SIDE = 1024


def best_ms(work: Callable[[], Any]) -> float:
    work()  # compiled, and warm
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times) * 1e3


def outlines(count: int, rng: np.random.Generator) -> list[np.ndarray]:
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ray = np.stack([np.cos(angles), np.sin(angles)], 1)
    sizes = rng.uniform(10, 60, (count, 1)) * (1 + 0.2 * rng.standard_normal((count, angles.size)))
    middles = rng.uniform(60, SIDE - 60, (count, 1, 2))
    return list(middles + sizes[:, :, None] * ray)


def scattered(count: int, rng: np.random.Generator) -> np.ndarray:
    corners = rng.uniform(0, 4000, (count, 2))
    return np.concatenate([corners, corners + rng.uniform(8, 80, (count, 2))], 1)


def show(name: str, compiled: Callable[[], Any], arrays: Callable[[], Any]) -> None:
    print(f"{name:24} {best_ms(compiled):12.2f} {best_ms(arrays):10.2f}")


def main() -> None:
    rng = np.random.default_rng(0)
    rings = outlines(200, rng)
    codes = [mask_kernels.polygon_code(ring, SIDE, SIDE) for ring in rings]
    table = masks.table(codes, [(SIDE, SIDE)] * len(codes))
    counts, starts = table.counts, table.starts
    text, places = mask_kernels.encode_texts(counts, starts)
    work: dict[str, Callable[[Any], Any]] = {
        "fill 200 outlines": lambda k: [k.polygon_code(ring, SIDE, SIDE) for ring in rings],
        "read 200 texts": lambda k: k.decode_texts(text, places),
        "write 200 texts": lambda k: k.encode_texts(counts, starts),
        "areas of 200 masks": lambda k: k.areas(counts, starts),
        "boxes of 200 masks": lambda k: k.bounds(counts, starts, table.heights, table.widths),
        "unite 199 pairs": lambda k: [k.unite(codes[0], code) for code in codes[1:]],
    }
    print(f"{'':24} {'compiled, ms':>12} {'numpy, ms':>10}")
    for name, task in work.items():
        show(name, lambda: task(mask_kernels), lambda: task(mask_arrays))  # noqa: B023  at once
    for count in (100, 1_000, 10_000):
        how = (scattered(count, rng), np.array([0, count], np.int64), 0.5, False, False)
        show(
            f"merge {count} boxes",
            lambda: overlap_grid.group_by_first_overlap(*how),  # noqa: B023
            lambda: overlap_arrays.group_by_first_overlap(*how),  # noqa: B023
        )


if __name__ == "__main__":
    main()
