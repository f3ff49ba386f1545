"""Which role each route asks for: the least one."""

from shared.http.roles import OF_OTHERS, RoleTable

ROLES: RoleTable = {
    "GET /quotas": "admin",
    "GET /projects/{project_id}/deployments": "viewer",
    "GET /projects/{project_id}/deployments/{version}": "viewer",
    "GET /projects/{project_id}/predictions": "viewer",
    "GET /projects/{project_id}/predictions/{prediction_id}": "viewer",
    "POST /projects/{project_id}/predictions": "annotator",
    "GET /projects/{project_id}/unsure-images": "viewer",
    "GET /projects/{project_id}/images/{image_id}/outline": "annotator",
    "GET /projects/{project_id}/test-runs": "viewer",
    "GET /projects/{project_id}/test-runs/{run_id}": "viewer",
    "POST /projects/{project_id}/test-runs": "annotator",
    "POST /projects/{project_id}/test-runs/{run_id}:cancel": OF_OTHERS,
    "GET /projects/{project_id}/second-opinion": "viewer",
    "POST /projects/{project_id}/second-opinion": "annotator",
    "POST /projects/{project_id}/second-opinion:cancel": OF_OTHERS,
    "GET /projects/{project_id}/exports": "viewer",
    "GET /projects/{project_id}/exports/{export_id}": "viewer",
    "GET /projects/{project_id}/exports/{export_id}/content": "viewer",
    "POST /projects/{project_id}/exports": "engineer",
    "POST /projects/{project_id}/exports/{export_id}:cancel": "engineer",
    "DELETE /projects/{project_id}/exports/{export_id}": "engineer",
}
