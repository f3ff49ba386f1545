"""What screens must know before they ask: what tasks may do, roles, lengths of texts, limits."""

from services.annotation.domain.label_rules import LABEL_HOTKEYS
from services.cli.roles import TABLES
from services.evaluator.domain.report.label_analysis import LOW_RATE
from services.trainer.api.promotions import MAX_REASON
from services.trainer.domain.recipe import backbones_of, choices, fields_of
from services.workspace.domain import api_keys, projects
from shared.callers import ROLES
from shared.contracts import shapes
from shared.http.roles import least
from shared.runtime.tasks.table import TASKS
from shared.vision.tile_advice import RECOGNISED_RATIO, RESOLUTION_RATIO


def facts() -> dict[str, object]:
    """Return them by what they are of; they are published, and built into the console."""
    return {
        "tasks": {
            name: {
                "may_be_cut": spec.may_be_cut,
                "recipe": fields_of(spec.name),
                "backbones": backbones_of(spec.name),
            }
            for name, spec in TASKS.items()
        },
        "recipe_choices": choices(),
        "longest": {
            "project": projects.MAX_NAME,
            "notes": projects.MAX_NOTES,
            "key": api_keys.MAX_NAME,
            "label": shapes.MAX_NAME,
            "reason": MAX_REASON,
        },
        "label_hotkeys": LABEL_HOTKEYS,
        "roles": ROLES,
        "least_roles": _least_roles(),
        "low_rate": LOW_RATE,
        "area_ratio": {"recognised": RECOGNISED_RATIO, "resolution_helps": RESOLUTION_RATIO},
    }


def _least_roles() -> dict[str, str]:
    """Return from which role on a person may call what changes something."""
    found: dict[str, str] = {}
    for service, table in TABLES.items():
        for name, row in table.items():
            method, _, path = name.partition(" ")
            if method not in ("GET", "HEAD", "OPTIONS") and least(row) != "operator":
                found[f"{method} /api/{service}{path}"] = least(row)
    return found
