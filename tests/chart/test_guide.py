"""The guide's way to a trial, walked: its own commands build, move and install the same images."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.workspace.adapters.signer import keys_in
from tests.chart.rendering import CHART, CLUSTER, helm_program, of_kind, pod_specs, rendered

ROOT = CHART.parents[1]
GUIDE = ROOT / "docs" / "guides" / "deployment.md"


def blocks(language: str) -> list[str]:
    """Code of the section about Kubernetes, in the order of the page."""
    section = GUIDE.read_text().split("\n## With Kubernetes\n")[1].split("\n## ")[0]
    found = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return [code for name, code in found if name == language]


def put_program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/bash\n{text}\n")
    (folder / name).chmod(0o755)


def walk(script: str, folder: Path) -> tuple[list[list[str]], list[dict[str, Any]]]:
    """Run the commands; return what docker and kind were asked, and what helm would install."""
    programs = folder / "programs"
    programs.mkdir()
    for name in ("docker", "kind"):
        put_program(programs, name, f'echo "{name} $*" >> "$HOME/asked"')
    helm = f'[ "$1" = install ] && exec {helm_program()} template "${{@:2}}"'
    put_program(programs, "helm", f'{helm} --kube-version {CLUSTER} > "$HOME/manifests.yaml"')
    path = f"{programs}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=ROOT,
        env={"PATH": path, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    asked = [line.split() for line in (folder / "asked").read_text().splitlines()]
    manifests = yaml.safe_load_all((folder / "manifests.yaml").read_text())
    return asked, [manifest for manifest in manifests if manifest]


def ours(manifests: list[dict[str, Any]]) -> set[str]:
    specs = pod_specs(manifests).values()
    images = {container["image"] for spec in specs for container in spec["containers"]}
    return {image for image in images if "loupe/" in image}


@pytest.mark.parametrize("door", ["docker push", "kind load"])
def test_the_images_that_a_trial_asks_for_were_built_and_moved(door: str, tmp_path: Path) -> None:
    build, *moves, install = blocks("")
    (move,) = [block for block in moves if door in block]
    asked, manifests = walk(build + move + install, tmp_path)
    built = {words[words.index("-t") + 1] for words in asked if words[:2] == ["docker", "build"]}
    sources = {"docker push": ["docker", "tag"], "kind load": ["kind", "load", "docker-image"]}
    taken = [words for words in asked if words[: len(sources[door])] == sources[door]]
    moved = {words[-1] for words in taken}
    assert {words[len(sources[door])] for words in taken} <= built
    if door == "docker push":
        assert moved == {words[-1] for words in asked if words[:2] == ["docker", "push"]}
    assert moved == ours(manifests)


def test_the_secrets_of_a_trial_are_fresh_and_nobody_elses(tmp_path: Path) -> None:
    build, *moves, install = blocks("")
    _, manifests = walk(build + moves[-1] + install, tmp_path)
    (secret,) = of_kind(manifests, "Secret")
    assert not any("replace-this" in value for value in secret["stringData"].values())
    assert len(keys_in(secret["stringData"]["signing-key"].encode())) == 1
    assert secret["stringData"]["admin-key"].startswith("lp_")
    (values,) = tmp_path.glob("*values.yaml")
    assert values.stat().st_mode & 0o077 == 0


def test_images_without_a_registry_have_their_values(tmp_path: Path) -> None:
    (local,) = blocks("yaml")
    (tmp_path / "local.yaml").write_text(local)
    specs = pod_specs(rendered("trial", "images.tag=7", more=tmp_path / "local.yaml"))
    for store in ("kafka", "documents", "minio"):
        (container,) = specs[f"plant-{store}"]["containers"]
        assert container["image"] == f"loupe/{store}:7"
    (documents,) = specs["plant-documents"]["containers"]
    assert "mongod --replSet rs0" in documents["args"][0]
    variables = specs["plant-inference"]["containers"][0]["env"]
    assert {"name": "LOUPE_INFERENCE_BACKEND", "value": "python"} in variables
