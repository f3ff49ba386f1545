"""The sections of a rendered report, once for every form: a page and a paper show the same.

Each entry of :data:`SECTIONS` looks at the document and gives its blocks, or none where the task
has nothing of the kind. What does not fit is counted and said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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

Document = dict[str, Any]
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
class Curves:
    """Named curves in the unit square; None breaks a curve. ``mark_x`` is an upright mark."""

    title: str
    names: list[str]
    curves: list[tuple[Sequence[float], Sequence[float | None]]]
    axes: tuple[str, str]
    mark_x: float | None = None
    note: str = ""


Block = Lines | Table | Curves


@dataclass(frozen=True, slots=True)
class View:
    """How a report is rendered: language, widest matrix, and where images are annotated."""

    language: Language
    widest: int
    annotate_url: str | None = None

    def say(self, key: str) -> str:
        """Return a fixed phrase."""
        return phrase(key, self.language)


def blocks(document: Document, view: View) -> Iterator[Block]:
    """Give all that the report has to say, in order."""
    for section in SECTIONS:
        yield from section(document, view)


def _conclusion(document: Document, view: View) -> Iterator[Block]:
    notes = [note[view.language] for note in document["notes"]]
    yield Lines(view.say("conclusion"), [document["conclusion"][view.language], *notes])
    question = document.get("question")
    if question:
        answers = [answer["words"][view.language] for answer in question["answers"]]
        yield Lines(view.say("question"), [question["text"][view.language], *answers])


def _overall(document: Document, view: View) -> Iterator[Block]:
    overall, intervals = document["overall"], document.get("intervals", {})
    rows = [
        _figure(view, key, overall[key], intervals.get(key)) for key in FIGURES if key in overall
    ]
    yield Table(view.say("overall"), ["", "", view.say("interval")], rows)


def _figure(view: View, key: str, value: Any, interval: Any) -> list[Cell]:  # noqa: ANN401 - JSON
    name = overall_phrase(key, view.language) if key in FIGURES else view.say(key)
    return [Cell(name), Cell(shown(key, value)), Cell(ends(key, interval))]


def _labels(document: Document, view: View) -> Iterator[Block]:
    labels = document.get("labels")
    if not labels:
        return
    columns = [key for key in COLUMNS if any(row.get(key) is not None for row in labels)]
    rows = [
        [
            Cell(row["label"]),
            *(
                Cell(shown(key, row.get(key)), warn=MARKED.get(key) in row["warnings"])
                for key in columns
            ),
        ]
        for row in labels
    ]
    head = [view.say("label"), *(view.say(key) for key in columns)]
    yield _cut(view, Table(view.say("labels"), head, rows))
    yield Lines(view.say("advice"), [row["advice"][view.language] for row in labels])
    yield from _label_figures(labels, view)


def _label_figures(labels: list[Document], view: View) -> Iterator[Block]:
    columns = [key for key in LABEL_FIGURES if any(row.get(key) is not None for row in labels)]
    rows = [
        [
            Cell(row["label"]),
            *(Cell(_with_ends(key, row[key], row["intervals"].get(key))) for key in columns),
        ]
        for row in labels
    ]
    head = [view.say("label"), *(view.say(key) for key in columns)]
    yield _cut(view, Table(view.say("label_figures"), head, rows))
    if all("thresholds" in row for row in labels):
        answers = list(labels[0]["thresholds"])
        rows = [
            [Cell(row["label"]), *(Cell(_number(row["thresholds"][a])) for a in answers)]
            for row in labels
        ]
        head = [view.say("label"), *(view.say(f"for_{answer}") for answer in answers)]
        yield _cut(view, Table(view.say("label_thresholds"), head, rows))


def _with_ends(key: str, value: Any, interval: Any) -> str:  # noqa: ANN401 - JSON
    between = ends(key, interval)
    return f"{shown(key, value)} ({between})" if between else shown(key, value)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _curves(document: Document, view: View) -> Iterator[Block]:
    curves = document.get("curves")
    if curves:
        axes = view.say("threshold"), "F1"
        line = (curves["thresholds"], curves["f1"])
        yield Curves(view.say("f1_curve"), ["F1"], [line], axes, mark_x=document["threshold"])
        recalls = [place / 100 for place in range(101)]
        known = [
            (name, (recalls, values))
            for name, values in zip(curves["labels"], curves["precision_at_recall"], strict=True)
            if values[0] is not None
        ]
        axes = view.say("recall"), view.say("precision")
        yield from _family(view, "pr_curve", known, axes)
    roc = document.get("roc")
    if roc:
        known = [
            (name, (line["false_positive_rate"], line["true_positive_rate"]))
            for name, line in roc.items()
        ]
        yield from _family(view, "roc_curve", known, (view.say("fpr"), view.say("tpr")))


def _family(
    view: View, title: str, known: list[tuple[str, Any]], axes: tuple[str, str]
) -> Iterator[Block]:
    if known:
        kept = known[:MOST_CURVES]
        note = left_out(len(known) - len(kept), view.language)
        yield Curves(
            view.say(title), [name for name, _ in kept], [c for _, c in kept], axes, note=note
        )


def _error_split(document: Document, view: View) -> Iterator[Block]:
    tide = document.get("tide")
    if tide:
        rows = [
            [
                Cell(view.say(kind)),
                Cell(str(tide["count"][kind])),
                Cell("+" + shown("gain", gain)),
                Cell(ends("gain", tide["intervals"].get(kind))),
            ]
            for kind, gain in tide["gain"].items()
        ]
        head = [view.say("kind"), view.say("times"), view.say("gain"), view.say("interval")]
        yield Table(view.say("tide"), head, rows)


def _confusion(document: Document, view: View) -> Iterator[Block]:
    confusion = document.get("confusion")
    if confusion and len(confusion["labels"]) <= view.widest:
        names = [view.say(name) for name in confusion["labels"]]
        rows = [
            [
                Cell(name),
                *(
                    Cell(str(value or ""), shade=(column == place, value / max(sum(values), 1)))
                    for column, value in enumerate(values)
                ),
            ]
            for place, (name, values) in enumerate(zip(names, confusion["matrix"], strict=True))
        ]
        yield Table(view.say("confusion"), ["", *names], rows)
    elif confusion:
        size = len(confusion["labels"])
        yield Lines(view.say("confusion"), [f"{size} × {size}: {view.say('too_wide')}"])
    if document.get("most_confused"):
        rows = [
            [Cell(pair["truth"]), Cell(pair["predicted"]), Cell(str(pair["count"]))]
            for pair in document["most_confused"]
        ]
        head = [view.say("truth"), view.say("predicted"), view.say("times")]
        yield Table(view.say("most_confused"), head, rows)


def _characters(document: Document, view: View) -> Iterator[Block]:
    if document.get("character_confusions"):
        rows = [
            [Cell(pair["truth"] or "∅"), Cell(pair["read"] or "∅"), Cell(str(pair["count"]))]
            for pair in document["character_confusions"]
        ]
        head = [view.say("truth"), view.say("predicted"), view.say("times")]
        yield _cut(view, Table(view.say("character_confusions"), head, rows))


def _groups(document: Document, view: View) -> Iterator[Block]:
    for key in ("by_size", "by_tile_edge"):
        groups = document.get(key)
        if groups:
            rows = [
                [
                    Cell(view.say(group["name"])),
                    Cell(str(group["truths"])),
                    Cell(str(group["found"])),
                    Cell(shown("rate", group["rate"])),
                    Cell(ends("rate", group["interval"])),
                ]
                for group in groups
            ]
            names = ("group", "evaluated", "found", "detection_rate", "interval")
            yield Table(view.say(key), [view.say(name) for name in names], rows)


def _quality(document: Document, view: View) -> Iterator[Block]:
    quality = document.get("quality")
    if quality:
        rows = [
            _figure(view, f"quality_{key}", quality[key], quality["intervals"].get(key))
            for key in QUALITY
            if key in quality
        ]
        yield Table(view.say("quality"), ["", "", view.say("interval")], rows)


def _traits(document: Document, view: View) -> Iterator[Block]:
    if document.get("traits"):
        lines = [trait["words"][view.language] for trait in document["traits"]]
        yield Lines(view.say("traits"), lines)


def _regressions(document: Document, view: View) -> Iterator[Block]:
    states = document.get("regressions", {}).get("states", {})
    if states:
        rows = [
            [_image(view, image), Cell(view.say(state))] for image, state in sorted(states.items())
        ]
        head = [view.say("image"), view.say("state")]
        yield _cut(view, Table(view.say("regressions"), head, rows))


def _errors(document: Document, view: View) -> Iterator[Block]:
    errors = document.get("errors")
    if not errors or not errors["samples"]:
        return
    rows = []
    for error in errors["samples"]:
        names = [name for name in (error["true_label"], error["predicted_label"]) if name]
        kind = Cell(view.say(error["kind"]), dot=error.get("colour", "#8e4ec6"))
        score = Cell(_number(error["score"]))
        rows.append([kind, _image(view, error["image_id"]), Cell(" → ".join(names)), score])
    total = sum(count for kind, count in errors["counts"].items() if kind != "found")
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


SECTIONS: tuple[Callable[[Document, View], Iterator[Block]], ...] = (
    _conclusion,
    _overall,
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
)
