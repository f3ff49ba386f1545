"""A report as PDF, Chinese included: Adobe's STSong-Light, a font every PDF reader brings along."""

from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing, Line, PolyLine, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from services.evaluator.domain.rendering.phrases import (
    COLUMNS,
    MARKED,
    Language,
    figures,
    phrase,
    shown,
)

FONT = "STSong-Light"
WARNING = colors.HexColor("#ffe9a8")
BANNER = colors.HexColor("#fff4d6")
CHART = 150 * mm, 50 * mm
LABELS_SHOWN = 200
MATRIX_LABELS = 12  # a wider matrix does not fit a page

BODY = ParagraphStyle("body", fontName=FONT, fontSize=9.5, leading=14, wordWrap="CJK")
TITLE = ParagraphStyle("title", parent=BODY, fontSize=18, leading=24)
HEADING = ParagraphStyle("heading", parent=BODY, fontSize=12.5, leading=20, spaceBefore=8)


def render_pdf(document: dict[str, Any], *, language: Language = "zh-CN") -> bytes:
    """Write a report document as an A4 PDF."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = BytesIO()
    title = f"{phrase('title', language)} {document.get('version') or ''}".strip()
    page = SimpleDocTemplate(out, pagesize=A4, title=title, margin=18 * mm, invariant=1)
    page.build([Paragraph(escape(title), TITLE), *_story(document, language)])
    return out.getvalue()


def _story(document: dict[str, Any], language: Language) -> list[Any]:
    story: list[Any] = []
    if document["reference_only"]:
        story.append(_banner(document, language))
    story += [_heading("conclusion", language), _text(document["conclusion"][language])]
    story += [_text("– " + note[language]) for note in document["notes"]]
    if document.get("question"):
        question = document["question"]
        story += [_heading("question", language), _text(question["text"][language])]
        story += [_text("– " + answer["words"][language]) for answer in question["answers"]]
    story += [_heading("overall", language), _overall(document, language)]
    if document.get("labels"):
        story += [_heading("labels", language), *_labels(document, language)]
    if document.get("curves"):
        story += [_heading("f1_curve", language), _f1_chart(document)]
    if document.get("tide"):
        story += [_heading("tide", language), _tide(document, language)]
    confusion = document.get("confusion")
    if confusion and len(confusion["labels"]) <= MATRIX_LABELS:
        story += [_heading("confusion", language), _matrix(confusion, language)]
    if document.get("traits"):
        story.append(_heading("traits", language))
        story += [_text("– " + trait["words"][language]) for trait in document["traits"]]
    return story


def _text(text: str) -> Paragraph:
    return Paragraph(escape(text), BODY)


def _heading(key: str, language: Language) -> Paragraph:
    return Paragraph(escape(phrase(key, language)), HEADING)


def _banner(document: dict[str, Any], language: Language) -> Table:
    text = f"{phrase('reference_only', language)}: {document['notes'][0][language]}"
    return _table([[_text(text)]], [("BACKGROUND", (0, 0), (-1, -1), BANNER)])


def _overall(document: dict[str, Any], language: Language) -> Table:
    rows = [["", "", phrase("interval", language)]]
    rows += [list(row) for row in figures(document, language)]
    return _table([[_text(cell) for cell in row] for row in rows], [])


def _labels(document: dict[str, Any], language: Language) -> list[Any]:
    head = [_text(phrase(key, language)) for key in ("label", *COLUMNS)]
    rows, marks = [head], []
    advice = []
    for place, row in enumerate(document["labels"][:LABELS_SHOWN], start=1):
        rows.append([_text(row["label"]), *(_text(shown(c, row[c])) for c in COLUMNS)])
        for column, name in enumerate(COLUMNS, start=1):
            if MARKED[name] in row["warnings"]:
                marks.append(("BACKGROUND", (column, place), (column, place), WARNING))
        if row["warnings"]:
            advice.append(_text("– " + row["advice"][language]))
    return [_table(rows, marks), Spacer(1, 2 * mm), *advice]


def _f1_chart(document: dict[str, Any]) -> Drawing:
    width, height = CHART
    drawing = Drawing(width + 10 * mm, height + 8 * mm)
    curves = document["curves"]
    known = [
        (x, y) for x, y in zip(curves["thresholds"], curves["f1"], strict=True) if y is not None
    ]
    for tick in (0.0, 0.5, 1.0):
        y = 5 * mm + tick * height
        drawing.add(Line(6 * mm, y, 6 * mm + width, y, strokeColor=colors.lightgrey))
        drawing.add(String(0, y - 2, f"{tick:g}", fontSize=7, fontName=FONT))
        drawing.add(String(6 * mm + tick * width, 0, f"{tick:g}", fontSize=7, fontName=FONT))
    points = [value for x, y in known for value in (6 * mm + x * width, 5 * mm + y * height)]
    if len(points) >= 4:
        drawing.add(PolyLine(points, strokeColor=colors.HexColor("#3b6fd4"), strokeWidth=1.2))
    mark = 6 * mm + document["threshold"] * width
    drawing.add(Line(mark, 5 * mm, mark, 5 * mm + height, strokeColor=colors.red))
    return drawing


def _tide(document: dict[str, Any], language: Language) -> Table:
    tide = document["tide"]
    rows = [
        [
            _text(phrase(kind, language)),
            _text(str(tide["count"][kind])),
            _text(f"+{gain * 100:.1f}%"),
        ]
        for kind, gain in tide["gain"].items()
    ]
    return _table(rows, [])


def _matrix(confusion: dict[str, Any], language: Language) -> Table:
    names = [phrase(name, language) for name in confusion["labels"]]
    rows = [[_text(""), *(_text(name) for name in names)]]
    for name, values in zip(names, confusion["matrix"], strict=True):
        rows.append([_text(name), *(_text(str(value) if value else "") for value in values)])
    marks = [
        ("BACKGROUND", (k, k), (k, k), colors.HexColor("#d9f0e2")) for k in range(1, len(rows))
    ]
    return _table(rows, marks)


def _table(rows: list[list[Any]], marks: list[Any]) -> Table:
    table = Table(rows, hAlign="LEFT", repeatRows=1 if len(rows) > 1 else 0)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.lightgrey),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
                *marks,
            ]
        )
    )
    return table
