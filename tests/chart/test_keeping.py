"""The operator's choice of what is kept reaches every process, in the chart and in Compose."""

from pathlib import Path
from typing import Any

import yaml

from services.annotation.settings import AnnotationSettings
from shared.settings import KeepSettings
from tests.chart.rendering import of_kind, rendered

ROOT = Path(__file__).parents[2]
DAY_MS = 86_400_000
ARCHIVES = "LOUPE_ANNOTATION_KEPT_ARCHIVES_MIB"
NAMES = [f"LOUPE_KEEP_{name.upper()}" for name in KeepSettings.model_fields]


def settings(*values: str) -> dict[str, Any]:
    (found,) = (
        manifest["data"]
        for manifest in of_kind(rendered("production", *values), "ConfigMap")
        if manifest["metadata"]["name"] == "plant-settings"
    )
    return dict(found)


def test_the_chart_hands_on_every_choice_and_its_defaults_are_those_of_the_services() -> None:
    said = settings("keep.historyDays=365")
    assert said["LOUPE_KEEP_HISTORY_D"] == "365"
    told = {name: settings()[name] for name in NAMES}
    fields = {name.removeprefix("LOUPE_KEEP_").lower(): text for name, text in told.items() if text}
    assert KeepSettings.model_validate(fields) == KeepSettings()
    assert said[ARCHIVES] == str(AnnotationSettings().kept_archives_mib)
    assert (said["LOUPE_WORKSPACE_SAFE_AGE_H"], said["LOUPE_WORKSPACE_UPKEEP_H"]) == ("72", "6")


def test_compose_hands_on_every_choice_to_every_service() -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ours = {name: one for name, one in composed.items() if "LOUPE_S3_ENDPOINT" in _of(one)}
    assert {"workspace", "annotation", "inference"} < set(ours)
    for service in ours.values():
        if "LOUPE_STORE_USER" in _of(service):
            assert set(NAMES) <= set(_of(service)), service["image"]
    assert ARCHIVES in _of(composed["annotation"])


def _of(service: dict[str, Any]) -> dict[str, Any]:
    return dict(service.get("environment") or {})


def test_topics_made_by_the_operator_of_strimzi_keep_what_was_chosen() -> None:
    def kept(*values: str) -> set[tuple[bool, int]]:
        topics = of_kind(rendered("production", *values), "KafkaTopic")
        return {
            (one["spec"]["topicName"].endswith(".dlq"), one["spec"]["config"]["retention.ms"])
            for one in topics
        }

    assert kept() == {(False, -1), (True, 90 * DAY_MS)}
    chosen = kept("keep.eventsDays=400", "keep.deadLettersDays=0")
    assert chosen == {(False, 400 * DAY_MS), (True, -1)}
