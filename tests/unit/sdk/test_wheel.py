"""The wheel: production's own modules, installed offline, beside three libraries alone."""

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from services.inference.adapters.bundles import write_zip
from shared.runtime.tasks.table import TASKS
from shared.sdk import Model, __all__
from shared.sdk.wheel import NEEDS, _path_of, _renamed, build_wheel, modules
from tests.unit.inference.exporting import pictures
from tests.unit.sdk.bundles import bundle_of

ALLOWED = {"numpy", "cv2", "onnxruntime", "numba"}


def test_the_modules_are_productions_own(wheel) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name, text in modules().items():
            assert archive.read(_path_of(name)).decode() == _renamed(text)
    assert {"shared.runtime.predictor", "shared.runtime.preprocess"} <= modules().keys()


def test_it_needs_three_libraries() -> None:
    assert [need.split(">")[0] for need in NEEDS] == [
        "numpy",
        "onnxruntime",
        "opencv-python-headless",
    ]
    foreign = set()
    for text in modules().values():
        for node in ast.walk(ast.parse(text)):
            names = [each.name for each in getattr(node, "names", [])]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if isinstance(node, ast.Import | ast.ImportFrom):
                foreign |= {name.split(".")[0] for name in names}
    assert foreign - set(sys.stdlib_module_names) - {"shared"} <= ALLOWED


def test_it_is_small_and_the_same_each_time(wheel, tmp_path) -> None:
    assert wheel.stat().st_size < 2 << 20
    assert build_wheel(tmp_path).read_bytes() == wheel.read_bytes()


@pytest.mark.slow
def test_it_is_imported_without_torch_numba_and_the_platform(python) -> None:
    code = (
        "import json, sys, loupe_sdk;"
        "print(json.dumps([loupe_sdk.__all__, sorted(m.split('.')[0] for m in sys.modules)]))"
    )
    names, loaded = json.loads(run(python, "-c", code))
    assert names == __all__
    assert not {"torch", "numba", "pydantic", "shared", "services"} & set(loaded)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_it_predicts_as_the_platform_does(python, tmp_path, task) -> None:
    bundle = bundle_of(task)
    write_zip(bundle, tmp_path / "b.zip")
    (tmp_path / "images").mkdir()
    for place, file in enumerate(pictures(2)):
        (tmp_path / "images" / f"{place}.png").write_bytes(file)
    said = command(python, "predict", tmp_path / "b.zip", tmp_path / "images", "--threshold", "0.2")
    model = Model.load(bundle)
    for line, file in zip(said, pictures(2), strict=True):
        mine = model.predict(file, threshold=0.2).found
        assert mine
        names = ("label", "mask_counts", "text")
        assert [[one[name] for name in names] for one in line["found"]] == [
            [getattr(one, name) for name in names] for one in mine
        ]
        for one, other in zip(line["found"], mine, strict=True):
            assert one["score"] == pytest.approx(other.score, abs=1e-6)
            assert np.ravel(one["points"]) == pytest.approx(np.ravel(other.points), abs=1e-4)


@pytest.mark.slow
def test_it_verifies_and_measures_on_the_command_line(python, tmp_path) -> None:
    bundle = bundle_of()
    write_zip(bundle, tmp_path / "b.zip")
    fingerprint = ["--fingerprint", bundle.fingerprint]
    (sound,) = command(python, "verify", tmp_path / "b.zip", *fingerprint)
    assert (sound["sound"], sound["images"], sound["faults"]) == (True, 2, [])
    (measured,) = command(python, "bench", tmp_path / "b.zip", "--repeats", "2", *fingerprint)
    assert 0 < measured["p50_ms"] <= measured["p95_ms"]
    assert {"device", "cores", "images_per_second", "peak_mib", "threads"} <= measured.keys()
    foreign = subprocess.run(
        [python.parent / "loupe-sdk", "verify", tmp_path / "b.zip", "--fingerprint", "00"],
        capture_output=True,
    )
    assert foreign.returncode == 1
    assert b"another key signed it" in foreign.stdout


def command(python: Path, *arguments: object) -> list[dict]:
    said = run(python.parent / "loupe-sdk", *arguments)
    return [json.loads(line) for line in said.splitlines()]


def run(program: Path, *arguments: object) -> str:
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
