"""What a walk through the console holds in its hands."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from services.cli.client import Client

SCREENSHOTS = Path(__file__).parent / "screenshots"
PATIENCE_MS = 45_000  # a machine that trains beside the browser answers late


@dataclass
class Watched:
    """A page, and what its console complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def shot(self, name: str, *, whole: bool = False) -> None:
        """Keep a picture of the page once it stands still."""
        self.page.wait_for_timeout(600)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole)


@dataclass(frozen=True)
class Platform:
    """Where the platform answers, and its first key."""

    address: str
    key: str

    def new_project(
        self, name: str, tiling: dict[str, int] | None = None, *, task: str = "detection"
    ) -> str:
        """Create a project by the API and return its id."""
        body: dict[str, Any] = {"name": name, "task": task, "tiling": tiling}
        with self.client() as client:
            return str(client.post("/api/workspace/projects", body)["id"])

    def upload(self, project: str, picture: Path) -> str:
        """Upload an image by the API and return its id."""
        with self.client() as client:
            (taken,) = client.upload_images(project, [(picture.name, picture)])
        return str(taken["image"]["id"])

    def client(self) -> Client:
        """Speak for the first key; what is on its way to a service is asked for again."""
        return Client(self.address, self.key)


@dataclass(frozen=True)
class Parts:
    """Files of the walk: images of the project, their annotations as one zip, unseen images."""

    images: list[Path]
    annotations: Path
    unseen: list[Path]


def sign_in(watched: Watched, platform: Platform) -> None:
    """Type the key into the sign-in page."""
    watched.page.goto(platform.address)
    watched.page.get_by_test_id("api-key").fill(platform.key)
    watched.page.keyboard.press("Enter")
    watched.page.locator(".page-head").wait_for()


@contextmanager
def watching(chromium: Browser, platform: Platform, locale: str) -> Iterator[Watched]:
    """Open a page; a script error or a broken content policy fails the test."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900},
        locale=locale,
        base_url=platform.address,
        reduced_motion="reduce",  # what still moves when it is clicked may take the click elsewhere
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
