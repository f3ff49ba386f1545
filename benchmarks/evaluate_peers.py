"""One tool on one piece of work, in a process of its own: seconds and peak memory over imports.

    python -m benchmarks.evaluate_peers TOOL WORK arrays|files|report|threshold|boundary FOLDER

``arrays`` begins with arrays (or the tool's own objects of the truth) in memory, ``files`` with
COCO JSON on disk, ``report`` makes the tool's whole diagnostic report, ``threshold`` shows a stored
one at another confidence threshold each time, with intervals and traits, and ``boundary`` gives
boundary AP, from memory (vernier: from JSON in memory). Compiled kernels are warmed on a small data
set first, which counts as importing.
"""

import contextlib
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.evaluate_data import WORKS, Work, dataset, draw, records, scored, write_coco

Run = Callable[[], float]
THRESHOLDS_ASKED = 20
REPEATS = {"pycocotools": 1, "torchmetrics": 1, "faster-coco-eval": 2}


def loupe(samples: Any, form: str, folder: Path) -> Run:
    from services.evaluator.domain.objects.borrowed_engines import boundary_precision
    from services.evaluator.domain.objects.coco_summary import coco_summary
    from services.evaluator.domain.objects.evaluation import evaluate
    from services.evaluator.domain.objects.samples import check
    from services.evaluator.domain.readers.coco_files import read_coco
    from services.evaluator.domain.report.detection import detection_report
    from services.evaluator.domain.report.options import ReportOptions

    kind = "mask" if samples.truths.masks is not None else "box"

    def run(given: Any = samples) -> float:
        if form == "files":
            given = read_coco(
                (folder / "truth.json").read_bytes(),
                (folder / "results.json").read_bytes(),
                kind=kind,
            )
        else:
            check(given)
        if form == "boundary":
            return boundary_precision(given)[0]
        evaluation = evaluate(given, kind=kind)
        if form == "report":
            return detection_report(evaluation, ReportOptions(replicates=0)).overall.map
        return coco_summary(evaluation)["map"]

    small = draw(Work("warm", 4, 3, 5, 8, masks=kind == "mask"))
    wanted, form = form, "report"
    run(small)
    with tempfile.TemporaryDirectory() as warm:
        truth, found = (path.read_bytes() for path in write_coco(small, Path(warm)))
        read_coco(truth, found, kind=kind)
    form = wanted
    return moved_threshold(samples, kind) if form == "threshold" else run


def moved_threshold(samples: Any, kind: Any) -> Run:
    """What the server answers when the slider moves; reading the stored report is not timed."""
    from itertools import cycle

    from services.evaluator.domain.objects.evaluation import evaluate
    from services.evaluator.domain.objects.matches_file import matches_from_bytes, matches_to_bytes
    from services.evaluator.domain.report.detection import detection_report, report_at
    from services.evaluator.domain.report.options import ReportOptions

    gc.freeze()  # as the host does: what was imported is not searched for garbage
    evaluation = evaluate(samples, kind=kind)
    report = detection_report(evaluation, ReportOptions())
    stored = matches_from_bytes(matches_to_bytes(evaluation))
    thresholds = cycle([0.2, 0.35, 0.5, 0.65, 0.8])

    def run() -> float:
        found = report_at(report, stored, threshold=next(thresholds), iou_threshold=0.5)
        return found.overall.map

    return run


