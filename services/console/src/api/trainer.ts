import createClient from "openapi-fetch";
import type { components, paths } from "./generated/trainer";
import { authorisedFetch, body } from "./http";
import { newId } from "./ids";

type Schemas = components["schemas"];

export type Training = Schemas["TrainingResponse"];
export type TrainingStatus = Training["status"];
export type Recipe = Schemas["Recipe"];
export type TrainingMode = Training["mode"];
export type Progress = Training["progress"];
export type TrainingPage = Awaited<ReturnType<typeof listTrainings>>;
export type Policy = Schemas["PolicyResponse"];
export type NextTraining = Schemas["NextTrainingResponse"];
export type Promotions = Schemas["Promotions"];
export type Promotion = Promotions["items"][number];
export type NewPolicy = Schemas["RetrainingPolicy"];

const client = createClient<paths>({ fetch: authorisedFetch });

const ENDED: readonly TrainingStatus[] = ["success", "failed", "terminated"];

/** Whether the training still goes on, waiting included. */
export function isActive(status: TrainingStatus): boolean {
  return !ENDED.includes(status);
}

/** Whether pretrained weights were wanted and none were found. */
export function beganFromNothing({ recipe, backbone_weights: origin }: Training): boolean {
  return recipe.pretrained && origin === "none";
}

/** What the next training will start from. */
export function getNextTraining(projectId: string) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/next-training", {
      params: { path: { project_id: projectId } },
    }),
  );
}

export function listTrainings(projectId: string, page: number, pageSize: number) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/trainings", {
      params: { path: { project_id: projectId }, query: { page, page_size: pageSize } },
    }),
  );
}

export function startTraining(projectId: string, mode: TrainingMode) {
  return body(
    client.POST("/api/trainer/projects/{project_id}/trainings", {
      params: {
        path: { project_id: projectId },
        header: { "Idempotency-Key": newId() },
      },
      body: { mode },
    }),
  );
}

export function cancelTraining(projectId: string, trainingId: string) {
  return body(
    client.POST("/api/trainer/projects/{project_id}/trainings/{training_id}:cancel", {
      params: { path: { project_id: projectId, training_id: trainingId } },
    }),
  );
}

/** End a running training early with what it has learnt. */
export function finishTraining(projectId: string, trainingId: string) {
  return body(
    client.POST("/api/trainer/projects/{project_id}/trainings/{training_id}:finish", {
      params: { path: { project_id: projectId, training_id: trainingId } },
    }),
  );
}

/** Go on with a failed or terminated training from its last checkpoint. */
export function resumeTraining(projectId: string, trainingId: string) {
  return body(
    client.POST("/api/trainer/projects/{project_id}/trainings/{training_id}:resume", {
      params: { path: { project_id: projectId, training_id: trainingId } },
    }),
  );
}

/** Which version serves, and how it came to that. */
export function getPromotions(projectId: string) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/promotions", {
      params: { path: { project_id: projectId } },
    }),
  );
}

/** Make any version serve; the reason stays on the record. */
export function promoteVersion(projectId: string, version: string, reason: string) {
  return body(
    client.POST("/api/trainer/projects/{project_id}/versions/{version}:promote", {
      params: { path: { project_id: projectId, version } },
      body: { reason },
    }),
  );
}

export function trainingEventsPath(projectId: string, trainingId: string): string {
  return `/api/trainer/projects/${projectId}/trainings/${trainingId}/events`;
}

/** More versions than this no list of choices shows. */
export const VERSIONS_LIMIT = 100;

/** Versions that exist, newest first. */
export function listVersions(projectId: string, limit: number) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/versions", {
      params: { path: { project_id: projectId }, query: { page_size: limit } },
    }),
  );
}

export function getPolicy(projectId: string) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/retraining-policy", {
      params: { path: { project_id: projectId } },
    }),
  );
}

export function setPolicy(projectId: string, policy: NewPolicy) {
  return body(
    client.PUT("/api/trainer/projects/{project_id}/retraining-policy", {
      params: { path: { project_id: projectId } },
      body: policy,
    }),
  );
}
