"""The JSON of reports, stored and served, held by the reports of an earlier release.

``golden/`` was written when reports were dictionaries; ``kinds`` computes the same reports.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from kinds import REPORTS
from pydantic import TypeAdapter
from scenes import read

from services.evaluator.api.schemas.report import ReportAnswer
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.domain.report.tree.reports import from_json, to_json
from services.evaluator.repository import StoredReport

GOLDEN = Path(__file__).parent / "golden"
SERVED: dict[str, Language] = {
    "box": "zh-CN",
    "mask": "en",
    "classification": "zh-CN",
    "semantic_segmentation": "en",
    "ocr": "zh-CN",
}
SINCE = {  # sections that were not told then
    "semantic_segmentation": {"errors"},
    "ocr": {"is_cased", "readings", "lines"},
}
SAID_ANEW = {"ocr": {"conclusion"}}  # which tells how well lines are read, too
ANSWERS = TypeAdapter(ReportAnswer)


def stored(kind: str) -> bytes:
    return (GOLDEN / f"{kind}.stored.json").read_bytes()


def ordered(data: bytes) -> bytes:
    """The order of keys says nothing in JSON, and is one for all tasks now."""
    return orjson.dumps(orjson.loads(data), option=orjson.OPT_SORT_KEYS)


def near(value: Any) -> Any:
    """The same tree, its figures within what another processor may round differently."""
    if isinstance(value, dict):
        return {name: near(part) for name, part in value.items()}
    if isinstance(value, list):
        return [near(part) for part in value]
    return pytest.approx(value, rel=1e-9, abs=1e-12) if isinstance(value, float) else value


@pytest.mark.parametrize("kind", REPORTS)
def test_a_stored_report_is_read_and_written_byte_for_byte(kind: str) -> None:
    report = from_json(stored(kind))
    assert report.kind == kind
    assert ordered(to_json(report)) == ordered(stored(kind))
    assert to_json(from_json(to_json(report))) == to_json(report)


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_computed_anew_says_what_it_said(kind: str) -> None:
    said, before = read(REPORTS[kind]()), orjson.loads(stored(kind))
    assert set(said) - set(before) == SINCE.get(kind, set())
    alike = set(before) - SAID_ANEW.get(kind, set())
    assert {name: said[name] for name in alike} == near({name: before[name] for name in alike})


@pytest.mark.parametrize("kind", REPORTS)
def test_a_stored_report_is_served_byte_for_byte(kind: str) -> None:
    said, language = from_json(stored(kind)), SERVED[kind]
    report = StoredReport.model_construct(
        created_at=datetime(2026, 11, 20, 8, tzinfo=UTC), threshold=said.threshold
    )
    served = ANSWERS.dump_json(ReportAnswer.of(report, said, language))
    assert served == (GOLDEN / f"{kind}.served.{language}.json").read_bytes()


def test_an_undefined_figure_is_null_and_an_absent_one_is_no_key() -> None:
    document = read(REPORTS["semantic_segmentation"]())
    assert document["labels"][0]["ap"] is None
    assert document["quality"] == {}
    assert "top_4" not in read(REPORTS["classification"]())["overall"]
