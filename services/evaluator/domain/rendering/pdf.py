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
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from services.evaluator.domain.rendering.charts import COLOURS, pieces
from services.evaluator.domain.rendering.phrases import Language, phrase
from services.evaluator.domain.rendering.sections import (
    Block,
    Cell,
    CurveBlock,
    Lines,
    View,
    blocks,
)
from services.evaluator.domain.report.tree.reports import AnyReport

FONT = "STSong-Light"
WARNING = colors.HexColor("#ffe9a8")
BANNER = colors.HexColor("#fff4d6")
CHART = 150 * mm, 50 * mm
MATRIX_LABELS = 12  # a wider matrix does not fit a page

BODY = ParagraphStyle("body", fontName=FONT, fontSize=9.5, leading=14, wordWrap="CJK")
TITLE = ParagraphStyle("title", parent=BODY, fontSize=18, leading=24)
HEADING = ParagraphStyle("heading", parent=BODY, fontSize=12.5, leading=20, spaceBefore=8)


def render_pdf(report: AnyReport, *, language: Language = "zh-CN") -> bytes:
    """Write a report as an A4 PDF."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = BytesIO()
    title = f"{phrase('title', language)} {report.version or ''}".strip()
    page = SimpleDocTemplate(out, pagesize=A4, title=title, margin=18 * mm, invariant=1)
    story: list[Any] = [Paragraph(escape(title), TITLE)]
    if report.reference_only:
        text = f"{phrase('reference_only', language)}: {report.notes[0][language]}"
        story.append(_table([[_text(text)]], [("BACKGROUND", (0, 0), (-1, -1), BANNER)]))
    for block in blocks(report, View(language, MATRIX_LABELS)):
        story.append(Paragraph(escape(block.title), HEADING))
        story += _drawn(block)
    page.build(story)
    return out.getvalue()


def _drawn(block: Block) -> list[Any]:
    if isinstance(block, Lines):
        return [_text("– " + line) for line in block.lines]
    note = [_text(block.note)] if block.note else []
    if isinstance(block, CurveBlock):
        names = ", ".join(block.names)
        return [_chart(block), _text(f"{block.axes[0]} → {block.axes[1]}: {names}"), *note]
    marks = [
        ("BACKGROUND", (column, place), (column, place), _tint(cell))
        for place, row in enumerate(block.rows, start=1)
        for column, cell in enumerate(row)
        if cell.warn or cell.shade
    ]
    rows = [block.head, *([cell.text for cell in row] for row in block.rows)]
    return [_table([[_text(text) for text in row] for row in rows], marks), *note]


def _tint(cell: Cell) -> colors.Color:
    if cell.shade is None:
        return WARNING
    right, part = cell.shade
    colour = colors.HexColor("#30a46c" if right else "#e5484d")
    return colors.Color(colour.red, colour.green, colour.blue, alpha=0.7 * part)


def _text(text: str) -> Paragraph:
    return Paragraph(escape(text), BODY)


def _chart(block: CurveBlock) -> Drawing:
    width, height = CHART
    drawing = Drawing(width + 10 * mm, height + 8 * mm)
    for tick in (0.0, 0.5, 1.0):
        y = 5 * mm + tick * height
        drawing.add(Line(6 * mm, y, 6 * mm + width, y, strokeColor=colors.lightgrey))
        drawing.add(String(0, y - 2, f"{tick:g}", fontSize=7, fontName=FONT))
        drawing.add(String(6 * mm + tick * width, 0, f"{tick:g}", fontSize=7, fontName=FONT))
    for place, (xs, ys) in enumerate(block.curves):
        colour = colors.HexColor(COLOURS[place % len(COLOURS)])
        for piece in pieces(xs, ys):
            points = [v for x, y in piece for v in (6 * mm + x * width, 5 * mm + y * height)]
            if len(points) >= 4:
                drawing.add(PolyLine(points, strokeColor=colour, strokeWidth=1.2))
    if block.mark_x is not None:
        mark = 6 * mm + block.mark_x * width
        drawing.add(Line(mark, 5 * mm, mark, 5 * mm + height, strokeColor=colors.red))
    return drawing


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
