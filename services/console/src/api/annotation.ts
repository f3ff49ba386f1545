import createClient from "openapi-fetch";
import type { components, operations, paths } from "./generated/annotation";
import { authorisedFetch, body, saveFile, upload, type Transfer } from "./http";

type Schemas = components["schemas"];

export type Annotation = Awaited<ReturnType<typeof getAnnotation>>;
export type NewShape = Schemas["CorrectionWrite"]["shapes"][number];
export type ShapeKind = NewShape["kind"];
export type NewRegion = Schemas["IgnoreRegion"];
export type Label = Schemas["LabelResponse"];
export type Change = Awaited<ReturnType<typeof listChanges>>["items"][number];
export type ImportReport = Awaited<ReturnType<typeof getImportReport>>;
/** An import that is, or was, worked on in the background. */
export type ImportRun = Awaited<ReturnType<typeof getImport>>;
export type ImportedFile = ImportReport["entries"][number];
export type ImportCounts = ImportReport["counts"];
export type ImportAction = NonNullable<ImportedFile["action"]>;
export type ImportUndone = Schemas["UndoResponse"];
/** What an import does where a person has drawn. */
export type OnConflict = NonNullable<
  NonNullable<operations["import_labels"]["parameters"]["query"]>["on_conflict"]
>;

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

/** How an archive is imported: a dry run only tells what would be done. */
export interface ImportOptions {
  readonly dryRun: boolean;
  readonly onConflict: OnConflict;
}

/** Send one archive of annotation files, to be looked at or imported in the background. */
export async function startImport(
  projectId: string,
  archive: File,
  { dryRun, onConflict }: ImportOptions,
  sent: Pick<Transfer, "onProgress" | "signal">,
): Promise<ImportRun> {
  const form = new FormData();
  form.append("file", archive, archive.name);
  const query = new URLSearchParams({
    dry_run: String(dryRun),
    on_conflict: onConflict,
    name: archive.name.slice(-MOST_NAME),
  });
  const path = `/api/annotation/projects/${projectId}/import-runs`;
  return (await upload(`${path}?${query.toString()}`, form, sent)) as ImportRun;
}

const MOST_NAME = 200;

/** Look at, or import, the archive of an earlier look without sending it once more; a second click is the same. */
export function importAgain(projectId: string, runId: string, { dryRun, onConflict }: ImportOptions) {
  return body(
    client.POST("/api/annotation/projects/{project_id}/import-runs/{run_id}:again", {
      params: {
        header: { "Idempotency-Key": `${runId}-${dryRun ? "look" : "import"}-${onConflict}` },
        path: { project_id: projectId, run_id: runId },
        query: { dry_run: dryRun, on_conflict: onConflict },
      },
    }),
  );
}

/** Imports, newest first; looks at what one would do are not among them. */
export function listImports(projectId: string, page: number, pageSize: number) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/import-runs", {
      params: { path: { project_id: projectId }, query: { page, page_size: pageSize } },
    }),
  );
}

export function getImport(projectId: string, runId: string) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/import-runs/{run_id}", {
      params: { path: { project_id: projectId, run_id: runId } },
    }),
  );
}

/** The report of an import that came to its end; it names every file. */
export function getImportReport(projectId: string, runId: string) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/import-runs/{run_id}/report", {
      params: { path: { project_id: projectId, run_id: runId } },
    }),
  );
}

/** Stop an import; what it wrote stays, and can be undone. */
export function cancelImport(projectId: string, runId: string) {
  return body(
    client.POST("/api/annotation/projects/{project_id}/import-runs/{run_id}:cancel", {
      params: { path: { project_id: projectId, run_id: runId } },
    }),
  );
}

export function isGoingOn({ state }: ImportRun): boolean {
  return state === "queued" || state === "running";
}

/** Download all annotations as files of another tool; `export-report.json` says what they cannot hold. */
export function saveExport(projectId: string, format: SampleFormat): Promise<void> {
  const path = `/api/annotation/projects/${projectId}/exports?format=${format}`;
  return saveFile(path, `annotations-${format}.zip`);
}

/** A format of which there is a sample archive. */
export type SampleFormat = operations["sample_labels"]["parameters"]["path"]["wanted"];

export const SAMPLE_FORMATS: readonly SampleFormat[] = [
  "labelme",
  "voc",
  "yolo",
  "yolo_seg",
  "yolo_obb",
  "dota",
  "coco",
  "createml",
  "datumaro",
];

/** Download the sample archive of a format. */
export function saveSample(format: SampleFormat): Promise<void> {
  return saveFile(`/api/annotation/samples/${format}`, `sample-${format}.zip`);
}

/** Give images back what an import replaced, and take away what it added; what was changed since stays. */
export function undoImport(projectId: string, importId: string) {
  return body(
    client.POST("/api/annotation/projects/{project_id}/imports/{import_id}:undo", {
      params: { path: { project_id: projectId, import_id: importId } },
    }),
  );
}

/** What a person says is in the image, after a version has said it: a tested image becomes an annotated one. */
export function correct(projectId: string, imageId: string, predictionId: string, drawn: Drawn) {
  return body(
    client.POST("/api/annotation/projects/{project_id}/images/{image_id}/corrections", {
      params: { path: { project_id: projectId, image_id: imageId } },
      body: { prediction_id: predictionId, ...drawn },
    }),
  );
}

/** What stands in an annotation as a person drew it. */
export interface Drawn {
  readonly shapes: NewShape[];
  readonly ignore_regions: NewRegion[];
}

