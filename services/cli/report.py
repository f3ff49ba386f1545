"""`loupe report`: COCO files in, report out. The evaluator is useful by itself."""

import argparse
import sys
from pathlib import Path

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.numbers.figure import by_name
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.readers.coco_files import read_coco
from services.evaluator.domain.rendering.html import render_html
from services.evaluator.domain.rendering.pdf import render_pdf
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.tree.reports import DetectionReport, to_json
from services.evaluator.domain.report.words import percent
from shared.errors import LoupeError

SHOWN = ("map", "map_50", "map_75", "precision", "recall", "f1", "average_detection_rate")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `report` to the command line."""
    parser = subparsers.add_parser("report", help="judge predictions in COCO files")
    parser.add_argument("--truth", type=Path, required=True, help="COCO dataset (JSON)")
    parser.add_argument("--predictions", type=Path, required=True, help="COCO results (JSON)")
    parser.add_argument("--kind", choices=("box", "mask"), default="box")
    parser.add_argument("--threshold", type=float, help="confidence; default: best F1")
    parser.add_argument("--iou", type=float, default=0.5, help="IoU from which a match counts")
    parser.add_argument("--max-detections", type=int, default=100, help="per image and label")
    parser.add_argument("--replicates", type=int, default=200, help="bootstrap draws, 0 for none")
    parser.add_argument("--language", choices=("zh-CN", "en"), default="zh-CN")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="the whole report on standard output")
    output.add_argument("--html", type=Path, metavar="OUT", help="write a self-contained page")
    output.add_argument("--pdf", type=Path, metavar="OUT", help="write a PDF")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge and write; 0, or 2 with the reason on standard error when the input is no good."""
    try:
        _write(args, _judge(args))
    except LoupeError as error:
        print(f"loupe report: {error.detail}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"loupe report: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _judge(args: argparse.Namespace) -> DetectionReport:
    if args.replicates < 0:
        raise BadSamples("--replicates must be 0 or more")
    if args.max_detections < 1:
        raise BadSamples("--max-detections must be 1 or more")
    samples = read_coco(args.truth.read_bytes(), args.predictions.read_bytes(), kind=args.kind)
    evaluation = evaluate(samples, kind=args.kind, max_detections=args.max_detections)
    options = ReportOptions(
        threshold=args.threshold, iou_threshold=args.iou, replicates=args.replicates
    )
    return detection_report(evaluation, options)


def _write(args: argparse.Namespace, report: DetectionReport) -> None:
    if args.json:
        sys.stdout.buffer.write(to_json(report, indent=2) + b"\n")
    elif args.html:
        args.html.write_text(render_html(report, language=args.language), encoding="utf-8")
    elif args.pdf:
        args.pdf.write_bytes(render_pdf(report, language=args.language))
    else:
        _print_summary(report, args.language)


def _print_summary(report: DetectionReport, language: str) -> None:
    print(report.conclusion[language])
    print(f"{'threshold':24} {report.threshold:.2f}")
    overall = by_name(report.overall)
    for name in SHOWN:
        print(f"{name:24} {percent(overall[name])}")
