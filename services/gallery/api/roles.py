"""Which role each route asks for: the least one."""

from shared.http.roles import OF_OTHERS, RoleTable

ROLES: RoleTable = {
    "GET /limits": "viewer",
    "GET /quotas": "admin",
    "GET /projects/{project_id}/images": "viewer",
    "GET /projects/{project_id}/summary": "viewer",
    "GET /projects/{project_id}/images/{image_id}": "viewer",
    "GET /projects/{project_id}/images/{image_id}/content": "viewer",
    "GET /projects/{project_id}/images/{image_id}/thumbnail": "viewer",
    "POST /projects/{project_id}/images": "annotator",
    "DELETE /projects/{project_id}/images/{image_id}": "engineer",
    "POST /projects/{project_id}/images:batch-delete": "engineer",
    "OPTIONS /projects/{project_id}/uploads": "viewer",
    "POST /projects/{project_id}/uploads": "annotator",
    "HEAD /projects/{project_id}/uploads/{upload_id}": "viewer",
    "GET /projects/{project_id}/uploads/{upload_id}": "viewer",
    "PATCH /projects/{project_id}/uploads/{upload_id}": OF_OTHERS,
    "DELETE /projects/{project_id}/uploads/{upload_id}": OF_OTHERS,
}
