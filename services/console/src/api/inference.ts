import { request } from "./http";

export interface Detection {
  readonly label: string;
  readonly score: number;
  readonly box: readonly [number, number, number, number];
}

export interface TestedImage {
  readonly image_id: string;
  readonly name: string;
  readonly prediction_id: string;
  readonly detections: readonly Detection[];
  readonly elapsed_ms: number | null;
  readonly error: string;
}

export interface TestRun {
  readonly id: string;
  readonly version: string;
  readonly state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  readonly done: number;
  readonly total: number;
  readonly error: string;
  readonly results: readonly TestedImage[];
}

export interface NewTestRun {
  readonly image_ids: readonly string[];
  readonly version?: string;
  readonly threshold: number;
}

function testRuns(projectId: string): string {
  return `/api/inference/projects/${projectId}/test-runs`;
}

export function startTestRun(projectId: string, run: NewTestRun): Promise<TestRun> {
  return request("POST", testRuns(projectId), {
    json: run,
    headers: { "Idempotency-Key": crypto.randomUUID() },
  });
}

export function getTestRun(projectId: string, runId: string): Promise<TestRun> {
  return request("GET", `${testRuns(projectId)}/${runId}`);
}

export function isRunning({ state }: TestRun): boolean {
  return state === "queued" || state === "running";
}
