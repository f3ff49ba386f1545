"""Merging 50,000 tiled boxes, against SAHI: `python -m benchmarks.merging`.

SAHI twice: its functions on arrays, and as its users call it, with an object for each prediction.
Rounds alternate between the ways, and the middle one of each is told.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

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


def middle_times(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The middle time of each way, s; every round goes through all of them."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            began = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    boxes, scores, labels = boxes_of_tiles()
    began = time.perf_counter()
    merge(boxes, scores, labels=labels, rule=MergeRule())
    print(f"first call, with compiling or reading the cache: {time.perf_counter() - began:.2f} s")
    arrays, objects = sahi_arrays(boxes, scores, labels), sahi_objects(boxes, scores, labels)
    for method in MergeMethod:
        rule = MergeRule(method)
        ours = partial(merge, boxes, scores, labels=labels, rule=rule)
        peers = {"arrays": arrays.get(method), "objects": objects.get(method)}
        ways = {"loupe": ours, **{name: work for name, work in peers.items() if work}}
        times = middle_times(ways)
        kept = set(ours().kept.tolist())
        line = f"{method.value:10} loupe {times['loupe'] * 1e3:7.1f} ms, {len(kept)} kept"
        for name in ways.keys() - {"loupe"}:
            ratio = times[name] / times["loupe"]
            line += f"; sahi {name} {times[name] * 1e3:7.1f} ms, ratio {ratio:5.1f}"
        if method in arrays:
            line += f"; same set: {kept == set(arrays[method]())}"
        print(line)


def sahi_arrays(
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


def sahi_objects(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray
) -> dict[MergeMethod, Callable[[], object]]:
    """SAHI as its users call it: the class that a prediction names, on a list of objects."""
    try:
        from sahi.postprocess import combine
        from sahi.prediction import ObjectPrediction
    except ImportError:
        return {}
    found = [
        ObjectPrediction(bbox=box, category_id=label, category_name=str(label), score=score)
        for box, label, score in zip(boxes.tolist(), labels.tolist(), scores.tolist(), strict=True)
    ]
    classes = {
        MergeMethod.NMS: combine.NMSPostprocess,
        MergeMethod.GREEDYNMM: combine.GreedyNMMPostprocess,
        MergeMethod.NMM: combine.NMMPostprocess,
    }
    return {method: partial(_as_users_do, kind, found) for method, kind in classes.items()}


def _as_users_do(kind: Callable[..., Any], found: list[Any]) -> object:
    postprocess = kind(match_threshold=0.5, match_metric="IOU", class_agnostic=False)
    return postprocess(list(found))  # it puts merged objects into the list it is given


if __name__ == "__main__":
    main()
