"""What the screens promise by themselves, without a trained model."""

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from shared.vision.masks import from_dense, to_text
from tests.browser.watching import Platform, Watched, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

TITLES = {"en": "Projects", "zh-CN": "项目"}
CREATE = {"en": "New project", "zh-CN": "新建项目"}
TEXT_TASK = {"en": "Text recognition (OCR)", "zh-CN": "OCR 识别"}


def test_a_wrong_key_is_refused_in_words(watched: Watched, platform: Platform) -> None:
    watched.page.goto(platform.address)
    watched.page.get_by_test_id("api-key").fill("not a key")
    watched.page.keyboard.press("Enter")
    expect(watched.page.get_by_role("alert")).to_contain_text("A valid key is needed")


def test_a_reload_signs_nobody_out_and_signing_out_forgets_the_key(
    watched: Watched, platform: Platform
) -> None:
    sign_in(watched, platform)
    watched.page.reload()
    expect(watched.page.get_by_role("heading", name="Projects")).to_be_visible()
    watched.page.get_by_role("button", name="Sign out").click()
    watched.page.reload()
    expect(watched.page.get_by_test_id("api-key")).to_be_empty()


def test_the_dialog_counts_letters_previews_the_cut_and_refuses_it_for_text(
    watched_in: Watched, platform: Platform, language: str
) -> None:
    page = watched_in.page
    sign_in(watched_in, platform)
    expect(page.get_by_role("heading", name=TITLES[language])).to_be_visible()
    page.get_by_role("button", name=CREATE[language]).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("0 / 20")).to_be_visible()
    expect(dialog.get_by_text("0 / 100")).to_be_visible()
    page.get_by_test_id("project-name").fill("twenty-five characters ab")
    expect(dialog.get_by_text("20 / 20")).to_be_visible()
    dialog.get_by_test_id("tiling").click()
    dialog.get_by_role("spinbutton").nth(1).fill("3")
    expect(dialog.get_by_test_id("tile-preview").locator("span")).to_have_text(list("123456"))
    watched_in.shot(f"30-create-tiled-{language}")
    dialog.get_by_text(TEXT_TASK[language], exact=True).click()
    expect(dialog.get_by_test_id("tiling")).to_be_disabled()
    expect(dialog.get_by_test_id("tile-preview")).to_have_count(0)


def test_an_address_that_leads_nowhere_says_so(watched: Watched, platform: Platform) -> None:
    sign_in(watched, platform)
    watched.page.goto("/projects/unknown/gallery")
    expect(watched.page.get_by_role("alert")).to_contain_text("No such object")
    watched.page.goto("/nowhere")
    expect(watched.page.get_by_text("There is no such page.")).to_be_visible()


def test_the_smallest_target_decides_whether_images_are_cut(
    watched: Watched, platform: Platform
) -> None:
    page = watched.page
    project = platform.new_project("Small targets")
    sign_in(watched, platform)
    page.goto(f"/projects/{project}/gallery")
    page.get_by_role("button", name="Tile advice").click()
    expect(page.get_by_text("There is no image yet.")).to_have_count(2)
    fill_sizes(page, {"Image width": 4000, "Image height": 3000})
    fill_sizes(page, {"Width of the smallest target": 110, "Height of the smallest target": 110})
    advice = page.get_by_test_id("tile-advice")
    expect(advice).to_contain_text("Keep images whole")
    fill_sizes(page, {"Width of the smallest target": 60, "Height of the smallest target": 60})
    expect(advice).to_contain_text("Raise the image resolution")
    fill_sizes(page, {"Width of the smallest target": 40, "Height of the smallest target": 40})
    expect(advice).to_contain_text("Cut images into 3 × 4 tiles")
    page.get_by_role("button", name="Show 3 × 4").click()
    expect(page.get_by_test_id("cut-preview").locator(".cut-tile")).to_have_count(12)
    watched.shot("33-tile-advice")


