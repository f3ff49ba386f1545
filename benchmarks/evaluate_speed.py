"""Evaluation against its peers in one run: speed and peak memory, boxes and masks.

    python benchmarks/evaluate_speed.py [--works boxes-large …] [--forms arrays files report]

Each tool runs in a process of its own (see ``evaluate_peers.py``); ratios are to this run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from evaluate_data import WORKS, draw, write_coco

HERE = Path(__file__).parent
TOOLS = ("loupe", "ultrafast", "hotcoco", "faster-coco-eval", "torchmetrics", "pycocotools")
REPORTERS = ("loupe", "ultrafast", "hotcoco")


def measure(tool: str, work: str, form: str, folder: str) -> dict[str, float]:
    command = [sys.executable, str(HERE / "evaluate_peers.py"), tool, work, form, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{tool} failed on {work}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def tools_for(work: str, form: str) -> tuple[str, ...]:
    """The slow ones run once: pycocotools on files, torchmetrics (no files, no RLE) on arrays."""
    if form == "report":
        return REPORTERS
    slow = "torchmetrics" if form == "files" else "pycocotools"
    if WORKS[work].masks:  # results with masks cannot be given as an array
        return ("loupe",) if form == "arrays" else tuple(t for t in TOOLS if t != "torchmetrics")
    return tuple(tool for tool in TOOLS if tool != slow)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--works", nargs="+", default=list(WORKS))
    parser.add_argument("--forms", nargs="+", default=["arrays", "files", "report"])
    args = parser.parse_args()
    print("| work | form | tool | seconds | peak over imports, MB | AP | time / Loupe |")
    print("|---|---|---|---|---|---|---|")
    for work in args.works:
        with tempfile.TemporaryDirectory() as folder:
            write_coco(draw(WORKS[work]), Path(folder))
            for form in args.forms:
                if form == "report" and WORKS[work].masks:
                    continue
                ours = 0.0
                for tool in tools_for(work, form):
                    found = measure(tool, work, form, folder)
                    ours = found["seconds"] if tool == "loupe" else ours
                    print(
                        f"| {work} | {form} | {tool} | {found['seconds']:.3f} | {found['mb']:.0f} "
                        f"| {found['map']:.6f} | {found['seconds'] / ours:.2f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
