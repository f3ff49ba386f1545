import createClient from "openapi-fetch";
import { FACTS } from "./generated/facts";
import type { components, paths } from "./generated/workspace";
import { authorisedFetch, body } from "./http";

type Schemas = components["schemas"];

export type Project = Schemas["ProjectResponse"];
export type NewProject = Schemas["ProjectCreate"];
export type Storage = Schemas["StorageResponse"];
export type ApiKey = Schemas["KeyResponse"];
export type NewKey = Schemas["KeyCreate"];
export type MadeKey = Schemas["MadeKeyResponse"];
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

export function listProjects(page: number, pageSize: number) {
  return body(
    client.GET("/api/workspace/projects", { params: { query: { page, page_size: pageSize } } }),
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
