import { request } from "./http";

export const TASKS = [
  "detection",
  "classification",
  "instance_segmentation",
  "semantic_segmentation",
  "ocr",
] as const;
export type Task = (typeof TASKS)[number];

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly page: number;
  readonly page_size: number;
}

export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly task: Task;
  readonly notes: string;
  readonly tiling: Grid | null;
  readonly created_at: string;
}

export interface NewProject {
  readonly name: string;
  readonly task: Task;
  readonly notes: string;
  readonly tiling: Grid | null;
}

export function listProjects(page: number, pageSize: number): Promise<Page<Project>> {
  return request("GET", "/api/workspace/projects", { query: { page, page_size: pageSize } });
}

export function getProject(projectId: string): Promise<Project> {
  return request("GET", `/api/workspace/projects/${projectId}`);
}

/** The idempotency key makes a second click, or a retry after a lost answer, the same project. */
export function createProject(project: NewProject, idempotencyKey: string): Promise<Project> {
  return request("POST", "/api/workspace/projects", {
    json: project,
    headers: { "Idempotency-Key": idempotencyKey },
  });
}