/** Save an annotation anew; one that somebody else saved since that version was read is refused. */
export function saveAnnotation(projectId: string, imageId: string, version: number, drawn: Drawn) {
  return body(
    client.PUT("/api/annotation/projects/{project_id}/images/{image_id}", {
      params: {
        path: { project_id: projectId, image_id: imageId },
        header: { "If-Match": `"${version}"` },
      },
      body: drawn,
    }),
  );
}

/** Make an image unannotated again, which is not the same as annotated with nothing on it. */
export async function clearAnnotation(projectId: string, imageId: string, version: number): Promise<void> {
  await client.DELETE("/api/annotation/projects/{project_id}/images/{image_id}", {
    params: {
      path: { project_id: projectId, image_id: imageId },
      header: { "If-Match": `"${version}"` },
    },
  });
}

export type ReviewState = Annotation["review"];
/** What can be said of an annotation. */
export type ReviewWord = Annotation["reviews"][number]["word"];

/** Say something of the annotation that was read, and of no later one. */
export function review(projectId: string, imageId: string, version: number, said: { readonly word: ReviewWord; readonly comment: string }) {
  return body(
    client.POST("/api/annotation/projects/{project_id}/images/{image_id}/reviews", {
      params: {
        path: { project_id: projectId, image_id: imageId },
        header: { "If-Match": `"${version}"` },
      },
      body: said,
    }),
  );
}

/** The steps of an image's annotation, newest first. */
export function listChanges(projectId: string, imageId: string, page: number, pageSize: number) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/images/{image_id}/history", {
      params: { path: { project_id: projectId, image_id: imageId }, query: { page, page_size: pageSize } },
    }),
  );
}

/** What the signed-in person has not saved of an image, in whichever browser. */
export function getDraft(projectId: string, imageId: string) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/images/{image_id}/draft", {
      params: { path: { project_id: projectId, image_id: imageId } },
    }),
  );
}

export async function keepDraft(projectId: string, imageId: string, work: string): Promise<void> {
  await client.PUT("/api/annotation/projects/{project_id}/images/{image_id}/draft", {
    params: { path: { project_id: projectId, image_id: imageId } },
    body: { work },
  });
}

export async function dropDraft(projectId: string, imageId: string): Promise<void> {
  await client.DELETE("/api/annotation/projects/{project_id}/images/{image_id}/draft", {
    params: { path: { project_id: projectId, image_id: imageId } },
  });
}

export function createLabel(projectId: string, name: string) {
  return body(
    client.POST("/api/annotation/projects/{project_id}/labels", {
      params: { path: { project_id: projectId } },
      body: { name },
    }),
  );
}

/** What of a label shall be otherwise; an empty text takes it away. */
export type LabelPatch = Schemas["LabelPatch"];

/** Annotations follow a new name, a moment later. */
export function changeLabel(projectId: string, { id, version }: Label, patch: LabelPatch) {
  return body(
    client.PATCH("/api/annotation/projects/{project_id}/labels/{label_id}", {
      params: {
        path: { project_id: projectId, label_id: id },
        header: { "If-Match": `"${version}"` },
      },
      body: patch,
    }),
  );
}

/** Put labels in this order. */
export function orderLabels(projectId: string, ids: string[]) {
  return body(
    client.PUT("/api/annotation/projects/{project_id}/label-order", {
      params: { path: { project_id: projectId } },
      body: { ids },
    }),
  );
}

/** The label goes, and with it every shape that carries it. */
export async function deleteLabel(projectId: string, { id, version }: Label): Promise<void> {
  await client.DELETE("/api/annotation/projects/{project_id}/labels/{label_id}", {
    params: {
      path: { project_id: projectId, label_id: id },
      header: { "If-Match": `"${version}"` },
    },
  });
}

/** The labels that were deleted last, newest first, and from how many images their shapes went. */
export function listDeletedLabels(projectId: string) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/deleted-labels", {
      params: { path: { project_id: projectId } },
    }),
  );
}

/** A deleted label lives again, and with it the shapes that went with it. */
export function restoreLabel(projectId: string, labelId: string) {
  return body(
    client.POST("/api/annotation/projects/{project_id}/labels/{label_id}:restore", {
      params: { path: { project_id: projectId, label_id: labelId } },
    }),
  );
}

export type LabelCheck = Awaited<ReturnType<typeof checkLabels>>;
export type Finding = LabelCheck["items"][number];
export type FindingRule = Finding["rule"];

/** What is probably wrong with the labels, worst first. */
export function checkLabels(projectId: string) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/label-check", {
      params: { path: { project_id: projectId } },
    }),
  );
}

/** Say that a finding is no error: it is not told again. */
export async function dismissFinding(projectId: string, findingId: string): Promise<void> {
  await client.PUT("/api/annotation/projects/{project_id}/label-check/dismissals/{finding_id}", {
    params: { path: { project_id: projectId, finding_id: findingId } },
  });
}

/** Tell again what people said is no error. */
export async function forgetDismissals(projectId: string): Promise<void> {
  await client.DELETE("/api/annotation/projects/{project_id}/label-check/dismissals", {
    params: { path: { project_id: projectId } },
  });
}

export type SetStatistics = Awaited<ReturnType<typeof readStatistics>>;
export type LabelStatistics = SetStatistics["labels"][number];

/** What the set of annotated images is made of. */
export function readStatistics(projectId: string) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/statistics", {
      params: { path: { project_id: projectId } },
    }),
  );
}

/** What of the project is annotated, and how many annotations carry which label. */
export function summariseAnnotations(projectId: string) {
  return body(
    client.GET("/api/annotation/projects/{project_id}/summary", {
      params: { path: { project_id: projectId } },
    }),
  );
}
