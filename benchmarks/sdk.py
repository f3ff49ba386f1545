"""What the SDK costs: the wheel, its import, a bundle, and predicting over bare ONNX Runtime.

    python benchmarks/sdk.py [--rounds 7] [--seconds 2]

The model is a detector of the default recipe with random weights (its size and its time are those
of a trained one) at 320 x 320. Rounds alternate between the SDK and ONNX Runtime alone on the very
tensors that the SDK gives it; the figure is the median of the ratios within a round.
"""

import argparse
import compileall
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from services.inference.adapters.bundles import fresh_seed, signed, write_zip
from services.inference.domain.export_facts import facts_of
from services.trainer.domain.detector.network import (
    Detector,
    DetectorShape,
    ExportableDetector,
)
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.export import to_onnx
from shared.runtime.golden import Golden, probe_image
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.session import Tensors
from shared.runtime.tasks.detection import DETECTION
from shared.sdk import Model
from shared.sdk.bundle import GOLDEN, MANIFEST, MODEL, Bundle
from shared.sdk.wheel import build_wheel

SIDE = 320
IMPORT = """
import sys, time
sys.modules["numba"] = None
sys.path.insert(0, sys.argv[1])
began, spent = time.perf_counter(), time.process_time()
import loupe_sdk
print(time.perf_counter() - began, time.process_time() - spent)
"""


@dataclass(frozen=True)
class Ratio:
    """Medians of rounds."""

    sdk_ms: float
    bare_ms: float
    ratio: float


def bundle_of(folder: Path) -> Bundle:
    """A bundle without images, the SDK's wheel inside."""
    torch.manual_seed(0)
    recipe = Recipe(task="detection")
    shape = DetectorShape(
        labels=3, input_size=(SIDE, SIDE), backbone=recipe.backbone, channels=recipe.channels
    )
    model = to_onnx(
        ExportableDetector(Detector(shape).eval()), (SIDE, SIDE), DETECTION.output_names
    )
    manifest = ModelManifest(
        task="detection", labels=("a", "b", "c"), input_width=SIDE, input_height=SIDE, version="V1"
    )
    question = probe_image(SIDE, SIDE)
    wheel = build_wheel(folder)
    files = {
        MODEL: model,
        MANIFEST: manifest.to_json().encode(),
        GOLDEN: Golden(question, OnnxSession(model).run(question)).to_bytes(),
        wheel.name: wheel.read_bytes(),
    }
    return signed(files, facts_of(manifest, target="sdk", project=("P", "p")), fresh_seed())


def import_seconds(wheel: Path, rounds: int) -> tuple[float, float]:
    """Median seconds of `import loupe_sdk` in fresh processes, on the clock and of the CPU.

    The wheel is unpacked and compiled as an installation does it; numba is hidden.
    """
    place = wheel.parent / "installed"
    shutil.unpack_archive(wheel, place, "zip")
    compileall.compile_dir(place, quiet=1)
    command = [sys.executable, "-c", IMPORT, str(place)]
    found = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(rounds)
    ]
    clock, cpu = zip(*found, strict=True)
    return statistics.median(map(float, clock)), statistics.median(map(float, cpu))


def per_call(work: Callable[[], object], seconds: float) -> float:
    """Median seconds of a call."""
    taken = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


class Watched:
    """A session that keeps the last tensor it was given."""

    def __init__(self, model: bytes) -> None:
        self.session = OnnxSession(model)
        self.tensor = np.empty(0, np.uint8)

    def run(self, images: np.ndarray) -> Tensors:
        self.tensor = images.copy()
        return self.session.run(images)


def overhead(bundle: Bundle, rounds: int, seconds: float) -> Ratio:
    """The SDK on an image of 640 x 480 beside ONNX Runtime on the tensor that it makes of it."""
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 256, (60, 80, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    watched = Watched(bundle.files[MODEL])
    model = Model(ModelManifest.from_json(bundle.files[MANIFEST]), watched)
    model.predict(image)
    sdk, bare = [], []
    for _ in range(rounds):
        sdk.append(per_call(lambda: model.predict(image), seconds))
        bare.append(per_call(lambda: watched.session.run(watched.tensor), seconds))
    ratios = [a / b for a, b in zip(sdk, bare, strict=True)]
    return Ratio(
        statistics.median(sdk) * 1000, statistics.median(bare) * 1000, statistics.median(ratios)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {len(os.sched_getaffinity(0))} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = bundle_of(folder)
        write_zip(bundle, folder / "bundle.zip")
        (wheel,) = folder.glob("*.whl")
        print(f"wheel {wheel.stat().st_size / 1024:.0f} KiB")
        print(f"bundle {(folder / 'bundle.zip').stat().st_size / 2**20:.1f} MiB")
        clock, cpu = import_seconds(wheel, options.rounds)
        print(f"import {clock:.2f} s, {cpu:.2f} s of the CPU")
        began = time.perf_counter()
        Model.load(folder / "bundle.zip")
        print(f"load, signature and hashes checked, {time.perf_counter() - began:.2f} s")
        found = overhead(bundle, options.rounds, options.seconds)
    print(f"predict {found.sdk_ms:.1f} ms, bare {found.bare_ms:.1f} ms, ratio {found.ratio:.3f}")


if __name__ == "__main__":
    main()
