"""Each service has a user of its own in the stores, and no pod another's secret."""

import re
from typing import Any

import kubernetes_validate
import pytest

from tests.chart.rendering import CHART, CLUSTER, EXAMPLES, helm, of_kind, pod_specs, rendered

SERVICES = {"workspace", "gallery", "tiling", "annotation", "trainer", "evaluator", "inference"}
ROOTS = {"mongo-key", "s3-root-password"}


def secrets_of(spec: dict[str, Any]) -> set[str]:
    """The keys of the Secret that a pod's containers are given."""
    variables = [one for container in spec["containers"] for one in container.get("env", ())]
    references = (one.get("valueFrom", {}).get("secretKeyRef", {}) for one in variables)
    return {reference["key"] for reference in references if reference}


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_pod_holds_the_password_of_its_own_service_alone(example: str) -> None:
    specs = pod_specs(rendered(example))
    seen = set()
    for name, spec in specs.items():
        service = "trainer" if "worker" in name else name.removeprefix("plant-")
        if name.startswith("plant-access-"):
            assert {f"{one}-password" for one in SERVICES} | ROOTS <= secrets_of(spec)
            continue
        passwords = {key for key in secrets_of(spec) if key.endswith("-password")} - ROOTS
        if service in SERVICES:
            seen.add(service)
            assert passwords == {f"{service}-password"}, name
            said = {one["name"]: one.get("value") for one in spec["containers"][0]["env"]}
            assert said["LOUPE_STORE_USER"] == service
            assert not secrets_of(spec) & ROOTS
        else:
            assert not passwords, name
    assert seen == SERVICES


def test_the_stores_of_a_trial_let_only_their_users_in_and_one_job_makes_them() -> None:
    manifests = rendered("trial")
    specs = pod_specs(manifests)
    holders = {name for name, spec in specs.items() if secrets_of(spec) & ROOTS}
    assert holders == {"plant-documents", "plant-minio", "plant-access-1"}
    (job,) = of_kind(manifests, "Job")
    kubernetes_validate.validate(job, CLUSTER, strict=True)
    (secret,) = of_kind(manifests, "Secret")
    words = [secret["stringData"][f"{name}-password"] for name in SERVICES]
    words += [secret["stringData"][key] for key in ROOTS]
    assert len(set(words)) == len(SERVICES) + len(ROOTS)
    assert all(re.fullmatch("[0-9a-f]{40}", word) for word in words)
    # The store is not ready until the Job was there: the Job has to find it before.
    stores = {m["metadata"]["name"]: m["spec"] for m in of_kind(manifests, "Service")}
    assert stores["plant-documents"]["publishNotReadyAddresses"] is True
    policies = {p["metadata"]["name"]: p["spec"] for p in of_kind(manifests, "NetworkPolicy")}
    for policy in ("plant-to-stores", "plant-stores"):
        assert "access" in str(policies[policy]), policy


def test_a_short_secret_of_the_stores_is_refused() -> None:
    values = CHART / "examples" / "gpu.yaml"
    done = helm("template", "p", str(CHART), "-f", str(values), "--set", "secrets.stores=short")
    assert "secrets.stores is too short" in done.stderr
