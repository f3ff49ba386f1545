import createClient from "openapi-fetch";
import type { components, paths } from "./generated/workspace";
import { authorisedFetch, body } from "./http";

type Schemas = components["schemas"];

export type Project = Schemas["ProjectResponse"];
export type NewProject = Schemas["ProjectCreate"];
export type Storage = Schemas["StorageResponse"];
export type Grid = Schemas["Grid"];
export type Task = Project["task"];

/** In the order in which the console offers them. */
export const TASKS: readonly Task[] = [
  "detection",
  "classification",
  "instance_segmentation",
  "semantic_segmentation",
  "ocr",
];

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
