import createClient from "openapi-fetch";
import type { components, paths } from "./generated/inference";
import { authorisedFetch, body } from "./http";
import { newId } from "./ids";

type Schemas = components["schemas"];

export type Prediction = Awaited<ReturnType<typeof listPredictions>>["items"][number];
export type Proposed = Awaited<ReturnType<typeof propose>>;
export type TestRun = Schemas["TestRunResponse"];
export type Deployment = Schemas["DeploymentResponse"];
export type Export = Schemas["ExportResponse"];
export type Certified = Schemas["Certified"];
export type OutlineKind = Schemas["OutlineResponse"]["kind"];
export type ExportTarget = Export["target"];

const client = createClient<paths>({ fetch: authorisedFetch });

/** Whether a test run, an export or a second opinion still goes on. */
export function isRunning({ state }: Pick<TestRun | Export | SecondOpinion, "state">): boolean {
  return state === "queued" || state === "running";
}

export function startTestRun(
  projectId: string,
  imageIds: readonly string[],
  version: string,
  threshold: number,
) {
  return body(
    client.POST("/api/inference/projects/{project_id}/test-runs", {
      params: {
        path: { project_id: projectId },
        header: { "Idempotency-Key": newId() },
      },
      body: { image_ids: [...imageIds], version, threshold },
    }),
  );
}

export function getTestRun(projectId: string, runId: string) {
  return body(
    client.GET("/api/inference/projects/{project_id}/test-runs/{run_id}", {
      params: { path: { project_id: projectId, run_id: runId } },
    }),
  );
}

/** The newest test runs, to come back to one. */
export function listTestRuns(projectId: string) {
  return body(
    client.GET("/api/inference/projects/{project_id}/test-runs", {
      params: { path: { project_id: projectId }, query: { page_size: 20 } },
    }),
  );
}

/** What a test run found, one prediction an image. */
export function listPredictions(projectId: string, runId: string, page: number, pageSize: number) {
  return body(
    client.GET("/api/inference/projects/{project_id}/predictions", {
      params: {
        path: { project_id: projectId },
        query: { test_run_id: runId, page, page_size: pageSize },
      },
    }),
  );
}

/** Images that nobody has annotated and the serving version was least sure of, the most doubtful first. */
export function listUnsure(projectId: string) {
  return body(
    client.GET("/api/inference/projects/{project_id}/unsure-images", {
      params: { path: { project_id: projectId } },
    }),
  );
}

/**
 * What a version finds on an image, to be proposed to a person: the image does not count as tested. The same
 * question again gets the same answer, which is not computed anew.
 */
export function propose(projectId: string, imageId: string, version: string, threshold: number) {
  return body(
    client.POST("/api/inference/projects/{project_id}/predictions", {
      params: {
        path: { project_id: projectId },
        header: { "Idempotency-Key": `propose-${imageId}-${version}-${threshold}` },
      },
      body: { image_id: imageId, version, threshold, proposal: true },
    }),
  );
}

export type SecondOpinion = Awaited<ReturnType<typeof getSecondOpinion>>;

/** How far the last look of a version at the annotated images is, and which version would look now. */
export function getSecondOpinion(projectId: string) {
  return body(
    client.GET("/api/inference/projects/{project_id}/second-opinion", {
      params: { path: { project_id: projectId } },
    }),
  );
}

/** Have the version that serves look at the annotated images; a look under way goes on. */
export function askSecondOpinion(projectId: string) {
  return body(
    client.POST("/api/inference/projects/{project_id}/second-opinion", {
      params: { path: { project_id: projectId } },
    }),
  );
}

export function cancelSecondOpinion(projectId: string) {
  return body(
    client.POST("/api/inference/projects/{project_id}/second-opinion:cancel", {
      params: { path: { project_id: projectId } },
    }),
  );
}

/** The outline of the object that clicks on an image mean. */
export function outline(projectId: string, imageId: string, clicks: string, kind: OutlineKind) {
  return body(
    client.GET("/api/inference/projects/{project_id}/images/{image_id}/outline", {
      params: { path: { project_id: projectId, image_id: imageId }, query: { clicks, kind } },
    }),
  );
}

/** The versions that answer on the model server, newest promotion first. */
export function listDeployments(projectId: string) {
  return body(
    client.GET("/api/inference/projects/{project_id}/deployments", {
      params: { path: { project_id: projectId }, query: { page_size: 50 } },
    }),
  );
}

/** The project's exports, newest first. */
export function listExports(projectId: string, page: number, pageSize: number) {
  return body(
    client.GET("/api/inference/projects/{project_id}/exports", {
      params: { path: { project_id: projectId }, query: { page, page_size: pageSize } },
    }),
  );
}

export function startExport(projectId: string, version: string, target: ExportTarget) {
  return body(
    client.POST("/api/inference/projects/{project_id}/exports", {
      params: {
        path: { project_id: projectId },
        header: { "Idempotency-Key": newId() },
      },
      body: { version, target },
    }),
  );
}

export function cancelExport(projectId: string, exportId: string) {
  return body(
    client.POST("/api/inference/projects/{project_id}/exports/{export_id}:cancel", {
      params: { path: { project_id: projectId, export_id: exportId } },
    }),
  );
}

/** Remove an export that is over, with its file. */
export async function removeExport(projectId: string, exportId: string): Promise<void> {
  await client.DELETE("/api/inference/projects/{project_id}/exports/{export_id}", {
    params: { path: { project_id: projectId, export_id: exportId } },
  });
}

/** Where the file of an export that succeeded is. */
export function exportPath({ project_id: project, id }: Export): string {
  return `/api/inference/projects/${project}/exports/${id}/content`;
}

/** What the tenant may ask of the models, and how much of it is used. */
export function listQuotas() {
  return body(client.GET("/api/inference/quotas"));
}
