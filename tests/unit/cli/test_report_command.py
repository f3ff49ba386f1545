"""`loupe report`: COCO files in, report out."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.__main__ import main

BOX = [10.0, 10.0, 20.0, 20.0]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    truth: dict[str, Any] = {
        "images": [{"id": k, "width": 100, "height": 100} for k in (1, 2)],
        "categories": [{"id": 1, "name": "pit"}],
        "annotations": [
            {"id": k, "image_id": k, "category_id": 1, "bbox": BOX, "segmentation": [_ring()]}
            for k in (1, 2)
        ],
    }
    found = [
        {"image_id": 1, "category_id": 1, "bbox": BOX, "score": 0.9, "segmentation": [_ring()]}
    ]
    (tmp_path / "t.json").write_bytes(orjson.dumps(truth))
    (tmp_path / "p.json").write_bytes(orjson.dumps(found))
    return ["--truth", str(tmp_path / "t.json"), "--predictions", str(tmp_path / "p.json")]


def _ring() -> list[float]:
    return [10, 10, 30, 10, 30, 30, 10, 30]


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_json_has_the_overall_figures(
    files: list[str], kind: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["report", *files, "--kind", kind, "--json"]) == 0
    document = orjson.loads(capfdbinary.readouterr().out)
    assert document["overall"]["map"] == pytest.approx(51 / 101)
    assert document["overall"]["map_50"] == pytest.approx(51 / 101)
    assert document["overall"]["recall"] == 0.5
    assert document["threshold"] == 0.9


def test_a_threshold_above_every_score_finds_nothing(
    files: list[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["report", *files, "--threshold", "0.95", "--json"]) == 0
    document = orjson.loads(capfdbinary.readouterr().out)
    assert document["overall"]["recall"] == 0.0
    assert document["overall"]["precision"] is None


def test_pages_are_written(files: list[str], tmp_path: Path) -> None:
    page, paper = tmp_path / "out.html", tmp_path / "out.pdf"
    assert main(["report", *files, "--html", str(page)]) == 0
    assert main(["report", *files, "--pdf", str(paper), "--language", "en"]) == 0
    assert "模型评估报告" in page.read_text("utf-8")
    assert paper.read_bytes().startswith(b"%PDF-")


def test_without_output_the_conclusion_is_printed(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", *files, "--language", "en"]) == 0
    said = capsys.readouterr().out
    assert "too many targets are missed" in said
    assert "map_50" in said
    assert "threshold                0.90" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--threshold", "2"], "from 0 to 1"),
        (["--iou", "0.01"], "IoU threshold must be"),
        (["--predictions", "/nowhere.json"], "No such file"),
        (["--replicates", "-1"], "--replicates must be 0 or more"),
        (["--max-detections", "0"], "--max-detections must be 1 or more"),
        (["--max-detections", "-1"], "--max-detections must be 1 or more"),
        (["--html", "/nowhere/out.html"], "/nowhere/out.html: No such file"),
        (["--pdf", "/nowhere/out.pdf"], "/nowhere/out.pdf: No such file"),
    ],
)
def test_bad_input_exits_with_two_and_a_reason(
    files: list[str], arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", *files, *arguments]) == 2
    assert says in capsys.readouterr().err


def test_an_evaluation_never_loads_torch(files: list[str]) -> None:
    code = (
        "import sys; from services.__main__ import main; main(sys.argv[1:]); "
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, "report", *files], check=False)
    assert done.returncode == 0