def coco_like(samples: Any, form: str, folder: Path, module: str) -> Run:
    """pycocotools, faster-coco-eval and ultrafast share one face."""
    if module == "pycocotools":
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    elif module == "faster-coco-eval":
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as COCOeval
    else:
        from ultrafast_pycocotools import COCO, COCOeval

    kind = "segm" if samples.truths.masks is not None else "bbox"
    held = None if form == "files" else in_memory(samples)

    def run() -> float:
        if held is None:
            truth = COCO(str(folder / "truth.json"))
            found = truth.loadRes(str(folder / "results.json"))
        else:
            truth = COCO()
            truth.dataset = held[0]
            truth.createIndex()
            found = truth.loadRes(held[1])
        evaluation = COCOeval(truth, found, kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        if form == "report" and module == "ultrafast":
            evaluation.confusion_matrix()
            evaluation.per_category_stats()
            evaluation.pr_curve()
            evaluation.per_instance()
        return float(evaluation.stats[0])

    return run


def in_memory(samples: Any) -> tuple[dict[str, Any], Any]:
    annotations = [
        record | {"id": row + 1, "area": area, "iscrowd": 0}
        for row, (record, area) in enumerate(
            zip(records(samples.truths), samples.truths.area.tolist(), strict=True)
        )
    ]
    return dataset(samples) | {"annotations": annotations}, seven_columns(samples)


def seven_columns(samples: Any) -> np.ndarray:
    found = samples.detections
    columns = [found.image[:, None] + 1, found.boxes_xywh, found.score[:, None]]
    return np.concatenate([*columns, found.label[:, None] + 1], axis=1).astype(np.float64)


def hotcoco(samples: Any, form: str, folder: Path) -> Run:
    import hotcoco as engine

    kind = "segm" if samples.truths.masks is not None else "bbox"
    meta, found, truths = dataset(samples), seven_columns(samples), samples.truths

    def run() -> float:
        if form == "files":
            truth = engine.COCO(str(folder / "truth.json"))
            results = truth.load_res(str(folder / "results.json"))
        else:
            truth = engine.COCO.from_arrays(
                meta["images"],
                meta["categories"],
                truths.image + 1,
                truths.label + 1,
                truths.boxes_xywh,
            )
            results = truth.load_res(found)
        evaluation = engine.COCOeval(truth, results, kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        if form == "report":
            evaluation.report()
            evaluation.results(per_class=True)
            evaluation.confusion_matrix()
            evaluation.tide_errors()
            evaluation.calibration()
            evaluation.image_diagnostics()
        return float(evaluation.stats[0])

    return run


def vernier(samples: Any, form: str, folder: Path) -> Run:
    from vernier import instance

    masks = samples.truths.masks is not None
    iou = instance.Segm() if masks else instance.Bbox()
    threads = len(os.sched_getaffinity(0)) if form == "boundary" else None  # as Loupe has them
    evaluator = instance.Evaluator(iou=instance.Boundary() if form == "boundary" else iou)
    given = [(folder / name).read_bytes() for name in ("truth.json", "results.json")]
    if masks:  # it demands boxes beside the masks
        given[1] = orjson.dumps(scored(samples.detections))

    def run() -> float:
        if form != "report":
            return float(evaluator.evaluate(*given, num_threads=threads).stats[0])
        result = evaluator.evaluate(*given, tables="all", calibration=True)
        return float(result.summary.stats[0])

    return run


def torchmetrics(samples: Any, form: str, folder: Path) -> Run:
    import torch
    from torchmetrics.detection import MeanAveragePrecision

    def per_image(rows: Any, scored: bool) -> list[dict[str, Any]]:
        starts = np.searchsorted(rows.image, np.arange(len(samples.images.ids) + 1))
        out = []
        for first, last in pairwise(starts):
            one = {
                "boxes": torch.tensor(rows.boxes_xywh[first:last]),
                "labels": torch.tensor(rows.label[first:last]),
            }
            if scored:
                one["scores"] = torch.tensor(rows.score[first:last])
            out.append(one)
        return out

    found, truth = per_image(samples.detections, True), per_image(samples.truths, False)

    def run() -> float:
        metric = MeanAveragePrecision(box_format="xywh", backend="faster_coco_eval")
        metric.warn_on_many_detections = False
        metric.update(found, truth)
        return float(metric.compute()["map"])

    return run


TOOLS: dict[str, Callable[[Any, str, Path], Run]] = {
    "loupe": loupe,
    "pycocotools": lambda s, f, d: coco_like(s, f, d, "pycocotools"),
    "faster-coco-eval": lambda s, f, d: coco_like(s, f, d, "faster-coco-eval"),
    "ultrafast": lambda s, f, d: coco_like(s, f, d, "ultrafast"),
    "hotcoco": hotcoco,
    "vernier": vernier,
    "torchmetrics": torchmetrics,
}


def memory_kib(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def main() -> None:
    tool, work, form, folder = sys.argv[1:5]
    samples = draw(WORKS[work])
    run = TOOLS[tool](samples, form, Path(folder))
    before = memory_kib("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of drawing the data
    seconds, cpu, value = [], [], 0.0
    repeats = THRESHOLDS_ASKED if form == "threshold" else REPEATS.get(tool, 3)
    for _ in range(repeats):
        with open(os.devnull, "w") as quiet, contextlib.redirect_stdout(quiet):
            began, used = time.perf_counter(), time.process_time()
            value = run()
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
    peak = memory_kib("VmHWM") - before
    middle = {"seconds": statistics.median(seconds), "cpu": statistics.median(cpu)}
    print(json.dumps(middle | {"mb": peak / 1024, "map": value}))


if __name__ == "__main__":
    main()
