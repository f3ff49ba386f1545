import createClient from "openapi-fetch";
import type { components, paths } from "./generated/trainer";
import { authorisedFetch, body } from "./http";
import { newId } from "./ids";

type Schemas = components["schemas"];

export type Training = Schemas["TrainingResponse"];
export type TrainingStatus = Training["status"];
export type Recipe = Schemas["Recipe"];
export type RecipeSource = Schemas["RecipeSource"];
export type RecipeRevision = Schemas["RecipeRevision"];
export type StoredRecipe = Schemas["RecipeResponse"];
export type LossTerm = Schemas["LossTerm"];
export type LossTable = Schemas["LossTable"];
export type Merge = Schemas["Merge"];
export type TrainingMode = Training["mode"];
export type History = Awaited<ReturnType<typeof getHistory>>;
export type Preview = History["previews"][number];
export type Progress = Training["progress"];
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

/** What the next training will start from, by the project's recipe or with another backbone. */
export function getNextTraining(projectId: string, backbone: Recipe["backbone"] | null = null) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/next-training", {
      params: { path: { project_id: projectId }, query: backbone === null ? {} : { backbone } },
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

export function getTraining(projectId: string, trainingId: string) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/trainings/{training_id}", {
      params: { path: { project_id: projectId, training_id: trainingId } },
    }),
  );
}

/** How a training goes or went: its curve, what it finds on a few held-out images, its log. */
export function getHistory(projectId: string, trainingId: string) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/trainings/{training_id}/history", {
      params: { path: { project_id: projectId, training_id: trainingId } },
    }),
  );
}

/** Without a recipe the project's own holds. */
export function startTraining(projectId: string, mode: TrainingMode, recipe: Recipe | null) {
  return body(
    client.POST("/api/trainer/projects/{project_id}/trainings", {
      params: {
        path: { project_id: projectId },
        header: { "Idempotency-Key": newId() },
      },
      body: recipe === null ? { mode } : { mode, recipe },
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

/** What a training takes that names no recipe. */
export function getRecipe(projectId: string) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/recipe", { params: { path: { project_id: projectId } } }),
  );
}

/** Keep a recipe for the project, or (null) go back to the defaults, unless somebody else was first. */
export function setRecipe(projectId: string, recipe: Recipe | null, revision: number) {
  return body(
    client.PUT("/api/trainer/projects/{project_id}/recipe", {
      params: { path: { project_id: projectId }, header: { "If-Match": `"${revision}"` } },
      body: { recipe },
    }),
  );
}

/** The latest recipes of the project, newest first. */
export function listRecipeRevisions(projectId: string) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/recipe/revisions", {
      params: { path: { project_id: projectId } },
    }),
  );
}

/** The parts of the task's loss, and the losses that a recipe may weigh for each. */
export function listLosses(projectId: string) {
  return body(
    client.GET("/api/trainer/projects/{project_id}/losses", { params: { path: { project_id: projectId } } }),
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

/** What the tenant may ask of the trainer, and how much of it is used. */
export function listQuotas() {
  return body(client.GET("/api/trainer/quotas"));
}
