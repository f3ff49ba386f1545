import createClient from "openapi-fetch";
import type { components, paths } from "./generated/annotation";
import { authorisedFetch, body, upload } from "./http";

type Schemas = components["schemas"];

export type Annotation = Awaited<ReturnType<typeof getAnnotation>>;
export type NewShape = Schemas["CorrectionWrite"]["shapes"][number];
export type ImportReport = Schemas["ImportResponse"];
export type ImportedFile = ImportReport["entries"][number];

const client = createClient<paths>({ fetch: authorisedFetch });

export function listLabels(projectId: string) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/labels", {
      params: { path: { project_id: projectId } },
    }),
  );
}

export function getAnnotation(projectId: string, imageId: string) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/images/{image_id}", {
      params: { path: { project_id: projectId, image_id: imageId } },
    }),
  );
}

/** Send one archive of annotation files; the report names every file in it. */
export async function importAnnotations(
  projectId: string,
  archive: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<ImportReport> {
  const form = new FormData();
  form.append("file", archive, archive.name);
  const path = `/api/annotation/projects/${projectId}/imports`;
  return (await upload(path, form, { onProgress, signal })) as ImportReport;
}

/** What a person says is in the image, after a version has said it: a tested image becomes an annotated one. */
export function correct(
  projectId: string,
  imageId: string,
  predictionId: string,
  shapes: readonly NewShape[],
) {
  return body(
    client.POST("/api/annotation/projects/{project_id}/images/{image_id}/corrections", {
      params: { path: { project_id: projectId, image_id: imageId } },
      body: { prediction_id: predictionId, shapes: [...shapes], ignore_regions: [] },
    }),
  );
}

/** Save an annotation anew; one that somebody else saved since it was read is refused. */
export function saveAnnotation(
  projectId: string,
  { image_id: imageId, version, ignore_regions, split }: Annotation,
  shapes: readonly NewShape[],
) {
  return body(
    client.PUT("/api/annotation/projects/{project_id}/images/{image_id}", {
      params: {
        path: { project_id: projectId, image_id: imageId },
        header: { "If-Match": `"${version}"` },
      },
      body: { shapes: [...shapes], ignore_regions, split },
    }),
  );
}
