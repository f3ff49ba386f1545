import { request } from "./http";
import type { Page } from "./workspace";

export type TrainingMode = "train" | "train_and_test";
export type TrainingStatus = "queued" | "running" | "success" | "failed" | "terminated";

export interface Progress {
  readonly percent: number;
  readonly stage: string;
  readonly seconds_left: number | null;
  readonly figures: Readonly<Record<string, number>>;
}

export interface Training {
  readonly id: string;
  readonly version: string | null;
  readonly status: TrainingStatus;
  readonly mode: TrainingMode;
  readonly average_detection_rate: number | null;
  readonly annotated_images: number | null;
  readonly total_images: number | null;
  readonly label_count: number | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly duration_s: number | null;
  readonly progress: Progress | null;
  readonly reason: string;
}

export interface TrendPoint {
  readonly version: string;
  readonly duration_s: number;
  readonly average_detection_rate: number | null;
}

function trainings(projectId: string): string {
  return `/api/trainer/projects/${projectId}/trainings`;
}

export function listTrainings(projectId: string, page: number, pageSize: number): Promise<Page<Training>> {
  return request("GET", trainings(projectId), { query: { page, page_size: pageSize } });
}

export function startTraining(projectId: string, mode: TrainingMode, key: string): Promise<Training> {
  return request("POST", trainings(projectId), { json: { mode }, headers: { "Idempotency-Key": key } });
}

export function cancelTraining(projectId: string, trainingId: string): Promise<unknown> {
  return request("POST", `${trainings(projectId)}/${trainingId}:cancel`);
}

export function trainingEventsPath(projectId: string, trainingId: string): string {
  return `${trainings(projectId)}/${trainingId}/events`;
}

export function getTrend(projectId: string): Promise<{ readonly items: readonly TrendPoint[] }> {
  return request("GET", `/api/trainer/projects/${projectId}/trend`);
}

/** Whether the training still goes on, waiting included. */
export function isActive(status: TrainingStatus): boolean {
  return status === "queued" || status === "running";
}

export interface Version {
  readonly version: string;
}

/** Versions that exist, newest first. */
export function listVersions(projectId: string): Promise<{ readonly items: readonly Version[] }> {
  return request("GET", `/api/trainer/projects/${projectId}/versions`);
}
