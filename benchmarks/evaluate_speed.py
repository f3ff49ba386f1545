"""Evaluation against its peers in one run: speed and peak memory, boxes and masks.

    python -m benchmarks.evaluate_speed [--works boxes-large …] [--forms files …] [--rounds 3]

Tools take turns, each in a process of its own (see ``evaluate_peers.py``); figures are medians of
the rounds, ratios are to this run.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.evaluate_data import WORKS, draw, write_coco

TOOLS = ("loupe", "ultrafast", "hotcoco", "faster-coco-eval", "torchmetrics", "pycocotools")
REPORTERS = ("loupe", "ultrafast", "hotcoco", "vernier")
FORMS = ("arrays", "files", "report", "threshold", "boundary")


def measure(tool: str, work: str, form: str, folder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.evaluate_peers", tool, work, form, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{tool} failed on {work}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def tools_for(work: str, form: str) -> tuple[str, ...]:
    """The slow ones run once: pycocotools on files, torchmetrics (no files, no RLE) on arrays."""
    masks = WORKS[work].masks
    if form == "boundary":
        return ("loupe", "vernier") if masks else ()
    if form == "threshold":  # nobody else answers it without another evaluation
        return ("loupe",)
    if form == "report":
        return ("loupe", "vernier") if masks else REPORTERS
    slow = "torchmetrics" if form == "files" else "pycocotools"
    if masks:  # results with masks cannot be given as an array
        return ("loupe",) if form == "arrays" else tuple(t for t in TOOLS if t != "torchmetrics")
    return tuple(tool for tool in TOOLS if tool != slow)


def in_turns(work: str, form: str, folder: str, rounds: int) -> None:
    tools = tools_for(work, form)
    runs: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools}
    for turn in range(rounds):
        for tool in tools:
            if turn == 0 or tool not in ("pycocotools", "torchmetrics"):
                runs[tool].append(measure(tool, work, form, folder))
    for tool, found in runs.items():
        middle = {name: statistics.median(run[name] for run in found) for name in found[0]}
        ratio = middle["seconds"] / statistics.median(run["seconds"] for run in runs["loupe"])
        print(
            f"| {work} | {form} | {tool} | {middle['seconds']:.3f} | {middle['cpu']:.3f} "
            f"| {middle['mb']:.0f} | {middle['map']:.6f} | {ratio:.2f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--works", nargs="+", default=list(WORKS))
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=FORMS)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| work | form | tool | seconds | CPU | peak over imports, MB | AP | time / Loupe |")
    print("|---|---|---|---|---|---|---|---|")
    for work in args.works:
        with tempfile.TemporaryDirectory() as folder:
            write_coco(draw(WORKS[work]), Path(folder))
            for form in args.forms:
                in_turns(work, form, folder, args.rounds)


if __name__ == "__main__":
    main()
