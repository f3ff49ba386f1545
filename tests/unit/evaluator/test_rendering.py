"""Reports as pages: everything said is on them, nothing from a tenant becomes markup."""

from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import orjson
import pytest
from scenes import random_samples, samples

from services.evaluator.domain.classes.classification import Classified
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.pixels.tally import SemanticTally
from services.evaluator.domain.rendering.html import render_html
from services.evaluator.domain.rendering.pdf import render_pdf
from services.evaluator.domain.rendering.sections import MOST_CURVES, MOST_ROWS, View, blocks
from services.evaluator.domain.report.classification import classification_report
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.opening import TaskOptions
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.segmentation import semantic_report
from services.evaluator.domain.report.text import text_report
from services.evaluator.domain.report.tree.identity import Identity
from services.evaluator.domain.report.tree.reports import (
    AnyReport,
    ClassificationReport,
    DetectionReport,
    SemanticReport,
    TextReport,
    from_json,
    to_json,
)
from services.evaluator.domain.report.words import percent
from services.evaluator.domain.text.recognition import Lines
from shared.vision.tiles import TilePlan

BOX = (10.0, 10.0, 20.0, 20.0)


def detection(**options: Any) -> DetectionReport:
    return detection_report(
        evaluate(random_samples(seed=1)), ReportOptions(replicates=20, **options)
    )


def classification() -> ClassificationReport:
    r = np.random.default_rng(0)
    truth = r.integers(0, 3, 120)
    scores = r.random((120, 3)) + np.eye(3)[truth] * 0.6
    options = TaskOptions(labels=("apple", "cherry", "tomato"))
    return classification_report(
        Classified(truth, scores / scores.sum(axis=1, keepdims=True)), options
    )


def semantic() -> SemanticReport:
    truth = np.zeros((40, 40), np.uint8)
    truth[4:12, 4:12] = 1
    tally = SemanticTally(labels=2)
    tally.add(truth, np.roll(truth, 1))
    return semantic_report(tally, TaskOptions(labels=("crack",)))


def text() -> TextReport:
    given = evaluate(samples([(0, 0, BOX)], [(0, 0, BOX, 0.9)], labels=("text",)))
    options = TaskOptions(labels=("text",))
    return text_report(Lines(given, ("TOTAL",), ("T0TAL",)), options)


class Outside(HTMLParser):
    """Collects what a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        loads = [name for name, _ in attrs if name in ("src", "href", "srcset", "onload")]
        if tag in ("script", "iframe", "object", "link", "img") or loads:
            self.found.append(tag)


REPORTS = [detection, classification, semantic, text]


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_page_is_self_contained_and_says_the_conclusion(report: Any, language: Any) -> None:
    document = report()
    page = render_html(document, language=language)
    outside = Outside()
    outside.feed(page)
    assert outside.found == []
    assert document.conclusion[language] in page
    assert f'lang="{language}"' in page
    assert "url(" not in page


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_pdf_is_made_with_a_chinese_font(report: Any, language: Any) -> None:
    paper = render_pdf(report(), language=language)
    assert paper.startswith(b"%PDF-")
    assert paper.rstrip().endswith(b"%%EOF")
    assert b"STSong-Light" in paper


def test_the_same_report_is_the_same_file() -> None:
    document = detection()
    assert render_pdf(document) == render_pdf(document)
    assert render_html(document) == render_html(document)


def test_names_from_tenants_are_text_not_markup() -> None:
    given = random_samples(seed=1)
    hostile = "<script>alert(1)</script>&amp;{{7*7}}"
    names = (hostile, *given.labels[1:])
    document = detection_report(
        evaluate(replace(given, labels=names)),
        ReportOptions(replicates=0, identity=Identity(version="<b>V1</b>", project_id="p")),
    )
    page = render_html(document)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>V1</b>" not in page
    assert render_pdf(document).startswith(b"%PDF-")


def test_yellow_marks_and_the_banner_are_on_the_page() -> None:
    page = render_html(detection(), language="zh-CN")
    assert "仅供参考" in page
    assert 'class="warn"' in page
    plenty = render_html(detection(dataset_images=500), language="zh-CN")
    assert "仅供参考" not in plenty


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_is_plain_json(report: Any) -> None:
    data = to_json(report())
    assert orjson.loads(data)["schema"] == "loupe.report/2"
    assert to_json(from_json(data)) == data


def on_page(document: AnyReport, language: Any = "en") -> str:
    return render_html(document, language=language)


def test_a_page_shows_what_the_document_has() -> None:
    """Titles of the sections, and figures of them, in both forms from one list."""
    document = detection(
        tile_plan=TilePlan(grid=(2, 2)), corrected=frozenset(["i1"]), elapsed_ms=[20.0] * 40
    )
    page = on_page(document)
    for title in (
        *("Precision-recall curves", "Figures by label", "Recommended thresholds by label"),
        *("By object size", "By tile edge", "Outline quality", "Corrected images", "Error kinds"),
        *("mAR, small objects", "mAP, large objects", "Labels most often confused", "Errors"),
    ):
        assert title in page, title
    for row in document.labels:
        between = f"{percent(row.f1)} ({percent(row.intervals['f1'].low)} – "
        assert between in page
    for group in (*document.by_size, *document.by_tile_edge):
        assert percent(group.rate) in page
    assert percent(document.tide.gain["miss"]) in page
    assert page.count("<polyline") == 1 + len(document.labels)


@pytest.mark.parametrize(
    ("report", "titles"),
    [
        (classification, ["ROC curves", "AUC", "Top-2 accuracy"]),
        (semantic, ["Dice", "Boundary F", "Mean IoU"]),
        (text, ["Characters mixed up", "Character error rate"]),
    ],
)
def test_the_other_tasks_show_their_own_figures(report: Any, titles: list[str]) -> None:
    page = on_page(report())
    assert all(title in page for title in titles)
    assert ("mAP" in page) == (report is classification)


@pytest.mark.parametrize("report", REPORTS)
def test_a_paper_has_the_same_sections_as_a_page(report: Any) -> None:
    document = report()
    view = View("en", widest=12)
    titles = [block.title for block in blocks(document, view)]
    page = on_page(document)
    assert all(escape(title) in page for title in titles)
    assert render_pdf(document, language="en").startswith(b"%PDF-")


def test_what_is_left_out_is_said() -> None:
    labels = tuple(f"L{k}" for k in range(60))
    boxes = [(0, k % 60, BOX) for k in range(60)]
    found = [(0, k % 60, (90.0, 90.0, 9.0, 9.0), 0.5) for k in range(30 * 60)]
    given = samples(boxes, found, labels=labels)
    document = detection_report(
        evaluate(given, max_detections=1000), ReportOptions(threshold=0.1, replicates=0)
    )
    page = on_page(document)
    assert "61 × 61: too wide" in page
    assert f"{60 - MOST_CURVES} more are not listed" in page
    assert f"{30 * 60 + 60 - MOST_ROWS} more are not listed" in page


def test_images_link_to_their_annotation() -> None:
    document = detection(identity=Identity(project_id="p1"))
    page = render_html(document, console_url="https://loupe.example/")
    image = document.errors.samples[0].image_id
    assert f'<a href="https://loupe.example/projects/p1/annotate/{image}">{image}</a>' in page
    assert "<a " not in render_html(document)


def test_a_report_on_nothing_says_so() -> None:
    document = detection_report(evaluate(samples([], [])), ReportOptions())
    assert np.isnan(document.overall.map)
    assert "没有标注" in document.conclusion["zh-CN"]
    assert render_html(document)
    assert render_pdf(document)
