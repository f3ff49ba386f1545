"""What the files of the chart, of Compose and of the images promise one another; needs no helm."""

import re
from pathlib import Path
from typing import Any

import yaml

from charts.topics import TARGET, render
from services.workspace.settings import WorkspaceSettings
from shared.errors import TooLarge
from shared.runtime.image_limits import MAX_FILE_BYTES
from shared.settings import KeepSettings

ROOT = Path(__file__).parents[2]
METRICS_PORT = 9464
KEPT = {f"LOUPE_KEEP_{name.upper()}" for name in KeepSettings.model_fields}


def test_the_file_of_topics_is_what_the_catalogue_says() -> None:
    assert TARGET.read_text() == render(), "run `python -m charts.topics`"


def test_no_default_secret_is_in_the_chart() -> None:
    defaults = yaml.safe_load((ROOT / "charts" / "loupe" / "values.yaml").read_text())
    assert set(defaults["secrets"].values()) == {""}


def test_compose_hands_on_every_choice_to_every_service() -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ours = {name: one for name, one in composed.items() if "LOUPE_S3_ENDPOINT" in variables(one)}
    assert {"workspace", "annotation", "inference"} < set(ours)
    for service in ours.values():
        if "LOUPE_STORE_USER" in variables(service):
            assert set(variables(service)) >= KEPT, service["image"]
    assert "LOUPE_ANNOTATION_KEPT_ARCHIVES_MIB" in variables(composed["annotation"])


def test_compose_hands_on_where_webhooks_may_point() -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    choices = WorkspaceSettings.model_fields.keys() & {"webhook_networks", "webhook_ca_file"}
    handed_on = {f"LOUPE_WORKSPACE_{name.upper()}" for name in choices}
    assert len(handed_on) == 2
    assert handed_on <= variables(composed["workspace"]).keys()


def variables(service: dict[str, Any]) -> dict[str, Any]:
    return dict(service.get("environment") or {})


def test_the_images_tell_metrics_where_the_chart_says() -> None:
    for name in ("python", "torch"):
        text = (ROOT / "docker" / f"{name}.Dockerfile").read_text()
        assert f"LOUPE_METRICS_PORT={METRICS_PORT}" in text
    assert str(METRICS_PORT) not in (ROOT / "docker-compose.yml").read_text()
    assert "metrics" not in (ROOT / "docker" / "console" / "gateway.conf").read_text()


def test_the_door_of_compose_bounds_bodies_beyond_what_services_take() -> None:
    text = (ROOT / "docker" / "console" / "gateway.conf").read_text()
    (gigabytes,) = re.findall(r"^client_max_body_size (\d+)g;$", text, re.MULTILINE)
    assert int(gigabytes) << 30 >= 100 * MAX_FILE_BYTES
    assert f'"urn:loupe:problem:{TooLarge.code}","title":"{TooLarge.title}"' in text
