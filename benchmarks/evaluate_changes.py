"""What a question costs once an evaluation is stored, in milliseconds of processor time.

    python -m benchmarks.evaluate_changes [--works boxes-industrial …] [--rounds 15]

Another confidence and another IoU threshold give counts, outcomes and confusion matrix;
``16 images`` is the evaluation with its twelve COCO figures after 16 images changed, in turns with
a full run.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.evaluate_data import WORKS, draw
from services.evaluator.domain.changed_images import evaluate_changed
from services.evaluator.domain.coco_summary import coco_summary
from services.evaluator.domain.confusion import confusion_matrix
from services.evaluator.domain.evaluation import Evaluation, evaluate
from services.evaluator.domain.operating_point import counts_at

CHANGED = 16


def ask(evaluation: Evaluation, threshold: float, iou_threshold: float) -> None:
    matches, row = evaluation.matched_at(iou_threshold)
    counts_at(evaluation.arranged, matches.verdict[row], threshold)
    result = evaluation.outcomes_at(threshold=threshold, iou_threshold=iou_threshold)
    confusion_matrix(evaluation.arranged, result)


def in_turns(questions: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU and wall milliseconds of each question, medians."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in questions}
    for _ in range(rounds):
        for name, question in questions.items():
            cpu, wall = time.process_time(), time.perf_counter()
            question()
            runs[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {
        name: [1000 * statistics.median(part) for part in zip(*found, strict=True)]
        for name, found in runs.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--works", nargs="+", default=["boxes-industrial", "boxes-large"])
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    print("| work | question | CPU, ms | wall, ms |")
    print("|---|---|---|---|")
    for work in args.works:
        samples = draw(WORKS[work])
        evaluation = evaluate(samples, kind="mask" if WORKS[work].masks else "box")
        chosen = np.zeros(len(samples.images.ids), np.bool_)
        chosen[np.random.default_rng(0).choice(chosen.size, CHANGED, replace=False)] = True
        found = samples.detections
        moved = np.where(chosen[found.image], found.score / 2, found.score)
        now = replace(samples, detections=replace(found, score=moved))
        questions: dict[str, Callable[[], object]] = {
            "another confidence": lambda e=evaluation: ask(e, 0.41, 0.5),
            "another IoU": lambda e=evaluation: ask(e, 0.4, 0.45),
            "16 images": lambda e=evaluation, n=now, c=chosen: coco_summary(
                evaluate_changed(e, n, c)
            ),
            "all images": lambda e=evaluation, n=now: coco_summary(evaluate(n, kind=e.kind)),
        }
        in_turns(questions, 1)  # compiles
        for name, (cpu, wall) in in_turns(questions, args.rounds).items():
            print(f"| {work} | {name} | {cpu:.1f} | {wall:.1f} |", flush=True)


if __name__ == "__main__":
    main()
