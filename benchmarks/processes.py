"""Ways of doing one thing, each in a process of its own, so that its peak memory is its own."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def tell(work: Callable[[Path], object], image: Path, *, warm: Path) -> None:
    """Do the work on `warm`, so that libraries are loaded, then on `image`; print what that took.

    Seconds, processor time, peak memory, and how much of that came with the image, in MB.
    """
    work(warm)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _memory("VmRSS")
    began, cpu = time.perf_counter(), time.process_time()
    work(image)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = _memory("VmHWM")
    print(f"{seconds:.2f} {cpu:.2f} {peak} {peak - before}")


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0]) >> 10


def compare(module: str, ways: Sequence[str], arguments: Sequence[str], *, rounds: int) -> None:
    """Run `module` with ``--way`` for each way, round after round; print the middle of each."""
    runs: dict[str, list[list[float]]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way in [way for way in ways if way in runs]:
            command = [sys.executable, "-m", module, "--way", way, *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"  {way:8} {done.stderr.strip().splitlines()[-1]}")
                del runs[way]
                continue
            runs[way].append([float(figure) for figure in done.stdout.split()[-4:]])
    middle = {
        way: [statistics.median(figures) for figures in zip(*found, strict=True)]
        for way, found in runs.items()
    }
    for way, (seconds, cpu, peak, more) in middle.items():
        ratio = f"{seconds / middle['loupe'][0]:5.1f} × loupe" if "loupe" in middle else ""
        print(
            f"  {way:8} {seconds:7.2f} s, CPU {cpu:6.2f} s, {peak:5.0f} MB (+{more:.0f})  {ratio}",
            flush=True,
        )
