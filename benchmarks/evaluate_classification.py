"""Classification figures of a million images against scikit-learn and torchmetrics, taking turns.

    python -m benchmarks.evaluate_classification [--images 1000000] [--labels 10] [--rounds 3]

Accuracy, precision, recall, F1, confusion matrix, ROC-AUC and AP of every label; each tool in a
process of its own.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import numpy as np


def drawn(images: int, labels: int) -> tuple[np.ndarray, np.ndarray]:
    r = np.random.default_rng(0)
    truth, logits = r.integers(0, labels, images), r.normal(0, 1, (images, labels))
    logits[np.arange(images), truth] += 1.5
    scores = np.exp(logits)
    return truth, scores / scores.sum(axis=1, keepdims=True)


def loupe(truth: np.ndarray, scores: np.ndarray) -> float:
    from services.evaluator.domain.classes.classification import Classified, classification_figures

    figures = classification_figures(Classified(truth, scores))
    return float(np.mean(figures.auc))


def scikit_learn(truth: np.ndarray, scores: np.ndarray) -> float:
    from sklearn import metrics

    found, each = scores.argmax(axis=1), range(scores.shape[1])
    metrics.accuracy_score(truth, found)
    metrics.precision_recall_fscore_support(truth, found)
    metrics.confusion_matrix(truth, found)
    for k in each:
        metrics.average_precision_score(truth == k, scores[:, k])
    return float(np.mean([metrics.roc_auc_score(truth == k, scores[:, k]) for k in each]))


def torchmetrics(truth: np.ndarray, scores: np.ndarray) -> float:
    import torch
    from torchmetrics.functional import classification as of

    target, given, labels = torch.tensor(truth), torch.tensor(scores), scores.shape[1]
    of.multiclass_accuracy(given, target, labels, average="micro")
    for figure in (of.multiclass_precision, of.multiclass_recall, of.multiclass_f1_score):
        figure(given, target, labels, average=None)
    of.multiclass_confusion_matrix(given, target, labels)
    of.multiclass_average_precision(given, target, labels, average=None)
    return float(of.multiclass_auroc(given, target, labels, average=None).mean())


TOOLS = {"loupe": loupe, "scikit-learn": scikit_learn, "torchmetrics": torchmetrics}


def measure(tool: str, images: int, labels: int) -> None:
    TOOLS[tool](*drawn(1000, labels))  # imports and compiles
    truth, scores = drawn(images, labels)
    wall, cpu = time.perf_counter(), time.process_time()
    auc = TOOLS[tool](truth, scores)
    print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu, auc]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--labels", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tool", choices=TOOLS, help="measure one in this process")
    args = parser.parse_args()
    if args.tool:
        measure(args.tool, args.images, args.labels)
        return
    runs: dict[str, list[list[float]]] = {tool: [] for tool in TOOLS}
    size = ["--images", str(args.images), "--labels", str(args.labels)]
    for _ in range(args.rounds):
        for tool, found in runs.items():
            command = [sys.executable, "-m", "benchmarks.evaluate_classification", "--tool", tool]
            done = subprocess.run([*command, *size], capture_output=True, text=True, check=True)
            found.append(json.loads(done.stdout.splitlines()[-1]))
    print("| tool | seconds | CPU | mean AUC | time / Loupe |\n|---|---|---|---|---|")
    ours = statistics.median(run[0] for run in runs["loupe"])
    for tool, found in runs.items():
        wall, cpu, auc = (statistics.median(part) for part in zip(*found, strict=True))
        print(f"| {tool} | {wall:.2f} | {cpu:.2f} | {auc:.9f} | {wall / ours:.2f} |")


if __name__ == "__main__":
    main()
