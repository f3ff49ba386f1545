"""Which role each route asks for: the least one."""

from shared.http.roles import Partly, RoleTable

ROLES: RoleTable = {
    "GET /projects": "viewer",
    "GET /projects/{project_id}": "viewer",
    "POST /projects": "engineer",
    "PATCH /projects/{project_id}": "engineer",
    "DELETE /projects/{project_id}": "engineer",
    "POST /tokens:revoke": Partly("viewer", "admin", "tokens of another key"),
    "GET /keys": "admin",
    "POST /keys": "admin",
    "POST /keys/{key_id}:revoke": "admin",
    "POST /keys/{key_id}:end-tokens": "admin",
    "GET /storage": "admin",
    "GET /audit": "admin",
    "GET /audit/export": "admin",
    "GET /webhooks": "admin",
    "POST /webhooks": "admin",
    "PATCH /webhooks/{webhook_id}": "admin",
    "DELETE /webhooks/{webhook_id}": "admin",
    "POST /webhooks/{webhook_id}:rotate-secret": "admin",
    "POST /webhooks/{webhook_id}:test": "admin",
    "GET /webhooks/{webhook_id}/deliveries": "admin",
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}:replay": "admin",
    "GET /tenant": "viewer",
    "GET /tenants": "operator",
    "POST /tenants": "operator",
    "GET /tenants/{tenant_id}": "operator",
    "PUT /tenants/{tenant_id}/quotas": "operator",
    "POST /tenants/{tenant_id}:suspend": "operator",
    "POST /tenants/{tenant_id}:resume": "operator",
}
