"""Every image and every composed container is as hard as the guide says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILES = sorted(
    path for path in (ROOT / "docker").glob("*.Dockerfile") if path.name != "base.Dockerfile"
)
COMPOSED: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
    "services"
]
# By path: a package of PyPI is called `docker`, too.
TAG = re.compile(r"\d+\.\d+|-\d{8}|@sha256:[0-9a-f]{64}")


def last_stages(dockerfile: Path) -> list[str]:
    """The text of each stage that becomes an image: those with a label."""
    stages = re.split(r"^FROM ", dockerfile.read_text(), flags=re.MULTILINE)[1:]
    return [stage for stage in stages if "LABEL org.opencontainers.image.title" in stage]


def image_of(service: str) -> str:
    """The image where no variable is set: `${NAME:-default}` → `default`."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", COMPOSED[service]["image"])


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.stem)
def test_an_image_runs_as_nobody_and_says_whether_it_is_well(dockerfile: Path) -> None:
    stages = last_stages(dockerfile)
    assert stages
    for stage in stages:
        assert re.findall(r"^USER (.*)$", stage, re.MULTILINE) == ["10001:10001"]
        assert re.search(r"^HEALTHCHECK .*CMD", stage, re.MULTILINE)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.stem)
def test_a_base_is_pinned(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    bases = re.findall(r"^ARG \w+_IMAGE=(.*)$", text, re.MULTILINE)
    assert bases
    assert all(TAG.search(base.partition(":")[2] or base) for base in bases), bases
    names = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert all(name == "scratch" or name.startswith("${") for name in names), names


def test_packages_are_installed_by_their_hashes() -> None:
    for dockerfile in DOCKERFILES:
        for line in re.findall(r"pip install [^\n]*", dockerfile.read_text()):
            assert "--require-hashes" in line, dockerfile.name


@pytest.mark.parametrize("service", COMPOSED)
def test_a_composed_container_is_hard(service: str) -> None:
    settings = COMPOSED[service]
    assert settings["read_only"] is True
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert settings["restart"] == ("on-failure" if service == "access" else "unless-stopped")
    image = image_of(service)
    assert TAG.search(image.partition(":")[2]) or image.startswith("loupe/"), image
    if not image.startswith("loupe/"):
        assert "test" in settings["healthcheck"]


def test_only_the_console_has_a_door_outside_and_only_the_workspace_a_way_out() -> None:
    assert {name for name, settings in COMPOSED.items() if "ports" in settings} == {"console"}
    networks = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["networks"]
    open_ones = {name for name, settings in networks.items() if not settings.get("internal")}
    assert open_ones == {"door", "outside"}
    assert {settings.get("network_mode") for settings in COMPOSED.values()} <= {None, "none"}
    for network, only in (("door", "console"), ("outside", "workspace")):
        linked = [name for name, one in COMPOSED.items() if network in one.get("networks", [])]
        assert linked == [only]
    without = [name for name, one in COMPOSED.items() if not {"networks", "network_mode"} & {*one}]
    assert without == []  # one of these would be in the default network, which leads outside


def test_no_secret_has_a_default() -> None:
    for service, settings in COMPOSED.items():
        for name, value in settings.get("environment", {}).items():
            secret = re.search(r"SECRET|PASSWORD|_KEY$|ROOT_USER", name)
            assert not secret or re.search(r":\?|:-\}$", str(value)), (service, name)


def test_consumers_keep_their_partitions_over_a_restart() -> None:
    named = {
        name: settings["environment"]["LOUPE_INSTANCE"]
        for name, settings in COMPOSED.items()
        if "LOUPE_INSTANCE" in settings.get("environment", {})
    }
    services = {path.parent.name for path in (ROOT / "services").glob("*/app.py")}
    assert named == {name: name for name in services}


def test_mongodb_is_a_replica_set() -> None:
    (command,) = COMPOSED["documents"]["command"]
    assert "mongod --replSet rs0" in command
    assert "--auth --keyFile" in command


def test_each_service_has_a_user_of_its_own_in_the_stores() -> None:
    users = {}
    for name, one in COMPOSED.items():
        said = one.get("environment", {})
        if "LOUPE_STORE_USER" in said:
            users[name] = said["LOUPE_STORE_USER"]
            variable = f"LOUPE_PASSWORD_{said['LOUPE_STORE_USER'].upper()}"
            assert said["LOUPE_STORE_PASSWORD"].startswith(f"${{{variable}:?"), name
    services = {path.parent.name for path in (ROOT / "services").glob("*/app.py")}
    workers = {"trainer-worker": "trainer", "trainer-gpu": "trainer"}
    assert users == {name: name for name in services} | workers
    roots = re.compile("MONGO_KEY|ROOT_USER|ROOT_PASSWORD")
    holders = {
        name for name, one in COMPOSED.items() if roots.search(" ".join(one.get("environment", {})))
    }
    assert holders == {"documents", "minio", "access"}


def test_the_key_that_signs_tokens_stays_in_the_workspaces_own_volume() -> None:
    holders = {
        name
        for name, one in COMPOSED.items()
        if any(volume.partition(":")[0] == "workspace" for volume in one.get("volumes", ()))
    }
    assert holders == {"workspace"}
    readers = {
        name for name, one in COMPOSED.items() if "LOUPE_TOKEN_KEYS" in one.get("environment", {})
    }
    assert readers == {"gallery", "tiling", "annotation", "trainer", "evaluator", "inference"}
    assert all("api" in COMPOSED[name]["networks"] for name in (*readers, "workspace"))
    assert "LOUPE_TOKEN_SECRET" not in (ROOT / "docker-compose.yml").read_text()
