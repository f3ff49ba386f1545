"""A platform with small data and a Chromium to look at it."""

import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from services.cli.synthetic.dataset import DatasetPlan, PartPlan, write_dataset
from tests.browser.starting import started
from tests.browser.watching import PATIENCE_MS, SCREENSHOTS, Parts, Platform, Watched, watching

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PLAN = DatasetPlan(
    train=PartPlan(small=24, large=0, anodised_share=0.0, dim_share=0.0),
    test=PartPlan(small=10, large=0, anodised_share=0.2, dim_share=0.1),
    unseen=PartPlan(small=4, large=1, anodised_share=0.5, dim_share=0.2),
)

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    folder = tmp_path_factory.mktemp("images")
    write_dataset(folder, seed=5, plan=PLAN)
    archive = folder / "annotations.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted([*folder.glob("*.json"), *folder.glob("*.txt")]):
            packed.write(path, path.name)
    return Parts(_images(folder), archive, _images(folder / "unseen"))


@pytest.fixture(scope="session")
def platform(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Start the platform; without a browser nobody would look at it."""
    with started(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        missing = f"no browser: install one of {', '.join(CHROMIUMS)} to run these tests"
        # Where the tests are the gate, a browser that is not there must not pass for one that is.
        pytest.fail(missing, pytrace=False) if os.environ.get("CI") else pytest.skip(missing)
    return found


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Browser]:
    SCREENSHOTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=["en", "zh-CN"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def watched(chromium: Browser, platform: Platform) -> Iterator[Watched]:
    """Yield an English page; a script error or a broken content policy fails its test."""
    with watching(chromium, platform, "en-US") as watched:
        yield watched


@pytest.fixture
def watched_in(chromium: Browser, platform: Platform, language: str) -> Iterator[Watched]:
    """Yield a page of a browser that speaks each of the two languages."""
    with watching(chromium, platform, language) as watched:
        yield watched


def _images(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.jpg"), *folder.glob("*.png")])
