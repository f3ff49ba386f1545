"""Which role each route asks for: the least one."""

from shared.http.roles import RoleTable

ROLES: RoleTable = {
    "GET /projects/{project_id}/versions/{version}/report": "viewer",
    "GET /projects/{project_id}/versions/{version}/report.html": "viewer",
    "GET /projects/{project_id}/versions/{version}/report.pdf": "viewer",
    "GET /projects/{project_id}/versions/{version}/errors": "viewer",
    "GET /projects/{project_id}/versions/{version}/compare": "viewer",
    "GET /projects/{project_id}/versions/{version}/judgement": "viewer",
    "POST /projects/{project_id}/versions/{version}/judgement": "engineer",
    "POST /projects/{project_id}/versions/{version}/judgement:cancel": "engineer",
    "POST /projects/{project_id}/versions/{version}/report:recompute": "engineer",
}
