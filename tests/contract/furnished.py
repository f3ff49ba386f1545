"""One of everything that has an id, stored as the services store it, in one project of a tenant."""

from collections.abc import Iterable
from typing import Any

from services.inference.handlers.deployments import deployment_id
from shared.documents.port import CollectionSpec, Documents, TenantScope
from shared.ids import derived_id

AT = "2024-11-01T08:00:00.000000Z"  # so long ago that nobody waits to hear of it
LATER = "2124-11-01T08:00:00.000000Z"

_KEYS = (
    *("model_key", "model_manifest_key", "golden_key", "manifest_key", "weights_key"),
    *("predictions_key", "blob_key", "backbone_weights", "started_from", "previous_id"),
)
_ANY: dict[str, Any] = {
    **dict.fromkeys(_KEYS, ""),
    **dict.fromkeys(("created_at", "uploaded_at", "promoted_at", "requested_at", "at"), AT),
    **dict.fromkeys(("name", "sort_name", "identity", "unique_name", "key"), "one"),
    **{"task": "detection", "role": "viewer", "digest": "d", "sha256": "0" * 64, "size_bytes": 9},
    **{"width": 64, "height": 48, "original_type": "image/png", "content_type": "image/png"},
    **{"threshold": 0.5, "expires_at": LATER, "length": 9, "sequence": 1},
    **{"mode": "train", "trigger": "person", "recipe": {}, "known": True, "queued": True},
    **{"url": "https://example.com/", "message_id": "m", "body": "{}", "next_at": AT},
    **{"seq": 1, "reason": "imported", "change_id": "c", "target": "onnx", "kind": "any"},
}
"""What fields say, whatever document they are of; a model takes those that it knows."""
_THINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "projects": ("project_id", {}),
    "images": ("image_id", {}),
    "workspace.api_keys": ("key_id", {"expires_at": None}),
    "workspace.webhooks": ("webhook_id", {"secret": "whsec_AAAA", "events": ["model.deployed"]}),
    "workspace.deliveries": ("delivery_id", {"event": "model.deployed", "state": "delivered"}),
    "gallery.uploads": ("upload_id", {}),
    "annotation.labels": ("label_id", {}),
    "annotation.import_runs": ("run_id", {"ended": "succeeded"}),
    "annotation.history": ("change", {}),
    "trainer.histories": ("training_id", {}),
    "trainer.trainings": ("training_id", {"state": "succeeded"}),
    "trainer.lines": ("project_id", {}),
    "evaluator.reports": ("report", {"state": "completed"}),
    "inference.deployments": ("deployment", {"state": "serving"}),
    "inference.versions": ("deployment", {}),
    "inference.aliases": ("project_id", {}),
    "inference.predictions": ("prediction_id", {}),
    "inference.test_runs": ("run_id", {}),
    "inference.exports": ("export_id", {}),
    "inference.jobs": ("run_id", {"state": "succeeded"}),
    "inference.second_opinions": ("project_id", {"job_id": "01JBJ00000000000000000LOOK"}),
}
"""Collections, by their names or the last words of them: which id a document has, what it says."""

_IDS = (
    *("project_id", "image_id", "upload_id", "label_id", "run_id", "import_id", "training_id"),
    *("prediction_id", "key_id", "change", "webhook_id", "delivery_id"),
)


def ids_of(letter: str, *, version: str = "V1") -> dict[str, str]:
    """Return ids by what paths call them; another letter, other ids."""
    ids = {name: f"01JBJ{place:020}{letter}" for place, name in enumerate(_IDS)}
    return {**ids, "export_id": ids["run_id"], "version": version}


async def furnish(
    documents: Documents,
    specs: Iterable[CollectionSpec[Any]],
    *,
    tenant: str,
    ids: dict[str, str],
    by: str = "somebody",
) -> None:
    """Store a document in each collection that people know ids of, made by the key ``by``."""
    project, version = ids["project_id"], ids["version"]
    of_version = {
        "deployment": deployment_id(tenant, project, version),
        "report": derived_id(tenant, "report", project, version),
    }
    number = int(version.removeprefix("V"))
    for spec in specs:
        name, told = _THINGS.get(spec.name) or _THINGS.get(spec.name.partition(".")[2], ("", {}))
        if name:
            said = {**_ANY, **ids, "created_by": by, "author": by, "model_version": version, **told}
            said |= {"id": (ids | of_version)[name], "tenant": tenant, "payload": ids, "version": 0}
            said |= {"number": number, "version_number": number, "image_ids": [ids["image_id"]]}
            if spec.name in ("evaluator.reports", "inference.versions"):
                said["name"] = version
            said |= {"current": of_version["deployment"], "change": dict(said)}
            document = spec.model.model_validate(said)
            await documents.collection(spec, TenantScope(tenant)).insert(document)
