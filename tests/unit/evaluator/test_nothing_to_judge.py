"""No truths, only crowds, no detections: every report, page and command line copes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from scenes import SIDE, random_samples, read, with_masks

from services.__main__ import main
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.samples import Samples
from services.evaluator.domain.readers.coco_records import Kind
from services.evaluator.domain.rendering.html import render_html
from services.evaluator.domain.rendering.pdf import render_pdf
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.tree.reports import from_json, to_json

NONE = np.zeros(0, np.int64)


def given(truths: str, found: str, kind: Kind) -> Samples:
    out = random_samples(seed=4, images=6)
    out = with_masks(out) if kind == "mask" else out
    if truths == "none":
        out = replace(out, truths=chosen(out.truths, NONE))
    if truths != "none":
        share = {"some crowd": 0.5, "all crowd": 1.0, "no crowd": 0.0}[truths]
        crowd = np.arange(len(out.truths)) < share * len(out.truths)
        out = replace(out, truths=replace(out.truths, crowd=crowd))
    return replace(out, detections=chosen(out.detections, NONE)) if found == "none" else out


def chosen(rows: Any, keep: np.ndarray) -> Any:
    columns = {
        name: getattr(rows, name)[keep]
        for name in ("image", "label", "boxes_xywh", "area", "crowd", "score")
        if hasattr(rows, name)
    }
    return replace(rows, **columns, masks=None if rows.masks is None else rows.masks.take(keep))


@pytest.mark.parametrize("kind", ["box", "mask"])
@pytest.mark.parametrize("truths", ["none", "no crowd", "some crowd", "all crowd"])
@pytest.mark.parametrize("found", ["none", "some"])
def test_a_report_and_its_pages_are_made(truths: str, found: str, kind: Kind) -> None:
    evaluation = evaluate(given(truths, found, kind), kind=kind)
    report = detection_report(evaluation, ReportOptions(replicates=20))
    document = read(report)
    judged = truths in ("no crowd", "some crowd")
    assert (document["overall"]["map"] is not None) == judged
    assert ("没有标注" in document["conclusion"]["zh-CN"]) != judged
    assert to_json(from_json(to_json(report))) == to_json(report)
    for language in ("zh-CN", "en"):
        assert document["conclusion"][language] in render_html(report, language=language)
        assert render_pdf(report, language=language).startswith(b"%PDF-")


@pytest.mark.parametrize("kind", ["box", "mask"])
@pytest.mark.parametrize("output", ["--json", "--html", "--pdf", ""])
def test_detections_without_any_truth_are_reported_on(
    kind: str, output: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    box = [10.0, 10.0, 20.0, 20.0]
    ring = [[10, 10, 30, 10, 30, 30, 10, 30]]
    truth = {
        "images": [{"id": 1, "width": SIDE, "height": SIDE}],
        "categories": [{"id": 1, "name": "pit"}],
        "annotations": [],
    }
    found = [{"image_id": 1, "category_id": 1, "bbox": box, "score": 0.9, "segmentation": ring}]
    (tmp_path / "t.json").write_bytes(orjson.dumps(truth))
    (tmp_path / "p.json").write_bytes(orjson.dumps(found))
    files = ["--truth", str(tmp_path / "t.json"), "--predictions", str(tmp_path / "p.json")]
    where = {"--html": [str(tmp_path / "o.html")], "--pdf": [str(tmp_path / "o.pdf")]}
    wanted = [output, *where.get(output, [])] if output else []
    assert main(["report", *files, "--kind", kind, *wanted]) == 0
    if output == "--json":
        document = orjson.loads(capfdbinary.readouterr().out)
        assert document["overall"]["map"] is None
        assert document["overall"]["precision"] == 0.0
        assert document["errors"]["counts"]["false_detection"] == 1
