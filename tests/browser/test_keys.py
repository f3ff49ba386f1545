"""Keys are made and taken back on their page, and who was signed in with one is out at once."""

import time
from dataclasses import dataclass, replace

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.watching import PATIENCE_MS, Platform, Watched, sign_in, watching

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Words:
    """What the page calls things."""

    keys: str
    create: str
    viewer: str
    month: str
    make: str
    copy: str
    copied: str
    done: str
    revoke: str
    revoked: str
    own: str
    ended: str
    refused: str
    sign_out: str


WORDS = {
    "en": Words(
        keys="Keys",
        create="New key",
        viewer="Viewer",
        month="In 30 days",
        make="Make the key",
        copy="Copy",
        copied="Copied",
        done="Done",
        revoke="Revoke",
        revoked="Revoked",
        own="You are signed in with it",
        ended="Your session has ended",
        refused="the API key is wrong or revoked",
        sign_out="Sign out",
    ),
    "zh-CN": Words(
        keys="密钥",
        create="新建密钥",
        viewer="查看者",
        month="30 天",
        make="创建密钥",
        copy="复制",
        copied="已复制",
        done="完成",
        revoke="吊销",
        revoked="已吊销",
        own="当前登录所用",
        ended="会话已结束",
        refused="API 密钥错误或已被吊销",
        sign_out="退出登录",
    ),
}


def test_a_key_that_is_revoked_lays_the_sign_in_over_the_work_of_who_is_signed_in_with_it(
    chromium: Browser, watched_in: Watched, platform: Platform, language: str
) -> None:
    page, words, name = watched_in.page, WORDS[language], f"camera {language}"
    project = platform.new_project(f"Keys {language}")
    page.set_viewport_size({"width": 1280, "height": 720})
    sign_in(watched_in, platform)
    page.get_by_role("link", name=words.keys, exact=True).click()
    own = page.get_by_role("row").filter(has_text=words.own)
    expect(own.get_by_role("button")).to_have_count(2)
    made = make_key(watched_in, words, name, language)
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text(words.viewer)
    watched_in.shot(f"60-keys-{language}")
    with watching(chromium, platform, language) as other:
        sign_in(other, replace(platform, key=made))
        other.page.goto(f"/projects/{project}/gallery")
        other.page.get_by_test_id("summary-total").wait_for()
        row.get_by_role("button", name=words.revoke).click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(name)
        watched_in.shot(f"62-key-revoke-{language}")
        dialog.get_by_role("button", name=words.revoke).click()
        expect(row).to_contain_text(words.revoked)
        expect(other.page.get_by_text(words.ended)).to_be_visible()
        assert f"/projects/{project}/gallery" in other.page.url
        other.page.get_by_test_id("api-key").fill(made)
        other.page.keyboard.press("Enter")
        expect(other.page.get_by_role("alert")).to_contain_text(words.refused)
        other.shot(f"63-key-ended-{language}")
    expect(own.get_by_role("button")).to_have_count(2)


def make_key(watched: Watched, words: Words, name: str, language: str) -> str:
    """Make a viewer's key of thirty days, and return its text as it is shown."""
    page = watched.page
    page.get_by_role("button", name=words.create).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_test_id("key-name").fill(name)
    dialog.get_by_role("radio", name=words.viewer).check()
    dialog.get_by_text(words.month, exact=True).click()
    watched.shot(f"60-key-create-{language}")
    dialog.get_by_role("button", name=words.make).click()
    text = dialog.get_by_test_id("key-text")
    made = text.inner_text()
    watched.shot(f"61-key-made-{language}")
    page.keyboard.press("Escape")
    expect(text).to_be_visible()
    dialog.get_by_role("button", name=words.copy).click()
    expect(dialog.get_by_text(words.copied)).to_be_visible()
    dialog.get_by_role("button", name=words.done).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text(made)).to_have_count(0)
    return made


def test_who_signs_out_leaves_no_token_that_opens(
    watched_in: Watched, platform: Platform, language: str
) -> None:
    page = watched_in.page
    sign_in(watched_in, platform)
    token = token_of(page)
    assert opens(platform, token)
    page.get_by_role("button", name=WORDS[language].sign_out).click()
    expect(page.get_by_test_id("api-key")).to_be_empty()
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while opens(platform, token):
        assert time.monotonic() < deadline, "the token still opens"
        time.sleep(0.2)


def token_of(page: Page) -> str:
    """Return the token that the tabs of a browser share."""
    return str(page.evaluate("JSON.parse(localStorage.getItem('loupe.session')).accessToken"))


def opens(platform: Platform, token: str) -> bool:
    """Tell whether a token is taken by the platform."""
    answer = httpx.get(
        f"{platform.address}/api/workspace/projects",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert answer.status_code in {200, 401}
    return answer.status_code == 200
