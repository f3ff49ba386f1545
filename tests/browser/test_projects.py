"""Projects are found, renamed, set aside and deleted from their list, in both languages."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.watching import Platform, Watched, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Words:
    """What the page calls things."""

    find: str
    manage: str
    edit: str
    name: str
    save: str
    archive: str
    archived: str
    told: str
    restore: str
    delete: str
    images: str
    none: str


WORDS = {
    "en": Words(
        find="Find by name",
        manage="Manage",
        edit="Name and notes…",
        name="Name",
        save="Save",
        archive="Archive",
        archived="Archived",
        told='is archived; it stands under "Archived".',
        restore="Take out of the archive",
        delete="Delete",
        images="1 image, 0 annotated",
        none="No project fits this search.",
    ),
    "zh-CN": Words(
        find="按名称查找",
        manage="管理",
        edit="名称与备注…",
        name="名称",
        save="保存",
        archive="归档",
        archived="已归档",
        told="已归档，可在“已归档”中找到。",
        restore="移出归档",
        delete="删除",
        images="1 张图像，0 张已标注",
        none="没有符合条件的项目。",
    ),
}


def test_a_project_is_found_renamed_archived_and_deleted(
    watched_in: Watched, platform: Platform, language: str, tmp_path: Path
) -> None:
    page, words = watched_in.page, WORDS[language]
    first, second = f"Seals {language}", f"Rings {language}"
    picture = tmp_path / "seal.png"
    Image.effect_noise((320, 240), 40).convert("RGB").save(picture)
    platform.upload(platform.new_project(first), picture)
    sign_in(watched_in, platform)
    page.get_by_role("textbox", name=words.find).fill(f"seals {language}".upper())
    card = page.locator(".project-card")
    expect(card).to_have_count(1)
    expect(card).to_contain_text(words.images)
    expect(card.locator("img")).to_be_visible()
    watched_in.shot(f"36-projects-{language}")

    def choose(entry: str) -> None:
        card.get_by_role("button", name=words.manage).click()
        page.get_by_role("menuitem").filter(has_text=entry).click()

    choose(words.edit)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name=words.name).fill(second)
    dialog.get_by_role("button", name=words.save).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text(words.none)).to_be_visible()
    page.get_by_role("textbox", name=words.find).fill(second)
    expect(card.get_by_role("link", name=second)).to_be_visible()
    choose(words.archive)
    expect(page.get_by_text(f"{second} {words.told}")).to_be_visible()
    expect(page.get_by_text(words.none)).to_be_visible()
    page.locator(".project-filters").get_by_text(words.archived, exact=True).click()
    expect(card.get_by_role("link", name=second)).to_be_visible()
    choose(words.restore)
    expect(card).to_have_count(0)

    page.goto(f"/?name={second}")
    card.get_by_role("link", name=second).click()
    page.locator(".project-head").get_by_role("button", name=words.manage).click()
    page.get_by_role("menuitem").filter(has_text=words.delete).click()
    confirm = dialog.get_by_role("button", name=words.delete)
    expect(confirm).to_be_disabled()
    watched_in.shot(f"37-delete-project-{language}")
    dialog.get_by_role("textbox").fill(second)
    confirm.click()
    expect(page.locator(".page-head")).to_be_visible()
    page.goto(f"/?name={second}")
    expect(page.get_by_text(words.none)).to_be_visible()
