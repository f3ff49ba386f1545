"""The sections of a rendered report, once for every form: a page and a paper show the same.

Each entry of :data:`SECTIONS` looks at the report and gives its blocks, or none where the task
has nothing of the kind. What does not fit is counted and said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan

from services.evaluator.domain.numbers.figure import by_name
from services.evaluator.domain.numbers.intervals import Interval
from services.evaluator.domain.objects.error_gallery import COLOURS
from services.evaluator.domain.rendering.phrases import (
    COLUMNS,
    FIGURES,
    LABEL_FIGURES,
    MARKED,
    QUALITY,
    Language,
    ends,
    left_out,
    overall_phrase,
    phrase,
    shown,
)
from services.evaluator.domain.report.tree.labels import DetectedLabel, LabelResult
from services.evaluator.domain.report.tree.reports import (
    AnyReport,
    ClassificationReport,
    DetectionReport,
    TextReport,
)

Line = tuple[Sequence[float], Sequence[float]]
"""Abscissas and ordinates of a curve; it has gaps where an ordinate is nan."""
MOST_ROWS = 1000
MOST_CURVES = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, a yellow mark, a colour (share of a confusion row), or a link."""

    text: str
    warn: bool = False
    shade: tuple[bool, float] | None = None
    dot: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences."""

    title: str
    lines: list[str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; ``note`` says what was left out."""

    title: str
    head: list[str]
    rows: list[list[Cell]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class CurveBlock:
    """Named curves in the unit square. ``mark_x`` is an upright mark."""

    title: str
    names: list[str]
    curves: list[Line]
    axes: tuple[str, str]
    mark_x: float | None = None
    note: str = ""


Block = Lines | Table | CurveBlock


@dataclass(frozen=True, slots=True)
class View:
    """How a report is rendered: language, widest matrix, and where images are annotated."""

    language: Language
    widest: int
    annotate_url: str | None = None

    def say(self, key: str) -> str:
        """Return a fixed phrase."""
        return phrase(key, self.language)


def blocks(report: AnyReport, view: View) -> Iterator[Block]:
    """Give all that the report has to say, in order."""
    for section in SECTIONS:
        yield from section(report, view)


def _conclusion(report: AnyReport, view: View) -> Iterator[Block]:
    notes = [note[view.language] for note in report.notes]
    yield Lines(view.say("conclusion"), [report.conclusion[view.language], *notes])
    question = report.question
    if question:
        answers = [answer.words[view.language] for answer in question.answers]
        yield Lines(view.say("question"), [question.text[view.language], *answers])


def _overall(report: AnyReport, view: View) -> Iterator[Block]:
    overall = by_name(report.overall)
    rows = [
        _figure(view, key, overall[key], report.intervals.get(key))
        for key in FIGURES
        if overall.get(key) is not None
    ]
    yield Table(view.say("overall"), ["", "", view.say("interval")], rows)


def _figure(view: View, key: str, value: float, interval: Interval | None) -> list[Cell]:
    name = overall_phrase(key, view.language) if key in FIGURES else view.say(key)
    return [Cell(name), Cell(shown(key, value)), Cell(ends(key, interval))]


def _labels(report: AnyReport, view: View) -> Iterator[Block]:
    labels = report.labels
    if not labels:
        return
    figures = [by_name(row) for row in labels]
    columns = [key for key in COLUMNS if any(_is_known(row.get(key)) for row in figures)]
    rows = [
        [
            Cell(row.label),
            *(
                Cell(shown(key, values[key]), warn=MARKED.get(key) in row.warnings)
                for key in columns
            ),
        ]
        for row, values in zip(labels, figures, strict=True)
    ]
    head = [view.say("label"), *(view.say(key) for key in columns)]
    yield _cut(view, Table(view.say("labels"), head, rows))
    yield Lines(view.say("advice"), [row.advice[view.language] for row in labels])
    yield from _label_figures(labels, view)


def _label_figures(labels: Sequence[LabelResult], view: View) -> Iterator[Block]:
    figures = [by_name(row) for row in labels]
    columns = [key for key in LABEL_FIGURES if any(_is_known(row.get(key)) for row in figures)]
    rows = [
        [
            Cell(row.label),
            *(Cell(_with_ends(key, values[key], row.intervals.get(key))) for key in columns),
        ]
        for row, values in zip(labels, figures, strict=True)
    ]
    head = [view.say("label"), *(view.say(key) for key in columns)]
    yield _cut(view, Table(view.say("label_figures"), head, rows))
    detected = [row for row in labels if isinstance(row, DetectedLabel)]
    if detected:
        answers = list(by_name(detected[0].thresholds))
        rows = [
            [Cell(row.label), *(Cell(_number(v)) for v in by_name(row.thresholds).values())]
            for row in detected
        ]
        head = [view.say("label"), *(view.say(f"for_{answer}") for answer in answers)]
        yield _cut(view, Table(view.say("label_thresholds"), head, rows))


def _is_known(value: float | None) -> bool:
    return value is not None and not isnan(value)


def _with_ends(key: str, value: float, interval: Interval | None) -> str:
    between = ends(key, interval)
    return f"{shown(key, value)} ({between})" if between else shown(key, value)


def _number(value: float | None) -> str:
    return "–" if value is None or isnan(value) else f"{value:.2f}"


def _curves(report: AnyReport, view: View) -> Iterator[Block]:
    if isinstance(report, DetectionReport):
        curves = report.curves
        axes = view.say("threshold"), "F1"
        line = (curves.thresholds, curves.f1)
        yield CurveBlock(view.say("f1_curve"), ["F1"], [line], axes, mark_x=report.threshold)
        recalls = [place / 100 for place in range(101)]
        known: list[tuple[str, Line]] = [
            (name, (recalls, values))
            for name, values in zip(curves.labels, curves.precision_at_recall, strict=True)
            if _is_known(values[0])
        ]
        axes = view.say("recall"), view.say("precision")
        yield from _family(view, "pr_curve", known, axes)
    if isinstance(report, ClassificationReport):
        known = [
            (name, (line.false_positive_rate, line.true_positive_rate))
            for name, line in report.roc.items()
        ]
        yield from _family(view, "roc_curve", known, (view.say("fpr"), view.say("tpr")))


def _family(
    view: View, title: str, known: list[tuple[str, Line]], axes: tuple[str, str]
) -> Iterator[Block]:
    if known:
        kept = known[:MOST_CURVES]
        note = left_out(len(known) - len(kept), view.language)
        yield CurveBlock(
            view.say(title), [name for name, _ in kept], [c for _, c in kept], axes, note=note
        )


def _error_split(report: AnyReport, view: View) -> Iterator[Block]:
    if isinstance(report, DetectionReport):
        tide = report.tide
        rows = [
            [
                Cell(view.say(kind)),
                Cell(str(tide.count[kind])),
                Cell("+" + shown("gain", gain)),
                Cell(ends("gain", tide.intervals.get(kind))),
            ]
            for kind, gain in tide.gain.items()
        ]
        head = [view.say("kind"), view.say("times"), view.say("gain"), view.say("interval")]
        yield Table(view.say("tide"), head, rows)


def _confusion(report: AnyReport, view: View) -> Iterator[Block]:
    confusion = report.confusion
    if confusion and len(confusion.labels) <= view.widest:
        names = [view.say(name) for name in confusion.labels]
        rows = [
            [
                Cell(name),
                *(
                    Cell(str(value or ""), shade=(column == place, value / max(sum(values), 1)))
                    for column, value in enumerate(values)
                ),
            ]
            for place, (name, values) in enumerate(zip(names, confusion.matrix, strict=True))
        ]
        yield Table(view.say("confusion"), ["", *names], rows)
    elif confusion:
        size = len(confusion.labels)
        yield Lines(view.say("confusion"), [f"{size} × {size}: {view.say('too_wide')}"])
    if report.most_confused:
        rows = [
            [Cell(pair.truth), Cell(pair.predicted), Cell(str(pair.count))]
            for pair in report.most_confused
        ]
        head = [view.say("truth"), view.say("predicted"), view.say("times")]
        yield Table(view.say("most_confused"), head, rows)


def _characters(report: AnyReport, view: View) -> Iterator[Block]:
    if isinstance(report, TextReport) and report.character_confusions:
        rows = [
            [Cell(pair.truth or "∅"), Cell(pair.read or "∅"), Cell(str(pair.count))]
            for pair in report.character_confusions
        ]
        head = [view.say("truth"), view.say("predicted"), view.say("times")]
        yield _cut(view, Table(view.say("character_confusions"), head, rows))


def _readings(report: AnyReport, view: View) -> Iterator[Block]:
    if isinstance(report, TextReport) and report.readings:
        figures = ("exact_match", "cer", "cer_end_to_end")
        rows = [
            [
                Cell(view.say("counts" if one.case else "aside")),
                Cell(view.say("counts" if one.spaces else "aside")),
                *(Cell(shown(key, by_name(one)[key])) for key in figures),
            ]
            for one in report.readings
        ]
        head = [view.say("case"), view.say("spaces")]
        names = [overall_phrase(key, view.language) for key in figures]
        yield Table(view.say("readings"), [*head, *names], rows)


def _misread(report: AnyReport, view: View) -> Iterator[Block]:
    if isinstance(report, TextReport) and report.lines and report.lines.samples:
        rows = [
            [
                Cell(view.say(f"line_{line.kind}")),
                _image(view, line.image_id),
                Cell("".join(part.truth for part in line.parts) or "∅"),
                Cell("".join(part.read for part in line.parts) or "∅"),
                Cell(str(line.errors)),
            ]
            for line in report.lines.samples
        ]
        total = sum(report.lines.counts.values())
        head = [view.say(name) for name in ("kind", "image", "truth", "predicted", "wrong_signs")]
        yield _cut(view, Table(view.say("errors"), head, rows), total=total)


def _groups(report: AnyReport, view: View) -> Iterator[Block]:
    for key, groups in (("by_size", report.by_size), ("by_tile_edge", report.by_tile_edge)):
        if groups:
            rows = [
                [
                    Cell(view.say(group.name)),
                    Cell(str(group.truths)),
                    Cell(str(group.found)),
                    Cell(shown("rate", group.rate)),
                    Cell(ends("rate", group.interval)),
                ]
                for group in groups
            ]
            names = ("group", "evaluated", "found", "detection_rate", "interval")
            yield Table(view.say(key), [view.say(name) for name in names], rows)


def _quality(report: AnyReport, view: View) -> Iterator[Block]:
    quality, intervals = by_name(report.quality), report.quality.intervals
    if intervals is not None:
        rows = [
            _figure(view, f"quality_{key}", quality[key], intervals.get(key))
            for key in QUALITY
            if quality[key] is not None
        ]
        yield Table(view.say("quality"), ["", "", view.say("interval")], rows)


def _traits(report: AnyReport, view: View) -> Iterator[Block]:
    if report.traits:
        lines = [trait.words[view.language] for trait in report.traits]
        yield Lines(view.say("traits"), lines)


def _regressions(report: AnyReport, view: View) -> Iterator[Block]:
    states = report.regressions.states
    if states:
        rows = [
            [_image(view, image), Cell(view.say(state))] for image, state in sorted(states.items())
        ]
        head = [view.say("image"), view.say("state")]
        yield _cut(view, Table(view.say("regressions"), head, rows))


def _errors(report: AnyReport, view: View) -> Iterator[Block]:
    if not isinstance(report, DetectionReport | ClassificationReport) or not report.errors.samples:
        return
    rows = []
    for error in report.errors.samples:
        names = [name for name in (error.true_label, error.predicted_label) if name]
        kind = Cell(view.say(error.kind), dot=COLOURS[error.kind])
        score = Cell(_number(error.score))
        rows.append([kind, _image(view, error.image_id), Cell(" → ".join(names)), score])
    total = sum(count for kind, count in report.errors.counts.items() if kind != "found")
    head = [view.say(name) for name in ("kind", "image", "label", "score")]
    yield _cut(view, Table(view.say("errors"), head, rows), total=total)


def _image(view: View, image_id: str) -> Cell:
    link = None if view.annotate_url is None else f"{view.annotate_url}/{image_id}"
    return Cell(image_id, link=link)


def _cut(view: View, table: Table, *, total: int | None = None) -> Table:
    """Keep a table readable, and say how many rows are not on it."""
    kept = table.rows[:MOST_ROWS]
    missing = (len(table.rows) if total is None else total) - len(kept)
    return Table(table.title, table.head, kept, left_out(missing, view.language))


SECTIONS: tuple[Callable[[AnyReport, View], Iterator[Block]], ...] = (
    _conclusion,
    _overall,
    _readings,
    _labels,
    _curves,
    _error_split,
    _confusion,
    _characters,
    _groups,
    _quality,
    _traits,
    _regressions,
    _errors,
    _misread,
)
