"""What a walk through the console holds in its hands."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

SCREENSHOTS = Path(__file__).parent / "screenshots"


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
        with httpx.Client(base_url=self.address, headers=self.credential(), timeout=60) as client:
            answer = client.post("/api/workspace/projects", json=body).raise_for_status()
        return str(answer.json()["id"])

    def credential(self) -> dict[str, str]:
        """Exchange the key for the header of a request."""
        answer = httpx.post(f"{self.address}/api/workspace/tokens", json={"api_key": self.key})
        return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


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
