"""Which role each route asks for: the least one."""

from shared.http.roles import OF_OTHERS, Partly, RoleTable

_DRAWN = Partly("annotator", "engineer", "with a label that is not there yet")
_REVIEW = Partly("annotator", "engineer", "accepting and returning")
_IMPORT = Partly("annotator", "engineer", "over what people drew, or with new labels")

ROLES: RoleTable = {
    "GET /projects/{project_id}/summary": "viewer",
    "GET /projects/{project_id}/images/{image_id}": "viewer",
    "GET /projects/{project_id}/images/{image_id}/history": "viewer",
    "PUT /projects/{project_id}/images/{image_id}": _DRAWN,
    "DELETE /projects/{project_id}/images/{image_id}": "annotator",
    "POST /projects/{project_id}/images/{image_id}/corrections": _DRAWN,
    "POST /projects/{project_id}/images/{image_id}/reviews": _REVIEW,
    "GET /projects/{project_id}/images/{image_id}/draft": "annotator",
    "PUT /projects/{project_id}/images/{image_id}/draft": "annotator",
    "DELETE /projects/{project_id}/images/{image_id}/draft": "annotator",
    "GET /projects/{project_id}/labels": "viewer",
    "GET /projects/{project_id}/labels/{label_id}": "viewer",
    "POST /projects/{project_id}/labels": "engineer",
    "PATCH /projects/{project_id}/labels/{label_id}": "engineer",
    "DELETE /projects/{project_id}/labels/{label_id}": "engineer",
    "GET /projects/{project_id}/deleted-labels": "viewer",
    "POST /projects/{project_id}/labels/{label_id}:restore": "engineer",
    "PUT /projects/{project_id}/label-order": "engineer",
    "GET /projects/{project_id}/statistics": "viewer",
    "GET /projects/{project_id}/label-check": "viewer",
    "PUT /projects/{project_id}/label-check/dismissals/{finding_id}": "annotator",
    "DELETE /projects/{project_id}/label-check/dismissals": "engineer",
    "POST /projects/{project_id}/imports": _IMPORT,
    "POST /projects/{project_id}/imports/{import_id}:undo": OF_OTHERS,
    "POST /projects/{project_id}/import-runs": _IMPORT,
    "GET /projects/{project_id}/import-runs": "viewer",
    "GET /projects/{project_id}/import-runs/{run_id}": "viewer",
    "GET /projects/{project_id}/import-runs/{run_id}/report": "viewer",
    "POST /projects/{project_id}/import-runs/{run_id}:again": _IMPORT,
    "POST /projects/{project_id}/import-runs/{run_id}:cancel": OF_OTHERS,
    "GET /projects/{project_id}/exports": "viewer",
    "GET /samples/{wanted}": "viewer",
}
