"""Labels drawn by hand: from an empty project to annotated images, with mouse and keys."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.watching import Platform, Watched, sign_in, watching

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

WIDTH, HEIGHT = 640, 480
SHAPES = ".editor-shape"
# What a screen says that has no room for words of its own.
WORDS = {
    "en": {
        "first": "Upload the first images",
        "tab": "Annotate",
        "saved": "Saved",
        "box": "Box (B)",
        "retrying": "Not saved, trying again",
        "history": "History",
        "back": "Bring back",
        "change": "Change label",
        "colour": "Colour",
        "hotkey": "Hotkey",
        "save": "Save",
        "tour": "New here? Six steps show the editor",
        "tools": "Tools",
        "submitted": "Submitted",
        "accepted": "Accepted",
    },
    "zh-CN": {
        "first": "上传第一批图像",
        "tab": "标注",
        "saved": "已保存",
        "box": "矩形框 (B)",
        "retrying": "未保存，正在重试",
        "history": "历史",
        "back": "恢复到此",
        "change": "修改标签",
        "colour": "颜色",
        "hotkey": "快捷键",
        "save": "保存",
        "tour": "第一次使用？六步了解编辑器",
        "tools": "工具",
        "submitted": "待审核",
        "accepted": "已通过",
    },
}


def test_from_an_empty_project_to_labels_that_stay(
    watched_in: Watched, platform: Platform, language: str, tmp_path: Path
) -> None:
    page, words = watched_in.page, WORDS[language]
    page.set_viewport_size({"width": 1280, "height": 720})
    project = platform.new_project(f"By hand {language}")
    sign_in(watched_in, platform)
    upload(page, project, pictures(tmp_path, 3), words["first"])
    page.get_by_role("link", name=words["tab"], exact=True).first.click()
    stage = page.locator(".workbench .stage")
    stage.locator("img").wait_for()
    bounds = stage.bounding_box()
    assert bounds is not None
    assert bounds["width"] * bounds["height"] > 0.6 * 1280 * 720
    watched_in.shot(f"40-annotate-empty-{language}")

    # The first label is typed, and the tool is at hand at once.
    page.keyboard.type("scratch")
    page.keyboard.press("Enter")
    drag(page, (100, 100), (200, 160))
    expect(page.locator(SHAPES)).to_have_count(1)
    drag(page, (300, 100), (380, 200))
    expect(page.locator(SHAPES)).to_have_count(2)
    expect(page.get_by_test_id("save-state")).to_contain_text(words["saved"])

    # What was done can be taken back and made again; keys move and delete.
    page.keyboard.press("Control+z")
    expect(page.locator(SHAPES)).to_have_count(1)
    page.keyboard.press("Control+y")
    expect(page.locator(SHAPES)).to_have_count(2)
    page.keyboard.press("v")
    drag(page, (340, 150), (360, 170))
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(page.locator(SHAPES)).to_have_count(3)
    page.keyboard.press("Delete")
    expect(page.locator(SHAPES)).to_have_count(2)
    watched_in.shot(f"41-annotate-boxes-{language}")

    # On to the next image by key; the copy goes along, and so does the ignore region's tool.
    page.keyboard.press("f")
    expect(page.locator(SHAPES)).to_have_count(0)
    page.keyboard.press("Control+v")
    expect(page.locator(SHAPES)).to_have_count(1)
    page.keyboard.press("i")
    for at in ((400, 300), (500, 300), (500, 400)):
        page.mouse.click(*on_screen(page, at))
    page.keyboard.press("Enter")
    expect(page.locator(SHAPES)).to_have_count(2)
    watched_in.shot(f"42-annotate-ignored-{language}")
    page.keyboard.press("f")
    expect(page.locator(SHAPES)).to_have_count(0)
    page.keyboard.press("x")
    expect(page.get_by_test_id("save-state")).to_contain_text(words["saved"])
    expect(page.locator('.strip-state[data-status="labelled"]')).to_have_count(3)

    # Who is here for the first time is shown around, and the work goes on where it was.
    whole = "offer => offer.scrollWidth <= offer.clientWidth"
    assert page.locator(".tour-offer").evaluate(whole)
    page.get_by_role("button", name=words["tour"]).click()
    expect(page.get_by_role("dialog", name=words["tools"])).to_be_visible()
    watched_in.shot(f"43-annotate-tour-{language}")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name=words["tour"])).to_have_count(0)

    # What is finished is submitted and accepted.
    for key, stands in (("F2", "submitted"), ("F8", "accepted")):
        page.keyboard.press(key)
        expect(page.get_by_test_id("review")).to_contain_text(words[stands])
    expect(page.locator('.strip-state[data-review="accepted"]')).to_have_count(1)
    watched_in.shot(f"44-annotate-accepted-{language}")

    # A reload shows what was saved; so does the platform.
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    page.reload()
    expect(page.locator(SHAPES)).to_have_count(2)
    saved = annotations(platform, project)
    assert sorted(len(one["shapes"]) for one in saved) == [0, 1, 2]
    assert sorted(len(one["ignore_regions"]) for one in saved) == [0, 0, 1]
    assert all(one["annotated"] for one in saved)
    (first,) = (one for one in saved if len(one["shapes"]) == 2)
    moved = first["shapes"][1]
    assert moved["points"][0] == pytest.approx([330, 120], abs=2)

    # A state of before comes back by one click.
    page.get_by_role("button", name=words["history"]).click()
    page.get_by_role("button", name=words["back"]).last.click()
    expect(page.locator(SHAPES)).to_have_count(first_drawn(platform, project, first["image_id"]))
    watched_in.shot(f"45-annotate-history-{language}")


def test_labels_have_a_colour_a_key_and_an_order_of_their_own(
    watched_in: Watched, platform: Platform, language: str, tmp_path: Path
) -> None:
    page, words = watched_in.page, WORDS[language]
    project = platform.new_project(f"Labels {language}")
    sign_in(watched_in, platform)
    upload(page, project, pictures(tmp_path, 1), words["first"])
    page.get_by_role("link", name=words["tab"], exact=True).first.click()
    page.locator(".workbench .stage img").wait_for()
    for name in ("scratch", "pore", "dent"):
        page.keyboard.type(name) if name == "scratch" else page.keyboard.type(f"l{name}")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=re.compile(rf"^{name} \d$"))).to_be_visible()
    drag(page, (100, 100), (200, 160))
    shape = page.locator(f"{SHAPES} polygon")
    expect(shape).to_have_count(1)

    page.get_by_role("button", name=f"{words['change']}: dent").click()
    page.get_by_role("button", name=f"{words['colour']} #15803d").click()
    page.get_by_role("combobox", name=words["hotkey"]).fill("Shift+K")
    page.keyboard.press("Enter")
    watched_in.shot(f"46-label-form-{language}")
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.get_by_role("button", name=re.compile(r"^dent .*Shift\+K$"))).to_be_visible()
    expect(page.locator(SHAPES)).to_have_css("color", "rgb(21, 128, 61)")

    # Up by key, then back under the others by the mouse; the digits go by the order.
    page.get_by_role("button", name="pore 2", exact=True).focus()
    with page.expect_response(re.compile(r"/label-order$")) as moved:
        page.keyboard.press("Alt+ArrowUp")
        expect(page.get_by_role("button", name="pore 1", exact=True)).to_be_visible()
    assert moved.value.status == 200
    rows = page.locator(".label-panel .label-row")
    # The screen shows the order before the platform has it: a reload at once would be too early.
    with page.expect_response(re.compile(r"/label-order$")) as moved:
        rows.nth(0).locator(".label-grip").drag_to(rows.nth(2))
        expect(page.get_by_role("button", name="scratch 1", exact=True)).to_be_visible()
    assert moved.value.status == 200
    page.reload()
    expect(rows).to_have_text([re.compile("scratch"), re.compile("dent"), re.compile("pore")])
    expect(page.get_by_role("button", name=re.compile(r"^dent .*Shift\+K$"))).to_be_visible()
    page.keyboard.press("Shift+K")
    expect(page.locator(".label-row-current")).to_contain_text("dent")


def test_work_outlives_a_lost_network_and_a_reload(
    watched: Watched, platform: Platform, tmp_path: Path
) -> None:
    page, words = watched.page, WORDS["en"]
    project = platform.new_project("Lost network")
    sign_in(watched, platform)
    upload(page, project, pictures(tmp_path, 1), words["first"])
    page.get_by_role("link", name="Annotate", exact=True).first.click()
    page.locator(".workbench .stage img").wait_for()
    page.keyboard.type("pore")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="pore 1", exact=True)).to_be_visible()
    saves = re.compile(r"/api/annotation/projects/[^/]+/images/[^/]+$")
    page.route(
        saves, lambda route: route.abort() if route.request.method == "PUT" else route.continue_()
    )
    drag(page, (100, 100), (200, 160))
    expect(page.get_by_test_id("save-state")).to_contain_text(words["retrying"])
    watched.shot("44-annotate-offline")
    page.reload()
    expect(page.locator(SHAPES)).to_have_count(1)
    expect(page.get_by_test_id("draft-restored")).to_be_visible()
    page.unroute(saves)
    expect(page.get_by_test_id("save-state")).to_contain_text(words["saved"])
    (saved,) = annotations(platform, project)
    assert len(saved["shapes"]) == 1


def test_two_people_on_one_image_lose_nothing(
    chromium: Browser, watched: Watched, platform: Platform, tmp_path: Path
) -> None:
    page = watched.page
    project = platform.new_project("Two people")
    sign_in(watched, platform)
    upload(page, project, pictures(tmp_path, 1), WORDS["en"]["first"])
    page.get_by_role("link", name="Annotate", exact=True).first.click()
    page.locator(".workbench .stage img").wait_for()
    page.keyboard.type("pore")
    page.keyboard.press("Enter")
    drag(page, (100, 100), (200, 160))
    expect(page.get_by_test_id("save-state")).to_contain_text("Saved")
    with watching(chromium, platform, "en-US") as other:
        sign_in(other, platform)
        other.page.goto(page.url)
        expect(other.page.locator(SHAPES)).to_have_count(1)
        drag(other.page, (300, 300), (400, 400))
        other.page.keyboard.press("v")
        drag(other.page, (150, 130), (180, 130))
        expect(other.page.get_by_test_id("save-state")).to_contain_text("Saved")
    page.keyboard.press("v")
    drag(page, (150, 130), (150, 180))
    expect(page.get_by_test_id("conflict")).to_be_visible()
    expect(page.locator(SHAPES)).to_have_count(2)
    watched.shot("45-annotate-conflict")
    page.get_by_role("button", name="Both").click()
    expect(page.locator(SHAPES)).to_have_count(3)
    expect(page.get_by_test_id("save-state")).to_contain_text("Saved")
    (saved,) = annotations(platform, project)
    assert len(saved["shapes"]) == 3


def pictures(folder: Path, count: int) -> list[Path]:
    """Make pictures that differ, for equal ones are one picture to the gallery."""
    paths = [folder / f"plate-{number}.png" for number in range(count)]
    for path in paths:
        Image.effect_noise((WIDTH, HEIGHT), 30).convert("RGB").save(path)
    return paths


def upload(page: Page, project: str, files: list[Path], word: str) -> None:
    """Send images by the dialog of an empty gallery."""
    page.goto(f"/projects/{project}/gallery")
    page.get_by_role("button", name=word).click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(files)
    dialog.get_by_test_id("upload-now").click()
    expect(dialog.get_by_test_id("upload-now")).to_have_count(0)  # else it is clicked again
    expect(dialog.get_by_test_id("upload-summary")).to_contain_text(f"{len(files)}")
    dialog.locator(".ant-modal-footer .ant-btn-primary").click()
    expect(page.locator("tbody .ant-checkbox-input")).to_have_count(len(files))


def on_screen(page: Page, at: tuple[float, float]) -> tuple[float, float]:
    """Where a pixel of the image is on the screen."""
    picture = page.locator(".workbench .stage > img").bounding_box()
    assert picture is not None
    scale = picture["width"] / WIDTH
    return picture["x"] + at[0] * scale, picture["y"] + at[1] * scale


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press, move and release, in pixels of the image."""
    page.mouse.move(*on_screen(page, start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, end), steps=4)
    page.mouse.up()


