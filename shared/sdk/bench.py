"""How fast a model is on this machine, in figures that can be put side by side."""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.runtime.preprocess import Image
from shared.sdk.model import Model


@dataclass(frozen=True, slots=True)
class Bench:
    """Measured figures of one model on one machine.

    Attributes:
        device: The processor's name.
        cores: Cores that this process may use.
        width: Of the image, in pixels.
        height: Of the image, in pixels.
        p50_ms: Half of the predictions took no longer.
        p95_ms: 95 of 100 took no longer.
        images_per_second: One after the other.
        peak_mib: Most memory that this process had.
        system: Operating system and architecture.
    """

    device: str
    cores: int
    width: int
    height: int
    p50_ms: float
    p95_ms: float
    images_per_second: float
    peak_mib: float
    system: str


def bench(model: Model, image: Image, *, repeats: int = 50, warm_up: int = 3) -> Bench:
    """Predict one image again and again, one after the other."""
    for _ in range(warm_up):
        model.predict(image)
    taken = np.empty(repeats)
    for index in range(repeats):
        began = time.perf_counter()
        model.predict(image)
        taken[index] = time.perf_counter() - began
    p50, p95 = (float(value) * 1000 for value in np.percentile(taken, (50, 95)))
    return Bench(
        device=_device(),
        cores=_cores(),
        width=image.shape[1],
        height=image.shape[0],
        p50_ms=round(p50, 2),
        p95_ms=round(p95, 2),
        images_per_second=round(float(repeats / taken.sum()), 2),
        peak_mib=round(_peak_mib(), 1),
        system=f"{platform.system()} {platform.machine()}",
    )


def _cores() -> int:
    asked = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(asked(0)) if asked else os.cpu_count() or 1


def _device() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _peak_mib() -> float:
    """Most memory of this process in MiB; 0 where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if platform.system() == "Darwin" else 1 << 10)
