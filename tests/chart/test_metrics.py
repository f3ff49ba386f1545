"""Metrics of the chart: a port of their own, which no door leads to."""

import re

import pytest

from tests.chart.rendering import EXAMPLES, of_kind, pod_specs, rendered

PORT = 9464
OURS = ("workspace", "gallery", "tiling", "annotation", "trainer", "evaluator", "inference")


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_door_leads_to_the_metrics_and_prometheus_reaches_nothing_else(example: str) -> None:
    plain = rendered(example)
    assert "plant-metrics" not in {p["metadata"]["name"] for p in of_kind(plain, "NetworkPolicy")}
    manifests = rendered(example, "networkPolicy.metricsFrom[0].podSelector.matchLabels.app=prom")
    doors = of_kind(manifests, "Service") + of_kind(manifests, "Ingress")
    assert str(PORT) not in str(doors)
    policies = {p["metadata"]["name"]: p["spec"] for p in of_kind(manifests, "NetworkPolicy")}
    (scraping,) = policies["plant-metrics"]["ingress"]
    assert scraping["ports"] == [{"protocol": "TCP", "port": PORT}]
    assert scraping["from"] == [{"podSelector": {"matchLabels": {"app": "prom"}}}]
    others = [spec for name, spec in policies.items() if name != "plant-metrics"]
    assert "prom" not in str(others)
    assert str(PORT) not in str(others)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_process_of_ours_says_where_its_metrics_are(example: str) -> None:
    manifests = rendered(example)
    specs = pod_specs(manifests)
    workers = {name for name in specs if "worker" in name}
    assert workers
    for name in (*(f"plant-{service}" for service in OURS), *workers):
        ports = {p["name"]: p["containerPort"] for p in specs[name]["containers"][0]["ports"]}
        assert ports["metrics"] == PORT, name
    text = str(manifests)
    assert len(re.findall(r"prometheus\.io/port'?: ['\"]9464", text)) == len(OURS) + 1
    assert "prometheus.io/port': '8080" not in text
