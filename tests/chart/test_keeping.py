"""The operator's choice of what is kept reaches every process of the chart."""

from typing import Any

from services.annotation.settings import AnnotationSettings
from shared.settings import KeepSettings
from tests.chart.rendering import of_kind, rendered

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
