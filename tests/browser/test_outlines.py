"""Wand, lasso, cut, join and simplify: shapes by a click or a stroke, with the real worker."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from shared.vision.masks import from_text
from tests.browser.test_annotate import SHAPES, annotations, drag, on_screen, upload
from tests.browser.watching import Platform, Watched, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

WIDTH, HEIGHT = 640, 480
GREEN, WHITE = "rgb(11, 122, 85)", "rgb(255, 255, 255)"
LOADING = re.compile("ant-btn-loading")
WORDS = {
    "en": {
        "first": "Upload the first images",
        "saved": "Saved",
        "wand": "Magic wand: click an even area (W)",
        "point": "Point: click an object, it is outlined (`)",
        "keep": "Keep it so",
        "polygon": "Polygon",
        "tolerance": "Tolerance",
        "look": "Look of the picture",
        "gamma": "Gamma",
        "apart": "What is chosen does not touch.",
    },
    "zh-CN": {
        "first": "上传第一批图像",
        "saved": "已保存",
        "wand": "魔棒：单击颜色均匀的区域 (W)",
        "point": "点选：单击目标，自动勾画 (`)",
        "keep": "确认",
        "polygon": "多边形",
        "tolerance": "容差",
        "look": "画面显示",
        "gamma": "伽马",
        "apart": "所选目标互不相接。",
    },
}


def test_the_wand_makes_masks_and_polygons_of_even_areas(
    watched_in: Watched, platform: Platform, language: str, tmp_path: Path
) -> None:
    page, words = watched_in.page, WORDS[language]
    project = begun(watched_in, platform, language, tmp_path, task="instance_segmentation")

    # A click is a preview; more tolerance takes the halo, less leaves it, Enter keeps it.
    page.get_by_role("button", name=words["wand"]).click()
    page.mouse.click(*on_screen(page, (160, 160)))
    expect(page.locator(SHAPES)).to_have_count(1)
    expect(page.get_by_role("button", name=words["keep"])).to_be_visible()
    disc = area_on_screen(page)
    scale = page.locator(".stage-scale").inner_text()
    watched_in.shot(f"47-wand-preview-{language}")
    for _ in range(20):
        page.mouse.wheel(0, -100)
    page.wait_for_function("before => window.areaOf() > 1.2 * before", arg=disc)
    for _ in range(20):
        page.keyboard.press("Control+ArrowDown")
    page.wait_for_function("before => window.areaOf() === before", arg=disc)
    # All that left the zoom alone; with Ctrl the wheel zooms as ever.
    assert page.locator(".stage-scale").inner_text() == scale
    page.keyboard.down("Control")
    page.mouse.wheel(0, -40)
    page.keyboard.up("Control")
    expect(page.locator(".stage-scale")).not_to_have_text(scale)
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=words["keep"])).to_have_count(0)

    # Shift adds another area to it, Alt takes one away again.
    page.keyboard.down("Shift")
    page.mouse.click(*on_screen(page, (460, 160)))
    page.keyboard.up("Shift")
    page.wait_for_function("before => window.areaOf() > 1.5 * before", arg=disc)
    page.keyboard.down("Alt")
    page.mouse.click(*on_screen(page, (160, 160)))
    page.keyboard.up("Alt")
    page.wait_for_function("before => window.areaOf() < 1.2 * before", arg=disc)
    page.keyboard.press("Enter")
    expect(page.locator(SHAPES)).to_have_count(1)

    # The next one is a polygon; going on keeps what is on the screen.
    page.locator(".trial-bar").get_by_text(words["polygon"], exact=True).click()
    page.mouse.click(*on_screen(page, (160, 360)))
    expect(page.locator(f"{SHAPES} polygon")).to_have_count(1)
    watched_in.shot(f"48-wand-polygon-{language}")
    page.keyboard.press("v")
    expect(page.get_by_test_id("save-state")).to_contain_text(words["saved"])
    (saved,) = annotations(platform, project)
    mask, polygon = saved["shapes"]
    assert (mask["kind"], polygon["kind"]) == ("mask", "polygon")
    assert pixels(mask["rle"]) == pytest.approx(60 * 60, abs=2)
    xs, ys = zip(*polygon["points"], strict=True)
    assert (min(xs), max(xs)) == pytest.approx((100, 220), abs=2)
    assert (min(ys), max(ys)) == pytest.approx((320, 400), abs=2)


def test_the_wand_draws_the_box_where_boxes_are_drawn(
    watched: Watched, platform: Platform, tmp_path: Path
) -> None:
    page = watched.page
    project = begun(watched, platform, "en", tmp_path, task="detection")
    page.keyboard.press("w")
    page.mouse.click(*on_screen(page, (160, 160)))
    expect(page.locator(SHAPES)).to_have_count(1)
    # The next click keeps the one before.
    page.mouse.click(*on_screen(page, (460, 160)))
    expect(page.locator(SHAPES)).to_have_count(2)
    page.keyboard.press("Enter")
    page.keyboard.press("Control+z")
    expect(page.locator(SHAPES)).to_have_count(1)
    expect(page.get_by_test_id("save-state")).to_contain_text("Saved")
    (saved,) = annotations(platform, project)
    (box,) = saved["shapes"]
    assert box["kind"] == "box"
    assert np.ravel(box["points"]) == pytest.approx([120, 120, 201, 201], abs=1.5)


def test_clicks_on_an_object_outline_it(
    watched_in: Watched, platform: Platform, language: str, tmp_path: Path
) -> None:
    page, words = watched_in.page, WORDS[language]
    project = begun(watched_in, platform, language, tmp_path, task="instance_segmentation")
    clicks, keep = page.locator(".editor-click"), page.get_by_role("button", name=words["keep"])

    # A click is answered by a preview; one of the right button is outside, and taken back by key.
    page.get_by_role("button", name=words["point"]).click()
    page.mouse.click(*on_screen(page, (460, 160)))
    expect(page.locator(SHAPES)).to_have_count(1)
    page.mouse.click(*on_screen(page, (520, 160)), button="right")
    expect(clicks).to_have_count(2)
    stroke = "marks => marks.map(mark => getComputedStyle(mark).stroke)"
    assert clicks.locator("circle").evaluate_all(stroke) == [GREEN, WHITE]
    watched_in.shot(f"49-point-preview-{language}")
    page.keyboard.press("Control+z")
    expect(clicks).to_have_count(1)
    expect(keep).not_to_have_class(LOADING)
    page.keyboard.press("Enter")
    expect(keep).to_have_count(0)

    # Escape drops the next one; as a polygon it is kept by going on.
    page.mouse.click(*on_screen(page, (160, 360)))
    expect(page.locator(SHAPES)).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(SHAPES)).to_have_count(1)
    page.locator(".trial-bar").get_by_text(words["polygon"], exact=True).click()
    page.mouse.click(*on_screen(page, (160, 360)))
    expect(page.locator(f"{SHAPES} polygon")).to_have_count(1)
    page.keyboard.press("v")
    expect(page.get_by_test_id("save-state")).to_contain_text(words["saved"])
    (saved,) = annotations(platform, project)
    mask, polygon = saved["shapes"]
    assert (mask["kind"], polygon["kind"]) == ("mask", "polygon")
    assert pixels(mask["rle"]) == pytest.approx(60 * 60, rel=0.1)
    assert area(polygon["points"]) == pytest.approx(120 * 80, rel=0.1)


def test_outlines_are_drawn_by_hand_cut_joined_and_simplified(
    watched_in: Watched, platform: Platform, language: str, tmp_path: Path
) -> None:
    page, words = watched_in.page, WORDS[language]
    project = begun(watched_in, platform, language, tmp_path, task="instance_segmentation")
    page.keyboard.press("q")
    page.locator(".trial-bar").get_by_text(words["polygon"], exact=True).click()
    lasso(page, [(50, 50), (250, 50), (250, 250), (50, 250)])
    expect(page.locator(f"{SHAPES} polygon")).to_have_count(1)
    page.keyboard.down("Shift")
    lasso(page, [(200, 100), (350, 100), (350, 200), (200, 200)])
    page.keyboard.up("Shift")
    expect(page.locator(f"{SHAPES} polygon")).to_have_count(1)

    page.keyboard.press("/")
    drag(page, (300, 20), (300, 300))
    expect(page.locator(f"{SHAPES} polygon")).to_have_count(2)
    watched_in.shot(f"49-outline-cut-{language}")
    page.keyboard.press("u")
    expect(page.locator(f"{SHAPES} polygon")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(page.locator(f"{SHAPES} polygon")).to_have_count(2)
    page.keyboard.press("Control+y")

    # A simpler outline is looked at first.
    page.keyboard.press("y")
    for _ in range(6):
        page.keyboard.press("Control+ArrowUp")
    watched_in.shot(f"50-outline-simplified-{language}")
    page.keyboard.press("Enter")
    lasso_apart(page, words["apart"])
    expect(page.get_by_test_id("save-state")).to_contain_text(words["saved"])
    (saved,) = annotations(platform, project)
    outline = saved["shapes"][0]["points"]
    assert len(outline) <= 12
    assert area(outline) == pytest.approx(200 * 200 + 100 * 100, rel=0.03)


def test_the_picture_is_lit_and_split_into_channels_and_comes_back(
    watched_in: Watched, platform: Platform, language: str, tmp_path: Path
) -> None:
    page, words = watched_in.page, WORDS[language]
    begun(watched_in, platform, language, tmp_path, task="detection")
    drag(page, (420, 120), (500, 200))
    bronze = (460, 160)
    page.keyboard.press("s")  # nothing over the colours
    assert colour_at(page, bronze) == pytest.approx((210, 190, 120), abs=6)
    for grey in (210, 190, 120):
        page.keyboard.press("Shift+C")
        assert colour_at(page, bronze) == pytest.approx((grey,) * 3, abs=6)
    page.keyboard.press("Shift+C")
    page.get_by_role("button", name=words["look"]).click()
    gamma = page.get_by_role("slider", name=words["gamma"])
    gamma.focus()
    page.keyboard.press("PageUp")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    watched_in.shot(f"51-look-of-the-picture-{language}")
    lifted = colour_at(page, bronze)
    assert lifted[2] > 130
    page.mouse.click(*on_screen(page, (300, 20)))
    page.keyboard.press("Shift+O")
    assert colour_at(page, bronze) == pytest.approx((210, 190, 120), abs=6)
    page.keyboard.press("Shift+O")
    assert colour_at(page, bronze) == pytest.approx(lifted, abs=2)


def colour_at(page: Page, at: tuple[int, int]) -> tuple[int, ...]:
    """Colour of the screen where a pixel of the image is, the mean of some about it."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    x, y = on_screen(page, at)
    seen = page.screenshot(clip={"x": x - 4, "y": y - 4, "width": 8, "height": 8})
    pixels = np.asarray(Image.open(io.BytesIO(seen)).convert("RGB")).reshape(-1, 3)
    return tuple(int(value) for value in pixels.mean(axis=0))


