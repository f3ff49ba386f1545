"""Where the chart lets the workspace tell webhooks."""

from typing import Any

from tests.chart.rendering import of_kind, rendered


def test_webhooks_leave_from_the_workspace_alone_and_to_no_private_network() -> None:
    def ways(*values: str) -> list[dict[str, Any]]:
        policies = of_kind(rendered("production", *values), "NetworkPolicy")
        return [p["spec"] for p in policies if p["metadata"]["name"] == "plant-webhooks"]

    (spec,) = ways()
    assert spec["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "workspace"
    (rule,) = spec["egress"]
    block = rule["to"][0]["ipBlock"]
    assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"} <= set(block["except"])
    assert [port["port"] for port in rule["ports"]] == [443]
    assert ways("networkPolicy.webhooks=null") == []
    assert ways("networkPolicy.webhookPorts=null") == [], "a rule without ports would open all"
