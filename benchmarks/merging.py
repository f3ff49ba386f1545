"""Merging 50,000 tiled boxes, against SAHI's array functions: `python -m benchmarks.merging`."""

import time
from collections.abc import Callable

import numpy as np

from shared.vision.merging import MergeMethod, MergeRule, merge

BOXES = 50_000
ROUNDS = 7


def boxes_of_tiles(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four jittered boxes a target on a 10000×30000 image: what overlapping tiles give."""
    rng = np.random.default_rng(seed)
    count = BOXES // 4
    centres = rng.uniform(0, [10_000, 30_000], (count, 2))
    sides = rng.uniform(20, 80, (count, 2))
    once = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)
    boxes = np.repeat(once, 4, axis=0) + rng.normal(0, 3, (BOXES, 4))
    scores = rng.permutation(BOXES) / BOXES
    labels = np.repeat(rng.integers(0, 3, count), 4)
    return boxes.astype(np.float32), scores.astype(np.float32), labels


def best_of(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    boxes, scores, labels = boxes_of_tiles()
    began = time.perf_counter()
    merge(boxes, scores, labels=labels, rule=MergeRule())
    print(f"first call, with compiling or reading the cache: {time.perf_counter() - began:.2f} s")
    peers = sahi_peers(boxes, scores, labels)
    for method in MergeMethod:
        rule = MergeRule(method)
        ours = best_of(lambda rule=rule: merge(boxes, scores, labels=labels, rule=rule))
        kept = set(merge(boxes, scores, labels=labels, rule=rule).kept.tolist())
        line = f"{method.value:10} loupe {ours * 1e3:7.1f} ms, {len(kept)} kept"
        if method in peers:
            peer = best_of(peers[method])
            same = kept == set(peers[method]())
            line += f"; sahi {peer * 1e3:7.1f} ms, ratio {peer / ours:5.1f}, same set: {same}"
        print(line)


def sahi_peers(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray
) -> dict[MergeMethod, Callable[[], list[int]]]:
    """SAHI's array functions; nothing when the bench extra is not installed."""
    try:
        from sahi.postprocess import combine
    except ImportError:
        print("sahi is not installed: install the bench extra to compare")
        return {}
    table = np.column_stack([boxes, scores, labels]).astype(np.float32)
    return {
        MergeMethod.NMS: lambda: list(combine.batched_nms(table, "IOU", 0.5)),
        MergeMethod.GREEDYNMM: lambda: list(combine.batched_greedy_nmm(table, "IOU", 0.5)),
        MergeMethod.NMM: lambda: list(combine.batched_nmm(table, "IOU", 0.5)),
    }


if __name__ == "__main__":
    main()
