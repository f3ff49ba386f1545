import { request, upload } from "./http";

export interface Shape {
  readonly id: string;
  readonly label: string;
  readonly kind: string;
  readonly points: readonly (readonly number[])[];
  readonly angle?: number | null;
  readonly score?: number | null;
}

export interface Annotation {
  readonly shapes: readonly Shape[];
  readonly ignore_regions: readonly { readonly points: readonly (readonly number[])[] }[];
}

export interface Label {
  readonly id: string;
  readonly name: string;
}

export interface ImportedFile {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export function listLabels(projectId: string): Promise<{ readonly items: readonly Label[] }> {
  return request("GET", `/api/annotation/projects/${projectId}/labels`);
}

export function getAnnotation(projectId: string, imageId: string): Promise<Annotation> {
  return request("GET", `/api/annotation/projects/${projectId}/images/${imageId}`);
}

export async function importAnnotations(
  projectId: string,
  archive: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<readonly ImportedFile[]> {
  const form = new FormData();
  form.append("file", archive, archive.name);
  const answer = (await upload(
    `/api/annotation/projects/${projectId}/imports`,
    form,
    onProgress,
    signal,
  )) as { readonly files: readonly ImportedFile[] };
  return answer.files;
}

/** What a person says is in the image, after a version has said it: a tested image becomes an annotated one. */
export function correct(
  projectId: string,
  imageId: string,
  predictionId: string,
  shapes: readonly Shape[],
): Promise<unknown> {
  return request("POST", `/api/annotation/projects/${projectId}/images/${imageId}/corrections`, {
    json: { prediction_id: predictionId, shapes },
  });
}
