"""The chart as helm renders it, for its tests."""

import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.servers.choosing import required
from tests.servers.installing import HELM, installed

CHART = Path(__file__).parents[2] / "charts" / "loupe"
EXAMPLES = sorted(path.stem for path in (CHART / "examples").glob("*.yaml"))
CLUSTER = "1.33"


def helm_program() -> str:
    if not installed(HELM):
        message = "helm is not built: run `make servers-install`"
        pytest.fail(message) if required() else pytest.skip(message)
    return str(HELM.folder / "helm")


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [helm_program(), *arguments, "--kube-version", CLUSTER]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rendered(example: str, *settings: str, more: Path | None = None) -> list[dict[str, Any]]:
    """Manifests of an example, with a further value file and single values on top."""
    values = CHART / "examples" / f"{example}.yaml"
    files = ["-f", str(values), *(["-f", str(more)] if more else [])]
    sets = [part for setting in settings for part in ("--set", setting)]
    done = helm("template", "plant", str(CHART), "--namespace", "vision", *files, *sets)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def pod_specs(manifests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Pod specs by owner's name; the Job that the trainer makes is one of them."""
    found = {}
    for manifest in manifests:
        name = manifest["metadata"]["name"]
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
            found[name] = manifest["spec"]["template"]["spec"]
        if name.endswith("-worker-job"):
            job = yaml.safe_load(manifest["data"]["worker-job.yaml"])
            kubernetes_validate.validate(job, CLUSTER, strict=True)
            found[name] = job["spec"]["template"]["spec"]
    return found


def of_kind(manifests: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]
