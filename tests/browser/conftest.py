"""A platform with small data and a Chromium to look at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, expect, sync_playwright

from services.cli.synthetic.dataset import DatasetPlan, PartPlan, write_dataset
from tests.browser.watching import SCREENSHOTS, Parts, Platform, Watched

ROOT = Path(__file__).resolve().parents[2]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PLAN = DatasetPlan(
    train=PartPlan(small=24, large=0, anodised_share=0.0, dim_share=0.0),
    test=PartPlan(small=10, large=0, anodised_share=0.2, dim_share=0.1),
    unseen=PartPlan(small=4, large=1, anodised_share=0.5, dim_share=0.2),
)
START_S = 180.0
PATIENCE_MS = 45_000  # a machine that trains beside the browser answers late

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
    data = tmp_path_factory.mktemp("platform")
    port = _free_port()
    weights = ROOT.parent / "shared" / "weights"
    environment = os.environ | {
        "LOUPE_DATA": str(data),
        "LOUPE_PORT": str(port),
        "LOUPE_TRAINER_BUDGET_S": "25",
        "LOUPE_TRAINER_USE_HUB": "false",
        **({"LOUPE_WEIGHTS": str(weights)} if weights.is_dir() else {}),
    }
    journal = data.parent / "platform.log"
    with journal.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services", "run"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_it_answers(address, process, journal)
            yield Platform(address, (data / "admin.key").read_text().strip())
        finally:
            process.terminate()
            process.wait(30)


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
    yield from _watch(chromium, platform, "en-US")


@pytest.fixture
def watched_in(chromium: Browser, platform: Platform, language: str) -> Iterator[Watched]:
    """Yield a page of a browser that speaks each of the two languages."""
    yield from _watch(chromium, platform, language)


def _watch(chromium: Browser, platform: Platform, locale: str) -> Iterator[Watched]:
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, locale=locale, base_url=platform.address
    )
    watched = Watched(context.new_page())
    watched.page.set_default_timeout(PATIENCE_MS)

    def on_console(message: ConsoleMessage) -> None:
        # A refused request is told by the browser too; the page shows it, so it is no complaint.
        if message.type == "error" and "Failed to load resource" not in message.text:
            watched.complaints.append(message.text)

    def on_error(error: Error) -> None:
        watched.complaints.append(error.message)

    watched.page.on("console", on_console)
    watched.page.on("pageerror", on_error)
    yield watched
    context.close()
    assert watched.complaints == []


def _images(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.jpg"), *folder.glob("*.png")])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(address: str, process: subprocess.Popen[bytes], journal: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/api/workspace/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    said = "\n".join(journal.read_text(errors="replace").splitlines()[-20:])
    pytest.fail(f"the platform does not answer; it said last:\n{said}", pytrace=False)
