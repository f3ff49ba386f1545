"""A short form of `tests.chaos.attacks`, clocks that were wrong, and a second platform."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.attacks import bodies_round, open_many, silence_round
from tests.chaos.standing import ROOT, Standing, standing
from tests.running import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]
DAY_S = 86_400.0


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("attacked"), descriptors=1024) as running:
        yield running


@pytest.fixture
def token(platform: Standing) -> str:
    with platform.client() as client:
        return client.headers["Authorization"]


async def test_a_hundred_hostile_bodies_are_refused_while_others_work(
    platform: Standing, token: str
) -> None:
    assert await bodies_round(platform, token, seed=1) == ""


async def test_more_silent_connections_than_descriptors_make_nobody_deaf(
    platform: Standing, token: str
) -> None:
    open_many()
    assert await silence_round(platform, token, seed=1) == ""


def test_no_file_that_is_removed_lets_a_second_platform_in(platform: Standing) -> None:
    for path in (platform.folder / "data").glob(".*"):
        path.unlink()
    command = [sys.executable, "-m", "services", "run"]
    ports = {"LOUPE_PORT": "1", "LOUPE_METRICS_PORT": "0"}
    second = subprocess.run(
        command,
        cwd=ROOT,
        env=platform.environment | ports,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode != 0
    assert "a platform already runs on" in second.stdout + second.stderr
    assert platform.is_ready()


def _project(client: httpx.Client, name: str) -> str:
    made = client.post("/api/workspace/projects", json={"name": name, "task": "detection"})
    return str(made.raise_for_status().json()["id"])


async def test_a_platform_killed_and_started_with_an_earlier_clock_hears_everything(
    tmp_path: Path,
) -> None:
    platform = Standing(tmp_path, ahead_s=DAY_S)
    try:
        platform.start()
        with platform.client() as client:
            early = _project(client, "early")
        platform.kill("")
        platform.ahead_s = 0.0
        platform.start()
        with platform.client() as client:
            for project in (early, _project(client, "late")):
                for place in ("gallery/projects/{}/images", "annotation/projects/{}/labels"):
                    path = "/api/" + place.format(project)
                    await until(lambda path=path: client.get(path).is_success)
        assert platform.is_ready()
    finally:
        platform.stop()
