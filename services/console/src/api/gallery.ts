import createClient from "openapi-fetch";
import type { components, paths } from "./generated/gallery";
import { authorisedFetch, body, upload, type Transfer } from "./http";

type Schemas = components["schemas"];

export type GalleryImage = Schemas["ImageResponse"];
export type ImageDetail = Schemas["ImageDetail"];
export type TileImage = Schemas["TileResponse"];
export type GallerySummary = Schemas["Summary"];
export type ImageStatus = GalleryImage["status"];
export type UploadedFile = Schemas["FileResult"];
export type ImageLimits = Schemas["ImageLimits"];
export type SizeBounds = Schemas["SizeBounds"];
export type ImageQuery = NonNullable<
  paths["/api/gallery/projects/{project_id}/images"]["get"]["parameters"]["query"]
>;

export type ReviewState = NonNullable<GalleryImage["review"]>;

export const REVIEW_STATES: readonly ReviewState[] = ["draft", "submitted", "accepted", "returned"];
export const IMAGE_STATUSES: readonly ImageStatus[] = ["unlabelled", "labelled", "tested"];

const client = createClient<paths>({ fetch: authorisedFetch });

function images(projectId: string): string {
  return `/api/gallery/projects/${projectId}/images`;
}

export function contentPath(projectId: string, imageId: string): string {
  return `${images(projectId)}/${imageId}/content`;
}

/** The file as it was uploaded, byte for byte. */
export function originalPath(projectId: string, imageId: string): string {
  return `${contentPath(projectId, imageId)}?original=true`;
}

/** A small JPEG whose longer side has about `size` pixels. */
export function thumbnailPath(projectId: string, imageId: string, size = 256): string {
  return `${images(projectId)}/${imageId}/thumbnail?size=${size}`;
}

/** What an image, and a grid that cuts it, may be. */
export function getImageLimits() {
  return body(client.GET("/api/gallery/limits"));
}

export function listImages(projectId: string, query: ImageQuery) {
  return body(
    client.GET("/api/gallery/projects/{project_id}/images", {
      params: { path: { project_id: projectId }, query },
    }),
  );
}

/** One image; one that was cut comes with its tiles, row by row. */
export function getImage(projectId: string, imageId: string) {
  return body(
    client.GET("/api/gallery/projects/{project_id}/images/{image_id}", {
      params: { path: { project_id: projectId, image_id: imageId } },
    }),
  );
}

/** How many images the project has, in all and by status. */
export function summariseImages(projectId: string) {
  return body(
    client.GET("/api/gallery/projects/{project_id}/summary", {
      params: { path: { project_id: projectId } },
    }),
  );
}

export function deleteImages(projectId: string, ids: readonly string[]) {
  return body(
    client.POST("/api/gallery/projects/{project_id}/images:batch-delete", {
      params: { path: { project_id: projectId } },
      body: { ids: [...ids] },
    }),
  );
}

/** From this size on a break of the network costs more than the few requests that resuming takes. */
export const RESUMABLE_FROM_BYTES = 8_000_000;

/** Send one image, a large one in parts that survive a break; a refused one throws its problem. */
export async function uploadImage(
  projectId: string,
  file: File,
  transfer: Transfer,
): Promise<UploadedFile> {
  const answer = (await (file.size < RESUMABLE_FROM_BYTES
    ? upload(images(projectId), formOf(file), transfer)
    : inParts(projectId, file, transfer))) as Schemas["UploadResponse"];
  const [result] = answer.files;
  if (result === undefined) throw new TypeError("the upload's report is empty");
  return result;
}

/** Few files are so large: what sends them is loaded with the first one. */
async function inParts(projectId: string, file: File, transfer: Transfer): Promise<unknown> {
  const { uploadResumably } = await import("./resumable");
  return uploadResumably(`/api/gallery/projects/${projectId}/uploads`, file, transfer);
}

function formOf(file: File): FormData {
  const form = new FormData();
  form.append("files", file, file.name);
  return form;
}

export type Quota = Schemas["QuotaResponse"];

/** What the tenant may keep and send, and how much it does; for administrators alone. */
export function listQuotas() {
  return body(client.GET("/api/gallery/quotas"));
}
