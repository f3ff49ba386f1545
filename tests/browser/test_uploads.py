"""Uploads of large images survive a break of the network, and a reload of the page."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.watching import Platform, Watched, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PART_BYTES = 8_000_000


@dataclass
class Line:
    """The way to the gallery's resumable uploads, which can be cut."""

    page: Page
    created: int = 0
    offsets: list[int] = field(default_factory=list)
    breaks: int = 0

    def __post_init__(self) -> None:
        self.page.route("**/api/gallery/projects/*/uploads/*", self._pass)
        self.page.on("request", self._count)

    def _count(self, request: Request) -> None:
        self.created += request.method == "POST" and request.url.endswith("/uploads")

    def _pass(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        offset = int(route.request.headers["upload-offset"])
        if offset > 0 and self.breaks > 0:
            self.breaks -= 1
            route.abort("connectionreset")
            return
        self.offsets.append(offset)
        route.continue_()


@pytest.fixture
def large_image(tmp_path: Path) -> Path:
    """Return a bitmap of three parts."""
    pixels = np.random.default_rng(3).integers(0, 256, (2000, 3000, 3), np.uint8)
    path = tmp_path / "large.bmp"
    Image.fromarray(pixels).save(path)
    assert 2 * PART_BYTES < path.stat().st_size < 3 * PART_BYTES
    return path


def test_a_large_image_goes_on_where_the_network_broke_off(
    watched: Watched, platform: Platform, large_image: Path
) -> None:
    dialog = open_upload(watched, platform, platform.new_project("Broken line"))
    line = Line(watched.page, breaks=2)
    send(dialog, large_image)
    expect(dialog.get_by_test_id("upload-summary")).to_contain_text("1 of 1 arrived")
    assert line.breaks == 0
    assert line.created == 1
    assert line.offsets == [0, PART_BYTES, 2 * PART_BYTES]


def test_a_large_image_goes_on_after_a_reload(
    watched: Watched, platform: Platform, large_image: Path
) -> None:
    project = platform.new_project("Reloaded page")
    line = Line(watched.page, breaks=1_000)
    dialog = open_upload(watched, platform, project)
    send(dialog, large_image)
    expect(dialog.get_by_text("connection lost")).to_be_visible()
    watched.shot("31-upload-broken")
    watched.page.on("dialog", lambda question: question.accept())
    watched.page.reload()
    line.breaks = 0
    dialog = open_upload(watched, platform, project)
    send(dialog, large_image)
    expect(dialog.get_by_test_id("upload-summary")).to_contain_text("1 of 1 arrived")
    assert line.created == 1
    assert line.offsets == [0, PART_BYTES, 2 * PART_BYTES]


def test_nothing_goes_out_before_upload_is_pressed(
    watched: Watched, platform: Platform, large_image: Path, tmp_path: Path
) -> None:
    dialog = open_upload(watched, platform, platform.new_project("Picked"))
    small = tmp_path / "small.png"
    Image.new("RGB", (64, 64)).save(small)
    sent: list[str] = []
    watched.page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    dialog.locator("input[type=file]").set_input_files([small, large_image])
    expect(dialog.get_by_test_id("upload-summary")).to_contain_text("2 picked")
    watched.shot("32-upload-picked")
    dialog.get_by_role("button", name="Leave out large.bmp").click()
    assert sent == []
    dialog.get_by_test_id("upload-now").click()
    expect(dialog.get_by_test_id("upload-summary")).to_contain_text("1 of 1 arrived")
    dialog.get_by_role("button", name="Done").click()
    expect(watched.page.get_by_text("1 in total")).to_be_visible()


def test_what_is_told_late_moves_no_button_from_under_the_pointer(
    watched: Watched, platform: Platform, tmp_path: Path
) -> None:
    held: list[Route] = []
    watched.page.route("**/api/gallery/limits", lambda asked: held.append(asked))
    dialog = open_upload(watched, platform, platform.new_project("Late limits"))
    small = tmp_path / "small.png"
    Image.new("RGB", (64, 64)).save(small)
    dialog.locator("input[type=file]").set_input_files([small])
    expect(dialog.get_by_test_id("upload-now")).to_be_enabled()
    dialog.get_by_test_id("upload-now").hover()
    watched.page.mouse.down()
    (limits,) = held
    limits.continue_()
    expect(dialog.get_by_text("From … to … pixels.")).to_have_count(0)
    expect(dialog.get_by_text("pixels.")).to_be_visible()
    watched.page.mouse.up()
    expect(dialog.get_by_test_id("upload-summary")).to_contain_text("1 of 1 arrived")


def open_upload(watched: Watched, platform: Platform, project: str) -> Locator:
    """Open the upload dialog of a project, signing in where that is due."""
    page = watched.page
    if page.url == "about:blank":
        sign_in(watched, platform)
    page.goto(f"/projects/{project}/gallery")
    page.get_by_role("button", name="Upload images").click()
    return page.get_by_role("dialog")


def send(dialog: Locator, path: Path) -> None:
    """Choose a file and upload it."""
    dialog.locator("input[type=file]").set_input_files(path)
    dialog.get_by_test_id("upload-now").click()