def test_a_cut_image_opens_with_its_tiles_and_a_tile_with_its_image(
    watched: Watched, platform: Platform, tmp_path: Path
) -> None:
    page = watched.page
    grid = {"rows": 2, "columns": 3, "overlap_px": 0}
    project = platform.new_project("Cut images", grid)
    picture = tmp_path / "board.png"
    Image.effect_noise((600, 400), 40).convert("RGB").save(picture)
    sign_in(watched, platform)
    page.goto(f"/projects/{project}/gallery")
    page.get_by_role("button", name="Upload and tile").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Skip")).to_have_count(0)
    dialog.locator("input[type=file]").set_input_files(picture)
    dialog.get_by_test_id("upload-now").click()
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_text("6 in total")).to_be_visible()
    expect(page.get_by_test_id("summary-unlabelled")).to_contain_text("6")
    page.get_by_text("Whole images").click()
    expect(page.get_by_text("1 in total")).to_be_visible()
    page.get_by_role("button", name="View").click()
    strip = page.get_by_test_id("tile-strip")
    expect(strip.locator("figure")).to_have_count(6)
    watched.shot("34-tiles")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Original file").click()
    assert Path(saved.value.path()).read_bytes() == picture.read_bytes()
    strip.locator("button").nth(4).click()
    expect(page.get_by_text("row 2, column 2")).to_be_visible()
    page.get_by_role("button", name="Open the whole image").click()
    expect(strip.locator("figure")).to_have_count(6)


def test_a_mask_is_drawn_pixel_by_pixel(
    watched: Watched, platform: Platform, tmp_path: Path
) -> None:
    """On screen: the pixels of the mask shine through in its colour, those beside it do not."""
    page = watched.page
    project = platform.new_project("Masks", task="instance_segmentation")
    picture, ring = tmp_path / "plate.png", np.zeros((80, 120), np.uint8)
    Image.new("RGB", (120, 80), "black").save(picture)
    cv2.circle(ring, (60, 40), 25, 1, thickness=8)
    save_mask(platform, project, picture, ring)
    sign_in(watched, platform)
    page.goto(f"/projects/{project}/gallery")
    page.get_by_role("button", name="View").click()
    expect(page.locator(".mask path[fill]")).to_have_count(1)
    expect(page.locator(".caption")).to_have_text("crack")
    watched.shot("35-mask")
    stage = page.locator(".stage")
    seen = np.asarray(Image.open(BytesIO(stage.screenshot())).convert("L"))
    scale = min(seen.shape[1] / 120, seen.shape[0] / 80, 4)
    left, top = (seen.shape[1] - 120 * scale) / 2, (seen.shape[0] - 80 * scale) / 2

    def brightness(x: float, y: float) -> int:
        return int(seen[round(top + y * scale), round(left + x * scale)])

    assert brightness(60 + 25, 40) > brightness(60, 40) + 20
    assert brightness(60 - 25, 40) > brightness(10, 40) + 20
    assert brightness(60, 40) == brightness(10, 40)


def save_mask(platform: Platform, project: str, picture: Path, pixels: np.ndarray) -> None:
    """Upload an image and annotate it with one mask, by the API."""
    height, width = pixels.shape
    rle = {"size": [height, width], "counts": to_text(from_dense(pixels > 0))}
    shape = {"label": "crack", "kind": "mask", "rle": rle}
    image = platform.upload(project, picture)
    with platform.client() as client:
        client.put(f"/api/annotation/projects/{project}/images/{image}", {"shapes": [shape]})


def fill_sizes(page: Page, values: dict[str, int]) -> None:
    """Type numbers into fields by their names."""
    for name, value in values.items():
        page.get_by_role("spinbutton", name=name, exact=True).fill(str(value))


RECIPE = {
    "en": ("Recipe", "All settings", "Seed", "Save as the project's default", "revision 1"),
    "zh-CN": ("训练配方", "全部设置", "随机种子", "存为项目默认配方", "修订 1"),
}


def test_a_projects_recipe_is_set_at_its_fields_and_kept(
    watched_in: Watched, platform: Platform, language: str
) -> None:
    page = watched_in.page
    title, settings, seed, save, kept = RECIPE[language]
    project = platform.new_project(f"Recipe {language}")
    sign_in(watched_in, platform)
    page.goto(f"/projects/{project}/train")
    expect(page.get_by_text(title).first).to_be_visible()
    watched_in.shot(f"33-recipe-{language}", whole=True)
    page.get_by_text(settings).click()
    page.get_by_label(seed, exact=True).fill("-1")
    page.get_by_role("button", name=save).click()
    field = page.locator(".ant-form-item", has=page.get_by_label(seed, exact=True))
    expect(field.locator(".ant-form-item-explain-error")).to_contain_text("0")
    watched_in.shot(f"33-recipe-refused-{language}", whole=True)
    page.get_by_label(seed, exact=True).fill("7")
    page.get_by_role("button", name=save).click()
    expect(page.get_by_test_id("recipe-used")).to_contain_text(kept)
    page.reload()
    expect(page.get_by_test_id("recipe-used")).to_contain_text(kept)
    page.get_by_text(settings).click()
    expect(page.get_by_label(seed, exact=True)).to_have_value("7")
