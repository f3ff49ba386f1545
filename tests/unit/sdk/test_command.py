"""The command line: what is wrong is told in a line, on any terminal."""

import io
import json
import sys

import pytest

from services.inference.adapters.bundles import write_zip
from shared.sdk.command import main
from tests.unit.inference.exporting import pictures
from tests.unit.sdk.bundles import bundle_of, forged


@pytest.mark.parametrize("data", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_an_image_that_cannot_be_measured_with_is_told_in_a_line(data, tmp_path, capsys) -> None:
    write_zip(bundle_of(), tmp_path / "b.zip")
    (tmp_path / "a.png").write_bytes(data)
    assert main(["bench", str(tmp_path / "b.zip"), "--image", str(tmp_path / "a.png")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("loupe-sdk: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_labels_of_any_language_are_told_on_any_terminal(encoding, tmp_path, monkeypatch) -> None:
    write_zip(forged(bundle_of(), labels=("划痕", "é")), tmp_path / "b.zip")
    (tmp_path / "a.png").write_bytes(pictures(1)[0])
    said = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", said)
    assert main(["predict", str(tmp_path / "b.zip"), str(tmp_path / "a.png")]) == 0
    said.flush()
    told = json.loads(said.buffer.getvalue().decode(encoding))
    assert {one["label"] for one in told["found"]} <= {"划痕", "é"}
    assert told["found"]
