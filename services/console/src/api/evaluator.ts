import { request } from "./http";

export type LabelWarning = "rate" | "metric" | "share" | "count";

export interface LabelResult {
  readonly label: string;
  readonly detection_rate: number | null;
  readonly average_precision: number | null;
  readonly share: number;
  readonly count: number;
  readonly warnings: readonly LabelWarning[];
}

/** Counts of one label at rising thresholds: what is found (tp) and what is wrongly found (fp). */
export interface LabelCurve {
  readonly label: string;
  readonly truths: number;
  readonly thresholds: readonly number[];
  readonly tp: readonly number[];
  readonly fp: readonly number[];
}

export interface Confusion {
  readonly labels: readonly string[];
  /** Row: truth, column: prediction; the last row and column stand for background. */
  readonly matrix: readonly (readonly number[])[];
}

export interface Report {
  readonly version: string;
  readonly conclusion: string;
  readonly reference_only: boolean;
  readonly images: number;
  readonly threshold: number;
  readonly iou_threshold: number;
  readonly average_detection_rate: number | null;
  readonly map_50: number | null;
  readonly map_50_95: number | null;
  readonly best_threshold: number | null;
  readonly labels: readonly LabelResult[];
  readonly curves: readonly LabelCurve[];
  readonly confusion: Confusion | null;
}

export type ErrorKind = "false" | "missed";

export interface ReportMark {
  readonly kind: ErrorKind | "correct";
  readonly label: string;
  readonly score: number | null;
  readonly box: readonly [number, number, number, number];
}

export interface ErrorImage {
  readonly image_id: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly marks: readonly ReportMark[];
}

export interface ErrorQuery {
  readonly label?: string;
  readonly kind?: ErrorKind;
  readonly threshold: number;
  readonly page: number;
  readonly page_size: number;
}

function version(projectId: string, name: string): string {
  return `/api/evaluator/projects/${projectId}/versions/${name}`;
}

export function getReport(projectId: string, name: string): Promise<Report> {
  return request("GET", `${version(projectId, name)}/report`);
}

export function listErrors(
  projectId: string,
  name: string,
  query: ErrorQuery,
): Promise<{ readonly items: readonly ErrorImage[]; readonly total: number }> {
  return request("GET", `${version(projectId, name)}/errors`, { query: { ...query } });
}
