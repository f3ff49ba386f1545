import { authorisedFetch } from "./http";

/** A sentence in every language of the platform. */
export type Text = Readonly<Record<"zh-CN" | "en", string>>;

export type LabelWarning = "rate" | "ap" | "share" | "count";

export interface LabelResult {
  readonly label: string;
  readonly detection_rate: number | null;
  readonly precision: number | null;
  readonly ap_50: number | null;
  readonly share: number;
  readonly count: number;
  readonly warnings: readonly LabelWarning[];
  readonly advice: Text;
}

export interface Answer {
  readonly answer: "precision" | "balanced" | "recall";
  readonly threshold: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly words: Text;
}

/** Counts of each label (by place) at rising thresholds, and precision at even steps of recall. */
export interface Curves {
  readonly thresholds: readonly number[];
  readonly labels: readonly string[];
  readonly truths: readonly number[];
  readonly found: readonly (readonly number[])[];
  readonly wrong: readonly (readonly number[])[];
  readonly f1: readonly (number | null)[];
  readonly precision_at_recall: readonly (readonly (number | null)[])[];
}

export interface Overall {
  readonly average_detection_rate: number | null;
  readonly map: number | null;
  readonly map_50: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

/** The report of a detection version, schema `loupe.report/1`. */
export interface Report {
  readonly version: string;
  readonly images: number;
  readonly dataset_images: number;
  readonly reference_only: boolean;
  readonly threshold: number;
  readonly iou_threshold: number;
  readonly conclusion: Text;
  readonly notes: readonly Text[];
  readonly question: { readonly text: Text; readonly answers: readonly Answer[] };
  readonly overall: Overall;
  readonly labels: readonly LabelResult[];
  /** Row: truth, column: prediction; the last of both is the background. */
  readonly confusion: { readonly labels: readonly string[]; readonly matrix: readonly (readonly number[])[] };
  readonly curves: Curves;
  readonly traits: readonly { readonly name: string; readonly value: string; readonly words: Text }[];
}

export type ErrorKind = "false_detection" | "miss" | "wrong_label" | "found";

type Box = readonly [number, number, number, number];

export interface ErrorRecord {
  readonly kind: ErrorKind;
  readonly image_id: string;
  readonly true_label: string | null;
  readonly predicted_label: string | null;
  readonly score: number | null;
  readonly box: Box | null;
  readonly truth_box: Box | null;
}

export interface ErrorQuery {
  readonly label: string | null;
  readonly kind: ErrorKind | null;
  readonly threshold: number;
  readonly page: number;
  readonly page_size: number;
}

function versionPath(projectId: string, version: string): string {
  return `/api/evaluator/projects/${projectId}/versions/${version}`;
}

async function get(path: string): Promise<unknown> {
  const response = await authorisedFetch(new Request(path));
  return response.json() as Promise<unknown>;
}

export async function getReport(projectId: string, version: string): Promise<Report> {
  return (await get(`${versionPath(projectId, version)}/report`)) as Report;
}

export async function listErrors(projectId: string, version: string, query: ErrorQuery) {
  const { label, kind, ...rest } = query;
  const parameters = new URLSearchParams(Object.entries(rest).map(([name, value]) => [name, String(value)]));
  if (label !== null) parameters.set("label", label);
  if (kind !== null) parameters.set("kind", kind);
  const path = `${versionPath(projectId, version)}/errors?${parameters.toString()}`;
  return (await get(path)) as { readonly items: readonly ErrorRecord[]; readonly total: number };
}
