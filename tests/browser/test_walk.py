"""A process engineer's way through the console: create, upload, train, report, test, correct."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watching import Parts, Platform, Watched, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1500)]

TRAINING_MS = 600_000  # a training of half a minute, on a machine that others keep busy
TABS = {
    "图库": "上传图像",
    "标注": "标签",
    "训练": "版本记录",
    "评估报告": "混淆矩阵",
    "测试": "测试结果",
}


def test_from_an_empty_platform_to_a_corrected_test(
    watched: Watched, platform: Platform, parts: Parts, tmp_path: Path
) -> None:
    page = watched.page
    sign_in(watched, platform)
    create_project(watched)
    upload_images_and_annotations(watched, parts, tmp_path)
    look_through_the_gallery(watched)
    train(watched)
    read_the_report(watched)
    run_and_correct_a_test(watched, parts)
    accept_and_reject_proposals(watched)
    in_the_other_language(watched)
    assert "/projects/" in page.url


def create_project(watched: Watched) -> None:
    page = watched.page
    watched.shot("01-projects-empty")
    page.get_by_role("button", name="New project").first.click()
    page.get_by_test_id("project-name").fill("Surfaces, line 2")
    watched.shot("02-create")
    page.get_by_role("button", name="OK", exact=True).click()
    expect(page.get_by_role("heading", name="Surfaces, line 2")).to_be_visible()


def upload_images_and_annotations(watched: Watched, parts: Parts, tmp_path: Path) -> None:
    page = watched.page
    page.get_by_role("button", name="Images with annotations").click()
    dialog = page.get_by_role("dialog")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not an image")
    notes = tmp_path / "notes.txt"
    notes.write_text("no image at all")
    dialog.locator("input[type=file]").set_input_files([*parts.images, broken, notes])
    dialog.get_by_test_id("upload-now").click()
    summary = dialog.get_by_test_id("upload-summary")
    total = len(parts.images)
    expect(summary).to_contain_text(f"{total} of {total + 2} arrived, 2 failed", timeout=180_000)
    expect(dialog.get_by_text("Only JPG, JPEG, PNG and BMP")).to_be_visible()
    watched.shot("03-upload")
    dialog.get_by_role("button", name="Next").click()
    dialog.locator("input[type=file]").set_input_files(parts.annotations)
    preview = dialog.get_by_test_id("import-preview")
    expect(preview).to_contain_text("Nothing is stored yet")
    expect(preview.get_by_test_id("import-new")).to_contain_text(str(total))
    watched.shot("04-import-preview")
    dialog.get_by_test_id("import-now").click()
    expect(dialog.get_by_test_id("import-report")).to_contain_text("files imported")
    watched.shot("04-import")
    dialog.get_by_role("button", name="Done").click()


def look_through_the_gallery(watched: Watched) -> None:
    page = watched.page
    expect(page.get_by_text("34 in total")).to_be_visible()
    expect(page.get_by_test_id("summary-total")).to_contain_text("34")
    expect(page.get_by_test_id("summary-labelled")).to_contain_text("34")
    expect(page.locator("tbody .ant-tag", has_text="Annotated").first).to_be_visible()
    watched.shot("05-gallery")
    page.get_by_placeholder("part of the name").fill("train_000")
    expect(page.get_by_text("10 in total")).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("34 in total")).to_be_visible()
    page.get_by_title("Thumbnails").click()
    page.locator(".tile img").first.wait_for()
    watched.shot("06-thumbnails")
    page.locator(".tile .thumbnail").nth(1).click()
    page.locator(".ant-drawer .stage img").wait_for()
    watched.shot("07-detail")
    page.keyboard.press("Escape")


def train(watched: Watched) -> None:
    page = watched.page
    page.get_by_role("link", name="Train").click()
    expect(page.get_by_text("Nothing has been trained yet.")).to_be_visible()
    watched.shot("08-train-empty", whole=True)
    page.get_by_role("button", name="Start training").click()
    page.get_by_test_id("training-progress").wait_for()
    expect(page.locator(".live-figures")).to_contain_text(
        re.compile(r"\d+ / \d+"), timeout=TRAINING_MS
    )
    page.wait_for_timeout(4_000)
    watched.shot("09-training", whole=True)
    rate = page.locator(".rate-link")
    expect(rate).to_be_visible(timeout=TRAINING_MS)
    expect(page.get_by_role("row", name=re.compile("V1")).first).to_be_visible()
    watched.shot("10-trained", whole=True)
    rate.click()


def read_the_report(watched: Watched) -> None:
    page = watched.page
    expect(page.get_by_test_id("conclusion")).to_be_visible()
    expect(page.get_by_test_id("reference-only")).to_contain_text("reference only")
    before = page.get_by_test_id("threshold-words").inner_text()
    page.get_by_role("spinbutton", name="Detection threshold").fill("0.95")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("threshold-words")).not_to_have_text(before)
    page.get_by_title("Fewer misses").click()
    page.get_by_role("button", name="Use it").click()
    page.locator(".confusion").scroll_into_view_if_needed()
    page.locator(".error-tile img").first.wait_for()
    expect(page.get_by_test_id("error-split")).to_contain_text("points")
    expect(page.get_by_test_id("groups")).to_contain_text("Small")
    expect(page.get_by_test_id("quality")).to_contain_text("Tightness")
    watched.shot("11-report", whole=True)
    page.locator(".error-link").first.click()
    page.locator(".workbench .stage img").wait_for()
    expect(page).to_have_url(re.compile(r"/annotate/"))
    watched.shot("11-error-image")


def run_and_correct_a_test(watched: Watched, parts: Parts) -> None:
    page = watched.page
    page.get_by_role("link", name="Test").click()
    expect(page.get_by_text("Choose or upload images, then run the test.")).to_be_visible()
    page.get_by_role("button", name="Upload test images").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(parts.unseen)
    dialog.get_by_test_id("upload-now").click()
    dialog.get_by_role("button", name=f"Use {len(parts.unseen)} images").click(timeout=180_000)
    page.get_by_role("button", name="Run test").click(timeout=180_000)
    expect(page.locator(".test-item")).to_have_count(len(parts.unseen), timeout=180_000)
    page.locator(".tested .stage img").wait_for()
    watched.shot("12-test")
    page.get_by_role("button", name="Correct").click()
    asked = page.locator(".ant-modal-confirm")
    asked.get_by_role("button", name="Correct").click()
    expect(asked).to_be_hidden()  # it fades, and would take the drag
    page.locator(".workbench .stage img").wait_for()
    page.keyboard.press("b")
    draw_a_box(page)
    watched.shot("13-correct")
    page.get_by_role("button", name="Save as annotation").click()
    page.get_by_role("button", name="Edit annotation").click()
    page.locator(".workbench .stage img").wait_for()
    boxes = page.locator(".editor-shape").count()
    page.locator(".object-list button[aria-pressed]").first.click()
    page.keyboard.press("Delete")
    expect(page.locator(".editor-shape")).to_have_count(boxes - 1)
    page.keyboard.press("Control+z")
    expect(page.locator(".editor-shape")).to_have_count(boxes)
    page.get_by_role("button", name="Save as annotation").click()
    expect(page.get_by_role("button", name="Edit annotation")).to_be_visible()


def draw_a_box(page: Page) -> None:
    stage = page.locator(".workbench .stage").bounding_box()
    assert stage is not None
    boxes = page.locator(".editor-shape").count()
    page.mouse.move(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
    page.mouse.down()
    page.mouse.move(
        stage["x"] + stage["width"] / 2 + 80, stage["y"] + stage["height"] / 2 + 60, steps=4
    )
    page.mouse.up()
    expect(page.locator(".editor-shape")).to_have_count(boxes + 1)


def accept_and_reject_proposals(watched: Watched) -> None:
    page = watched.page
    page.goto(re.sub(r"(/projects/[^/]+)/.*", r"\1/annotate?status=tested", page.url))
    page.locator(".workbench .stage img").wait_for()
    page.keyboard.press("z")
    bar, shapes = page.get_by_test_id("proposals"), page.locator(".editor-shape")
    bar.get_by_role("slider").press("Home")
    expect(bar).to_contain_text(re.compile(r"V1: 1 / \d+"))
    expect(page.locator(".mark").last).to_have_class("mark mark-at-hand")
    watched.shot("14-proposals")
    proposals = page.locator(".mark").count()
    page.keyboard.press("Delete")
    expect(page.locator(".mark")).to_have_count(proposals - 1)
    expect(shapes).to_have_count(0)
    page.reload()  # what was rejected is proposed again: one proposal is enough for both
    page.locator(".workbench .stage img").wait_for()
    page.keyboard.press("z")
    expect(bar).to_contain_text(re.compile(r"V1: 1 / \d+"))
    page.keyboard.press("Enter")
    expect(shapes).to_have_count(1)
    expect(page.get_by_test_id("save-state")).to_contain_text("Saved")
    page.reload()
    expect(shapes).to_have_count(1)
    named = page.locator(".object-list button[aria-pressed]").first
    expect(named).to_have_attribute("title", re.compile(r" \d\.\d\d, proposed by V1$"))


def in_the_other_language(watched: Watched) -> None:
    page = watched.page
    page.get_by_text("中文").click()
    for tab, word in TABS.items():
        page.get_by_role("link", name=tab).click()
        expect(page.get_by_text(word).first).to_be_visible()
        watched.shot(f"20-{tab}", whole=True)