def lasso_apart(page: Page, told: str) -> None:
    """Draw another outline elsewhere and try to join the two."""
    page.keyboard.press("q")
    lasso(page, [(450, 300), (600, 300), (600, 420), (450, 420)])
    expect(page.locator(f"{SHAPES} polygon")).to_have_count(2)
    page.keyboard.press("Control+a")
    page.keyboard.press("u")
    expect(page.get_by_text(told)).to_be_visible()
    expect(page.locator(f"{SHAPES} polygon")).to_have_count(2)


def begun(watched: Watched, platform: Platform, language: str, folder: Path, *, task: str) -> str:
    """Open the editor on one picture of discs and bars, with a label at hand."""
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 720})
    project = platform.new_project(f"{folder.name[-12:]} {language}", task=task)
    sign_in(watched, platform)
    upload(page, project, [picture(folder)], WORDS[language]["first"])
    page.goto(f"/projects/{project}/annotate")
    page.locator(".workbench .stage img").wait_for()
    page.keyboard.type("pore")
    page.keyboard.press("Enter")
    page.evaluate(
        """() => { const drawn = ".editor-mask, .editor-shape polygon";
        const seen = () => document.querySelectorAll(drawn);
        window.areaOf = () => [...seen()].map((one) => one.getBBox())
            .reduce((sum, { width, height }) => sum + width * height, 0); }"""
    )
    return project


