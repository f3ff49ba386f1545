"""Frames of the editor with many shapes on a large picture: `python -m benchmarks.editor_frames`.

Starts a platform and a headless Chromium, puts polygons of 24 points on a picture of 9000 × 7000 px
and goes on as a person would: zoom by the wheel, draw an outline point by point with the pointer
between them. Frames a second are what the browser drew; the processor's time of the page's main
thread tells how much of that is the editor's, whatever else the machine does. The same on a
picture with nothing on it is what the browser itself takes.
"""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import CDPSession, Page, sync_playwright

from tests.browser.conftest import CHROMIUM_FLAGS
from tests.browser.starting import started
from tests.browser.watching import Platform, sign_in, watching

WIDTH, HEIGHT = 9000, 7000
POINTS = 24
STEPS = 150
COUNT_FRAMES = """() => {
  const frames = (window.frames_drawn = []);
  const tick = (at) => { frames.push(at); window.frame_of = requestAnimationFrame(tick); };
  window.frame_of = requestAnimationFrame(tick);
}"""
STOP = "() => { cancelAnimationFrame(window.frame_of); return window.frames_drawn; }"


@dataclass(frozen=True)
class Figures:
    """What came of one gesture; the processor's milliseconds are those of the main thread."""

    frames_a_second: float
    slowest_twentieth_ms: float
    cpu_ms_a_step: float

    def __str__(self) -> str:
        return (
            f"{self.frames_a_second:5.1f} fps, p95 {self.slowest_twentieth_ms:5.1f} ms, "
            f"CPU {self.cpu_ms_a_step:5.1f} ms a step"
        )


def main(counts: list[int], chromium: str) -> None:
    """Measure both gestures with each number of shapes."""
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = drawn_picture(folder / "large.jpg")
        (folder / "platform").mkdir()
        with started(folder / "platform") as platform, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
            project = platform.new_project("Frames", task="instance_segmentation")
            image = platform.upload(project, picture)
            for count in counts:
                put_shapes(platform, project, image, count)
                with watching(browser, platform, "en") as watched:
                    sign_in(watched, platform)
                    page = watched.page
                    page.goto(f"{platform.address}/projects/{project}/annotate/{image}")
                    page.locator(".workbench .stage img[src^=blob]").wait_for()
                    page.wait_for_function(
                        "count => document.querySelectorAll('.editor-shape').length === count",
                        arg=count,
                    )
                    page.wait_for_timeout(3000)  # the picture is decoded
                    print(f"{count:5} shapes  zooming  {measured(page, zoom)}")
                    page.keyboard.press("p")
                    print(f"{count:5} shapes  drawing  {measured(page, draw)}", flush=True)
                    page.keyboard.press("Escape")
            browser.close()
    print(f"load {os.getloadavg()[0]:.1f}")


def measured(page: Page, gesture: Any) -> Figures:
    """Do a gesture and tell its frames."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    gesture(page, 10)
    before = cpu_s(devtools)
    page.evaluate(COUNT_FRAMES)
    gesture(page, STEPS)
    frames = np.array(page.evaluate(STOP))
    spent = cpu_s(devtools) - before
    devtools.detach()
    gaps = np.diff(frames)
    return Figures(
        frames_a_second=1000 * len(gaps) / float(frames[-1] - frames[0]),
        slowest_twentieth_ms=float(np.percentile(gaps, 95)),
        cpu_ms_a_step=1000 * spent / STEPS,
    )


def cpu_s(devtools: CDPSession) -> float:
    """Return the processor's seconds that the main thread has taken so far."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")


def zoom(page: Page, steps: int) -> None:
    """Turn the wheel in and out again over the middle of the picture."""
    page.mouse.move(600, 400)
    for step in range(steps):
        page.mouse.wheel(0, -90 if step % 50 < 25 else 90)


def draw(page: Page, steps: int) -> None:
    """Draw an outline: a click now and then, moves between them."""
    for step in range(steps):
        angle = 2 * np.pi * step / steps
        page.mouse.move(600 + 250 * np.cos(angle), 400 + 200 * np.sin(angle))
        if step % 15 == 0:
            page.mouse.down()
            page.mouse.up()


def drawn_picture(path: Path) -> Path:
    """Save a picture of the largest plain size: brushed metal."""
    lines = np.random.default_rng(0).integers(90, 160, (HEIGHT, 1, 3), dtype=np.uint8)
    Image.fromarray(np.broadcast_to(lines, (HEIGHT, WIDTH, 3)).copy()).save(path, quality=85)
    return path


def put_shapes(platform: Platform, project: str, image: str, count: int) -> None:
    """Annotate the image with so many polygons, none over another."""
    across = max(1, int(np.ceil(np.sqrt(count * WIDTH / HEIGHT))))
    side = WIDTH / across
    angles = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles)], 1) * side * 0.4
    ring *= np.where(np.arange(POINTS) % 2, 0.8, 1.0)[:, None]
    shapes = []
    for place in range(count):
        centre = np.array([place % across + 0.5, place // across + 0.5]) * side
        points = np.clip(ring + centre, 0, [WIDTH, HEIGHT]).round(1).tolist()
        label = ("scratch", "pore", "dent")[place % 3]
        shapes.append({"id": f"s{place}", "label": label, "kind": "polygon", "points": points})
    with platform.client() as client:
        path = f"/api/annotation/projects/{project}/images/{image}"
        client.put(path, {"shapes": shapes, "ignore_regions": []})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", type=int, nargs="+", default=[0, 500, 2000])
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    arguments = parser.parse_args()
    main(arguments.shapes, arguments.chromium)
