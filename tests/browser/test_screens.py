"""What the screens promise by themselves, without a trained model."""

import pytest
from playwright.sync_api import expect

from tests.browser.watching import Platform, Watched, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

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
