"""For each operation a request that is right on a furnished platform, made when it is asked for.

What an operation takes away is made before; ids, ETags and files are those of things that exist.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.workspace.domain.webhooks import MOST_WEBHOOKS
from tests.chaos.furnished import picture
from tests.chaos.furnished_site import METADATA, Site, labels_archive, numbers, until

_BOX = {"id": "a", "kind": "box", "label": "red", "points": [[8, 8], [16, 16]]}


@dataclass
class Right:
    """What a request is to be changed to; None leaves the part as it came."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] | None = None
    headers: dict[str, str] | None = None
    body: Any = None
    media_type: str | None = None


def _image_gone(site: Site) -> Right:
    return Right(path={"image_id": site.new_image()})


def _annotated(site: Site) -> Right:
    place = f"images/{site.given['image_id']}"
    return Right(headers=site.etag("annotation", place), body={"shapes": [_BOX], "split": "train"})


def _cleared(site: Site) -> Right:
    image_id = site.given["image_id"]
    place = f"images/{image_id}"
    body = {"shapes": [_BOX]}
    made = site.ask(
        "PUT", site.of("annotation", place), json=body, headers=site.etag("annotation", place)
    )
    return Right(headers={"If-Match": made.headers["ETag"]})


def _corrected(site: Site) -> Right:
    body = {"prediction_id": site.given["prediction_id"], "shapes": [_BOX]}
    return Right(path={"image_id": site.given["predicted_image_id"]}, body=body)


def _undone(site: Site) -> Right:
    headers = {"Content-Type": "application/zip"}
    made = site.ask(
        "POST",
        site.of("annotation", "imports"),
        params={"on_conflict": "replace"},
        content=labels_archive(),
        headers=headers,
    )
    return Right(path={"import_id": made.json()["import_id"]})


def _label(site: Site) -> Right:
    label_id = site.new_label()
    return Right(
        path={"label_id": label_id},
        headers=site.etag("annotation", f"labels/{label_id}"),
        body={"name": f"other {next(numbers)}"},
    )


def _appended(site: Site) -> Right:
    return Right(
        path={"upload_id": site.new_upload()},
        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
        body=b"ab",
        media_type="application/offset+octet-stream",
    )


def _upload_begun(_site: Site) -> Right:
    return Right(
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Length": "4",
            "Upload-Metadata": METADATA,
        },
        body=b"ab",
        media_type="application/offset+octet-stream",
    )


def _upload(site: Site) -> Right:
    return Right(path={"upload_id": site.new_upload()})


def _policy(site: Site) -> Right:
    return Right(headers=site.etag("trainer", "retraining-policy"), body={"enabled": False})


def _recipe(site: Site) -> Right:
    return Right(headers=site.etag("trainer", "recipe"), body={"recipe": {"budget_s": 90}})


def _project(site: Site) -> Right:
    body = {"name": f"More {next(numbers)}", "task": "detection"}
    made = site.make("workspace/projects", body)
    return Right(
        path={"project_id": made.json()["id"]},
        headers={"If-Match": made.headers["ETag"]},
        body={"notes": "line 2"},
    )


def _resumed(site: Site) -> Right:
    training_id = site.training("running")
    place = site.of("trainer", f"trainings/{training_id}")
    site.ask("POST", f"{place}:cancel")
    until(lambda: site.ask("GET", place).json()["status"] == "terminated")
    return Right(path={"training_id": training_id})


def _import_run(site: Site) -> Right:
    return Right(path={"run_id": site.import_run()})


def _import_over(site: Site) -> Right:
    return Right(path={"run_id": site.import_run(is_over=True, dry_run=True)})


def _export(site: Site) -> Right:
    return Right(path={"export_id": site.export()})


def _export_over(site: Site) -> Right:
    return Right(path={"export_id": site.export(is_over=True)})


