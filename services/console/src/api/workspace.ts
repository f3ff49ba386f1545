import createClient from "openapi-fetch";
import { FACTS } from "./generated/facts";
import type { components, paths } from "./generated/workspace";
import { authorisedFetch, body } from "./http";

type Schemas = components["schemas"];

export type Project = Schemas["ProjectResponse"];
export type ProjectQuery = NonNullable<paths["/api/workspace/projects"]["get"]["parameters"]["query"]>;
export type NewProject = Schemas["ProjectCreate"];
export type Storage = Schemas["StorageResponse"];
export type ApiKey = Schemas["KeyResponse"];
export type NewKey = Schemas["KeyCreate"];
export type MadeKey = Schemas["MadeKeyResponse"];
export type AuditEntry = Schemas["AuditEntryResponse"];
export type Webhook = Schemas["WebhookResponse"];
export type NewWebhook = Schemas["WebhookCreate"];
export type WebhookChange = Schemas["WebhookPatch"];
export type MadeWebhook = Schemas["MadeWebhookResponse"];
export type WebhookEvent = Webhook["events"][number];
export type Delivery = Schemas["DeliveryResponse"];
export type Grid = Schemas["Grid"];
export type Task = Project["task"];
export type Role = (typeof FACTS.roles)[number];

/** In the order in which the console offers them. */
export const TASKS: readonly Task[] = [
  "detection",
  "classification",
  "instance_segmentation",
  "semantic_segmentation",
  "ocr",
];

/** From what may least to what may most. */
export const ROLES: readonly Role[] = FACTS.roles;

const client = createClient<paths>({ fetch: authorisedFetch });

export function listProjects(query: ProjectQuery, page: number, pageSize: number) {
  return body(
    client.GET("/api/workspace/projects", { params: { query: { ...query, page, page_size: pageSize } } }),
  );
}

export function getProject(projectId: string) {
  return body(
    client.GET("/api/workspace/projects/{project_id}", {
      params: { path: { project_id: projectId } },
    }),
  );
}

/** The idempotency key makes a second click, or a retry after a lost answer, the same project. */
export function createProject(project: NewProject, idempotencyKey: string) {
  return body(
    client.POST("/api/workspace/projects", {
      body: project,
      params: { header: { "Idempotency-Key": idempotencyKey } },
    }),
  );
}

/** Unless somebody changed it since `version`. */
export function changeProject(projectId: string, change: Schemas["ProjectPatch"], version: number) {
  return body(
    client.PATCH("/api/workspace/projects/{project_id}", {
      body: change,
      params: { path: { project_id: projectId }, header: { "If-Match": `"${version}"` } },
    }),
  );
}

/** With its images, annotations, versions and reports. */
export async function deleteProject(projectId: string): Promise<void> {
  await client.DELETE("/api/workspace/projects/{project_id}", { params: { path: { project_id: projectId } } });
}

/** For administrators alone. */
export function getStorage() {
  return body(client.GET("/api/workspace/storage"));
}

/** Newest first, with those that are no good any more; for administrators alone, like all below. */
export function listKeys(page: number, pageSize: number) {
  return body(client.GET("/api/workspace/keys", { params: { query: { page, page_size: pageSize } } }));
}

/** The answer alone has the text of the key. */
export function createKey(key: NewKey) {
  return body(client.POST("/api/workspace/keys", { body: key }));
}

/** For ever, with every token that it gave. */
export function revokeKey(keyId: string) {
  return body(client.POST("/api/workspace/keys/{key_id}:revoke", { params: { path: { key_id: keyId } } }));
}

/** The key itself goes on and gives new ones. */
export function endTokens(keyId: string) {
  return body(client.POST("/api/workspace/keys/{key_id}:end-tokens", { params: { path: { key_id: keyId } } }));
}

/** What a webhook may tell, in the order in which the console offers it. */
export const WEBHOOK_EVENTS: readonly WebhookEvent[] = [
  "report.completed",
  "model.deployed",
  "test_run.completed",
  "training.failed",
];

/** Newest first, each with what became of its newest message. */
export function listWebhooks(page: number, pageSize: number) {
  return body(client.GET("/api/workspace/webhooks", { params: { query: { page, page_size: pageSize } } }));
}

/** The answer alone has the secret. */
export function createWebhook(webhook: NewWebhook) {
  return body(client.POST("/api/workspace/webhooks", { body: webhook }));
}

export function changeWebhook(webhookId: string, change: WebhookChange, version: number) {
  return body(
    client.PATCH("/api/workspace/webhooks/{webhook_id}", {
      body: change,
      params: { path: { webhook_id: webhookId }, header: { "If-Match": `"${version}"` } },
    }),
  );
}

/** With its log. */
export async function deleteWebhook(webhookId: string): Promise<void> {
  await client.DELETE("/api/workspace/webhooks/{webhook_id}", { params: { path: { webhook_id: webhookId } } });
}

/** The answer alone has the new secret; the one until now signs too for a day. */
export function rotateSecret(webhookId: string) {
  return body(
    client.POST("/api/workspace/webhooks/{webhook_id}:rotate-secret", { params: { path: { webhook_id: webhookId } } }),
  );
}

export function testWebhook(webhookId: string) {
  return body(client.POST("/api/workspace/webhooks/{webhook_id}:test", { params: { path: { webhook_id: webhookId } } }));
}

/** Newest first. */
export function listDeliveries(webhookId: string, page: number, pageSize: number) {
  return body(
    client.GET("/api/workspace/webhooks/{webhook_id}/deliveries", {
      params: { path: { webhook_id: webhookId }, query: { page, page_size: pageSize } },
    }),
  );
}

/** With the id that it had. */
export function replayDelivery(webhookId: string, deliveryId: string) {
  return body(
    client.POST("/api/workspace/webhooks/{webhook_id}/deliveries/{delivery_id}:replay", {
      params: { path: { webhook_id: webhookId, delivery_id: deliveryId } },
    }),
  );
}

/** Which entries of the audit log; what is empty leaves all in. Days are those of the reader. */
export interface AuditSought {
  readonly who: string;
  readonly operation: string;
  readonly object: string;
  readonly refused: boolean;
  readonly from: string;
  readonly to: string;
}

const REFUSED = 403;

/** Newest first. */
export function listAudit(sought: AuditSought, page: number, pageSize: number) {
  const query = { ...auditQuery(sought), page, page_size: pageSize };
  return body(client.GET("/api/workspace/audit", { params: { query } }));
}

/** Where the entries that are sought are a file. */
export function auditPath(sought: AuditSought, format: "csv" | "jsonl"): string {
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(auditQuery(sought))) query.set(name, String(value));
  return `/api/workspace/audit/export?${query.toString()}`;
}

function auditQuery({ who, operation, object, refused, from, to }: AuditSought) {
  return {
    ...(who === "" ? {} : { who }),
    ...(operation === "" ? {} : { operation }),
    ...(object === "" ? {} : { object }),
    ...(refused ? { status: REFUSED } : {}),
    ...(from === "" ? {} : { since: new Date(`${from}T00:00:00`).toISOString() }),
    ...(to === "" ? {} : { until: new Date(`${to}T23:59:59.999`).toISOString() }),
  };
}
