"""Which role each route asks for: the least one."""

from shared.http.roles import RoleTable

ROLES: RoleTable = {"GET /projects/{project_id}/plan": "viewer"}
