"""Which role each route asks for: the least one."""

from shared.http.roles import RoleTable

ROLES: RoleTable = {
    "GET /quotas": "admin",
    "GET /projects/{project_id}/losses": "viewer",
    "GET /projects/{project_id}/next-training": "viewer",
    "GET /projects/{project_id}/trainings": "viewer",
    "GET /projects/{project_id}/trainings/{training_id}": "viewer",
    "GET /projects/{project_id}/trainings/{training_id}/events": "viewer",
    "GET /projects/{project_id}/trainings/{training_id}/history": "viewer",
    "POST /projects/{project_id}/trainings": "engineer",
    "POST /projects/{project_id}/trainings/{training_id}:cancel": "engineer",
    "POST /projects/{project_id}/trainings/{training_id}:resume": "engineer",
    "POST /projects/{project_id}/trainings/{training_id}:finish": "engineer",
    "GET /projects/{project_id}/retraining-policy": "viewer",
    "PUT /projects/{project_id}/retraining-policy": "engineer",
    "GET /projects/{project_id}/recipe": "viewer",
    "GET /projects/{project_id}/recipe/revisions": "viewer",
    "PUT /projects/{project_id}/recipe": "engineer",
    "GET /projects/{project_id}/versions": "viewer",
    "GET /projects/{project_id}/trend": "viewer",
    "GET /projects/{project_id}/promotions": "viewer",
    "POST /projects/{project_id}/versions/{version}:promote": "engineer",
}