def picture(folder: Path) -> Path:
    """Draw a disc with a halo, a square and a bar on grey metal with a little noise."""
    drawing = Image.new("RGB", (WIDTH, HEIGHT), (150, 152, 156))
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((100, 100, 220, 220), (120, 122, 126))
    pen.ellipse((120, 120, 200, 200), (70, 60, 60))
    pen.rectangle((430, 130, 489, 189), (210, 190, 120))
    pen.rectangle((100, 320, 219, 399), (60, 90, 140))
    noise = np.random.default_rng(3).integers(-2, 3, (HEIGHT, WIDTH, 1))
    pixels = np.clip(np.asarray(drawing).astype(int) + noise, 0, 255).astype(np.uint8)
    path = folder / "part.png"
    Image.fromarray(pixels).save(path)
    return path


def lasso(page: Page, corners: list[tuple[int, int]]) -> None:
    """Draw along the corners with the button down, in many small steps."""
    first, *others = corners
    page.mouse.move(*on_screen(page, first))
    page.mouse.down()
    for at in others:
        page.mouse.move(*on_screen(page, at), steps=12)
    page.mouse.up()


def area_on_screen(page: Page) -> float:
    return float(page.evaluate("window.areaOf()"))


def area(points: list[tuple[float, float]]) -> float:
    """Area of a ring by the shoelace formula."""
    x, y = np.asarray(points).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def pixels(rle: dict[str, Any]) -> int:
    """Count the pixels that a mask covers."""
    return int(np.asarray(from_text(rle["counts"]))[1::2].sum())