def annotations(platform: Platform, project: str) -> list[dict[str, Any]]:
    """Ask the platform what is annotated on each image."""
    with platform.client() as client:
        return [
            client.get(f"/api/annotation/projects/{project}/images/{image['id']}")
            for image in client.pages(f"/api/gallery/projects/{project}/images")
        ]


def first_drawn(platform: Platform, project: str, image: str) -> int:
    """How many shapes the first save had: a slow hand draws one or two before it."""
    path = f"/api/annotation/projects/{project}/images/{image}/history"
    with platform.client() as client:
        return len(list(client.pages(path))[-1]["after"])


def test_outlines_and_masks_are_drawn_where_the_task_knows_them(
    watched: Watched, platform: Platform, tmp_path: Path
) -> None:
    page = watched.page
    project = platform.new_project("Outlines", task="instance_segmentation")
    sign_in(watched, platform)
    upload(page, project, pictures(tmp_path, 1), WORDS["en"]["first"])
    page.get_by_role("link", name="Annotate", exact=True).first.click()
    page.locator(".workbench .stage img").wait_for()
    expect(page.get_by_role("button", name=WORDS["en"]["box"])).to_have_count(0)
    page.keyboard.type("pore")
    page.keyboard.press("Enter")
    # The last click is on the first point, which closes the outline.
    for at in ((100, 100), (200, 100), (200, 180), (100, 100)):
        page.mouse.click(*on_screen(page, at))
    expect(page.locator(SHAPES)).to_have_count(1)
    page.keyboard.press("v")
    drag(page, (200, 180), (150, 220))
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    drag(page, (300, 200), (400, 200))
    drag(page, (400, 200), (400, 300))
    expect(page.locator(SHAPES)).to_have_count(2)
    page.keyboard.press("e")
    drag(page, (350, 150), (350, 250))
    watched.shot("46-annotate-masks")
    expect(page.get_by_test_id("save-state")).to_contain_text("Saved")
    (saved,) = annotations(platform, project)
    outline, mask = saved["shapes"]
    assert (outline["kind"], mask["kind"]) == ("polygon", "mask")
    assert outline["points"][2] == pytest.approx([150, 220], abs=2)