def _promoted(site: Site) -> Right:
    serving = site.ask("GET", site.of("trainer", "promotions")).json()["serving"]
    version = "V1" if serving == "V2" else "V2"
    return Right(path={"version": version}, body={"reason": "fewer misses"})


def _run_cancelled(site: Site) -> Right:
    body = {"image_ids": [site.given["predicted_image_id"]]}
    made = site.ask("POST", site.of("inference", "test-runs"), json=body)
    return Right(path={"run_id": made.json()["id"]})


def _opinion_asked(site: Site) -> Right:
    site.ask("POST", site.of("inference", "second-opinion"))
    return Right()


def _judged_again(site: Site) -> Right:
    site.ask("POST", site.of("evaluator", "versions/V2/judgement"))
    return Right(path={"version": "V2"})


def _key(site: Site) -> Right:
    body = {"name": f"key {next(numbers)}", "role": "viewer"}
    return Right(path={"key_id": site.make("workspace/keys", body).json()["id"]})


def _token(site: Site) -> Right:
    """Of a key of its own: beyond a hundred of one key all go, the site's own token with them."""
    body = {"name": f"key {next(numbers)}", "role": "viewer"}
    key = site.make("workspace/keys", body).json()["api_key"]
    made = site.make("workspace/tokens", {"api_key": key})
    return Right(body={"token": made.json()["access_token"]})


def _tenant(site: Site) -> Right:
    site.ask("POST", "workspace/tenants", json={"id": "acme", "name": "Acme"})  # once; then a 409
    return Right(path={"tenant_id": "acme"})


def _delivery(site: Site) -> Right:
    """A message of a webhook that is on, whatever drawn requests did to others."""
    made = site.ask("GET", "workspace/webhooks", params={"page_size": 100}).json()["items"]
    if len(made) == MOST_WEBHOOKS:
        site.ask("DELETE", f"workspace/webhooks/{made[0]['id']}")
    body = {
        "name": f"line {next(numbers)}",
        "url": "https://hooks.example.com/loupe",
        "events": ["model.deployed"],
    }
    webhook_id = site.make("workspace/webhooks", body).json()["id"]
    sent = site.make(f"workspace/webhooks/{webhook_id}:test", None).json()
    return Right(path={"webhook_id": webhook_id, "delivery_id": sent["id"]})


