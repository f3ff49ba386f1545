"""Weights and losses of an operator's own, as the chart brings them to the trainer."""

import pytest

from tests.chart.rendering import pod_specs, rendered


@pytest.mark.parametrize("executor", ["kubernetes", "workers"])
def test_what_an_operator_brings_is_where_it_is_offered_and_where_it_is_used(executor: str) -> None:
    claims = ("training.weightsClaim=ours", "training.pluginsClaim=losses")
    manifests = rendered("production", f"training.executor={executor}", *claims)
    brought = {}
    for name, pod in pod_specs(manifests).items():
        first = pod["containers"][0]
        env = {one["name"]: one.get("value") for one in first.get("env", [])}
        mounts = {one["mountPath"]: one["name"] for one in first["volumeMounts"]}
        claimed = {
            one["name"]: one["persistentVolumeClaim"]["claimName"]
            for one in pod["volumes"]
            if "persistentVolumeClaim" in one
        }
        brought[name] = [
            (env.get(variable), claimed.get(mounts.get(path, "")))
            for variable, path in (("LOUPE_WEIGHTS", "/weights"), ("LOUPE_PLUGINS", "/plugins"))
        ]
    with_it = [name for name, found in brought.items() if found != [(None, None)] * 2]
    assert len(with_it) == 2
    assert "plant-trainer" in with_it
    for name in with_it:
        assert brought[name] == [("/weights", "ours"), ("/plugins", "losses")]
