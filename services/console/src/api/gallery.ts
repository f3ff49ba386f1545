import { request, upload } from "./http";
import type { Page } from "./workspace";

export const IMAGE_STATUSES = ["unlabelled", "labelled", "tested"] as const;
export type ImageStatus = (typeof IMAGE_STATUSES)[number];

export interface GalleryImage {
  readonly id: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly status: ImageStatus;
  readonly labels: readonly string[];
  readonly uploaded_at: string;
}

export interface ImageQuery {
  readonly name?: string;
  readonly label?: string;
  readonly status?: ImageStatus;
  readonly uploaded_from?: string;
  readonly uploaded_to?: string;
  readonly width?: number;
  readonly height?: number;
  readonly sort?: string;
  readonly page: number;
  readonly page_size: number;
}

export interface UploadedFile {
  readonly name: string;
  readonly status: number;
  readonly image: GalleryImage | null;
  readonly problem: unknown;
}

function images(projectId: string): string {
  return `/api/gallery/projects/${projectId}/images`;
}

export function contentPath(projectId: string, imageId: string): string {
  return `${images(projectId)}/${imageId}/content`;
}

export function thumbnailPath(projectId: string, imageId: string): string {
  return `${images(projectId)}/${imageId}/thumbnail`;
}

export function listImages(projectId: string, query: ImageQuery): Promise<Page<GalleryImage>> {
  return request("GET", images(projectId), { query: { ...query } });
}

export function getImage(projectId: string, imageId: string): Promise<GalleryImage> {
  return request("GET", `${images(projectId)}/${imageId}`);
}

export function deleteImages(projectId: string, ids: readonly string[]): Promise<unknown> {
  return request("POST", `${images(projectId)}:batch-delete`, { json: { ids } });
}

/** Send one image; the answer is the per-file result of a multi-file upload with one file. */
export async function uploadImage(
  projectId: string,
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<UploadedFile> {
  const form = new FormData();
  form.append("files", file, file.name);
  const answer = (await upload(images(projectId), form, onProgress, signal)) as {
    readonly items: readonly UploadedFile[];
  };
  const [result] = answer.items;
  if (result === undefined) throw new TypeError("empty upload report");
  return result;
}