RIGHT: dict[str, Callable[[Site], Right]] = {
    "POST /api/workspace/webhooks/{webhook_id}/deliveries/{delivery_id}:replay": _delivery,
    "POST /api/workspace/tokens": lambda site: Right(body={"api_key": site.given["api_key"]}),
    "POST /api/workspace/tokens:revoke": _token,
    "POST /api/workspace/keys": lambda _: Right(
        body={"name": f"key {next(numbers)}", "role": "engineer"}
    ),
    "POST /api/workspace/keys/{key_id}:revoke": _key,
    "POST /api/workspace/tenants": lambda _: Right(
        body={"id": f"tenant-{next(numbers)}", "name": "Acme"}
    ),
    "GET /api/workspace/tenants/{tenant_id}": _tenant,
    "POST /api/workspace/tenants/{tenant_id}:suspend": _tenant,
    "POST /api/workspace/tenants/{tenant_id}:resume": _tenant,
    "POST /api/workspace/keys/{key_id}:end-tokens": _key,
    "POST /api/workspace/projects": lambda _: Right(
        body={"name": f"New {next(numbers)}", "task": "detection", "labels": ["pit"]}
    ),
    "PATCH /api/workspace/projects/{project_id}": _project,
    "DELETE /api/workspace/projects/{project_id}": _project,
    "POST /api/gallery/projects/{project_id}/images": lambda _: Right(
        body={"files": [picture(next(numbers))]}, media_type="multipart/form-data"
    ),
    "DELETE /api/gallery/projects/{project_id}/images/{image_id}": _image_gone,
    "POST /api/gallery/projects/{project_id}/images:batch-delete": lambda site: Right(
        body={"ids": [site.new_image()]}
    ),
    "POST /api/gallery/projects/{project_id}/uploads": _upload_begun,
    "GET /api/gallery/projects/{project_id}/uploads/{upload_id}": _upload,
    "HEAD /api/gallery/projects/{project_id}/uploads/{upload_id}": _upload,
    "DELETE /api/gallery/projects/{project_id}/uploads/{upload_id}": _upload,
    "PATCH /api/gallery/projects/{project_id}/uploads/{upload_id}": _appended,
    "PUT /api/annotation/projects/{project_id}/images/{image_id}": _annotated,
    "DELETE /api/annotation/projects/{project_id}/images/{image_id}": _cleared,
    "POST /api/annotation/projects/{project_id}/images/{image_id}/corrections": _corrected,
    "POST /api/annotation/projects/{project_id}/imports": lambda _: Right(
        body=labels_archive(), media_type="application/zip"
    ),
    "POST /api/annotation/projects/{project_id}/imports/{import_id}:undo": _undone,
    "POST /api/annotation/projects/{project_id}/import-runs": lambda _: Right(
        body=labels_archive(), media_type="application/zip"
    ),
    "GET /api/annotation/projects/{project_id}/import-runs/{run_id}": _import_run,
    "POST /api/annotation/projects/{project_id}/import-runs/{run_id}:cancel": _import_run,
    "GET /api/annotation/projects/{project_id}/import-runs/{run_id}/report": _import_over,
    "POST /api/annotation/projects/{project_id}/import-runs/{run_id}:again": _import_over,
    "POST /api/annotation/projects/{project_id}/labels": lambda _: Right(
        body={"name": f"more {next(numbers)}"}
    ),
    "PUT /api/annotation/projects/{project_id}/label-order": lambda site: Right(
        body={"ids": [site.new_label()]}
    ),
    "PATCH /api/annotation/projects/{project_id}/labels/{label_id}": _label,
    "DELETE /api/annotation/projects/{project_id}/labels/{label_id}": _label,
    "POST /api/annotation/projects/{project_id}/labels/{label_id}:restore": _label,
    "GET /api/evaluator/projects/{project_id}/versions/{version}/compare": lambda _: Right(
        path={"version": "V2"}, query={"with": "V1"}
    ),
    "POST /api/evaluator/projects/{project_id}/versions/{version}/judgement:cancel": _judged_again,
    "POST /api/inference/projects/{project_id}/predictions": lambda site: Right(
        body={"image_id": site.given["predicted_image_id"]}, media_type="application/json"
    ),
    "POST /api/inference/projects/{project_id}/test-runs": lambda site: Right(
        body={"image_ids": [site.given["predicted_image_id"]]}
    ),
    "POST /api/inference/projects/{project_id}/test-runs/{run_id}:cancel": _run_cancelled,
    "POST /api/inference/projects/{project_id}/second-opinion:cancel": _opinion_asked,
    "POST /api/inference/projects/{project_id}/exports": lambda _: Right(
        body={"version": "V1", "target": "onnx"}
    ),
    "GET /api/inference/projects/{project_id}/exports/{export_id}": _export,
    "GET /api/inference/projects/{project_id}/exports/{export_id}/content": _export_over,
    "POST /api/inference/projects/{project_id}/exports/{export_id}:cancel": _export,
    "PUT /api/trainer/projects/{project_id}/recipe": _recipe,
    "PUT /api/trainer/projects/{project_id}/retraining-policy": _policy,
    "POST /api/trainer/projects/{project_id}/trainings/{training_id}:cancel": lambda site: Right(
        path={"training_id": site.training()}
    ),
    "POST /api/trainer/projects/{project_id}/trainings/{training_id}:resume": _resumed,
    "POST /api/trainer/projects/{project_id}/versions/{version}:promote": _promoted,
}
"""By method and path; operations that are not here are right once their ids are."""
