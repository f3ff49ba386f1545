"""The demo's small parts: comparison, remembering, screen."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from services.cli.demo.comparison import Mistakes, compare, judge
from services.cli.demo.screen import versions_table
from services.cli.demo.state import open_run


def box(label: str, x: float, score: float = 0.9) -> dict[str, Any]:
    return {"label": label, "points": [[x, 0], [x + 10, 10]], "score": score}


@pytest.mark.parametrize(
    ("predicted", "truth", "expected", "reason"),
    [
        ([], [], Mistakes(0, 0, 0), "nothing there and nothing found is right"),
        ([box("a", 0)], [box("a", 1)], Mistakes(1, 0, 0), "a shift within the overlap counts"),
        ([box("a", 0)], [box("a", 6)], Mistakes(0, 1, 1), "too little overlap"),
        ([box("b", 0)], [box("a", 0)], Mistakes(0, 1, 1), "another label"),
        ([box("a", 0), box("a", 1)], [box("a", 0)], Mistakes(1, 0, 1), "one truth, one match"),
        ([box("a", 0)], [box("a", 0), box("a", 50)], Mistakes(1, 1, 0), "one missed"),
    ],
)
def test_predictions_are_matched_with_the_truth(
    predicted: list[dict[str, Any]],
    truth: list[dict[str, Any]],
    expected: Mistakes,
    reason: str,
) -> None:
    difference = compare(predicted, truth)
    assert difference == expected, reason
    assert difference.is_wrong == (expected.missed + expected.wrong > 0)


def test_the_best_score_takes_the_truth_first() -> None:
    weak, strong = box("a", 3, 0.2), box("a", 0, 0.8)
    assert compare([weak, strong], [box("a", 0), box("a", 5)]) == Mistakes(2, 0, 0)


def answer(image_id: str, *shapes: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"P-{image_id}", "image_id": image_id, "shapes": list(shapes)}


def test_only_wrong_images_are_to_be_corrected_however_few_they_are() -> None:
    right = [answer(f"right-{n}", box("a", 0, 0.9 - n / 10)) for n in range(5)]
    predictions = [*right, answer("wrong"), answer("worse", box("b", 0)), answer("unknown")]
    truth = {p["image_id"]: [box("a", 0)] for p in predictions if p["image_id"] != "unknown"}
    verdict = judge(predictions, truth)
    assert [p["image_id"] for p in verdict.wrong] == ["worse", "wrong"]
    assert [p["image_id"] for p in verdict.doubtful] == [f"right-{n}" for n in (4, 3, 2, 1, 0)]
    assert verdict.images == 7
    assert verdict.total == Mistakes(found=5, missed=2, wrong=1)
    assert judge(right, truth).wrong == ()


def test_a_run_is_remembered_until_something_else_is_asked(tmp_path: Path) -> None:
    place = tmp_path / "demo" / "run.json"
    first = open_run(place, source="", seed=7, fresh=False)
    assert open_run(place, source="", seed=7, fresh=False) == first
    assert len(first.project_name) <= 20
    assert first.key("train") != first.key("test")
    for changed in (
        open_run(place, source="", seed=8, fresh=False),
        open_run(place, source="/x", seed=8, fresh=False),
        open_run(place, source="/x", seed=8, fresh=True),
    ):
        assert changed.run_id != first.run_id


def test_a_damaged_memory_begins_anew(tmp_path: Path) -> None:
    place = tmp_path / "run.json"
    place.write_text("{")
    assert open_run(place, source="", seed=7, fresh=False).run_id


def record(version: str, rate: float | None, images: int) -> dict[str, Any]:
    names = ("rate_at_threshold", "map_50", "precision", "recall", "f1")
    return {
        "version": version,
        "figures": dict.fromkeys(names, rate),
        "annotated_images": images,
        "duration_seconds": 95.2,
        "promoted": True,
    }


def test_the_table_sets_two_versions_side_by_side() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(versions_table(record("V1", 0.91, 215), record("V2", None, 240)))
    text = console.export_text()
    assert "V1" in text
    assert "91.0 %" in text
    assert "+25" in text
    assert "1 min 35 s" in text
