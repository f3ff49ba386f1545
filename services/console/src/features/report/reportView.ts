/** What a reader of a report looks at, kept in the address: a reload, Back and a colleague find it again. */
import type { ErrorQuery } from "../../api/evaluator";
import type { ErrorTick, Shown } from "./errorMarks";
import { LINE_SORTS, type LineSort } from "./misread";

export type ErrorSort = NonNullable<ErrorQuery["sort"]>;

/** A cell of the confusion matrix; "" is the row, or the column, of nothing. */
export interface Cell {
  readonly truth: string;
  readonly predicted: string;
}

export interface ReportView {
  /** null: the report's own. */
  readonly threshold: number | null;
  /** null: every label. */
  readonly label: string | null;
  /** null: errors of every cell, without what was found. */
  readonly cell: Cell | null;
  readonly shown: Shown;
  readonly sort: ErrorSort;
  /** The order of lines of text. */
  readonly lineSort: LineSort;
}

export const TICKS: readonly ErrorTick[] = ["false", "missed", "wrong_label", "correct"];
export const SORTS: readonly ErrorSort[] = ["confidence", "size"];
const EVERY_ERROR = "false,missed,wrong_label";

export function readReportView(parameters: URLSearchParams): ReportView {
  const threshold = Number(parameters.get("threshold") ?? Number.NaN);
  const truth = parameters.get("truth");
  const predicted = parameters.get("predicted");
  const ticked = (parameters.get("show") ?? EVERY_ERROR).split(",");
  return {
    threshold: threshold >= 0 && threshold <= 1 ? threshold : null,
    label: parameters.get("label"),
    cell: truth === null || predicted === null ? null : { truth, predicted },
    shown: Object.fromEntries(TICKS.map((tick) => [tick, ticked.includes(tick)])) as Shown,
    sort: SORTS.find((known) => known === parameters.get("sort")) ?? "confidence",
    lineSort: LINE_SORTS.find((known) => known === parameters.get("lines")) ?? "errors",
  };
}

/** Only what differs from a report just opened stands in the address. */
export function writeReportView({ threshold, label, cell, shown, sort, lineSort }: ReportView): URLSearchParams {
  const parameters = new URLSearchParams();
  const ticked = TICKS.filter((tick) => shown[tick]).join(",");
  if (threshold !== null) parameters.set("threshold", threshold.toFixed(2));
  if (label !== null) parameters.set("label", label);
  if (cell !== null) {
    parameters.set("truth", cell.truth);
    parameters.set("predicted", cell.predicted);
  }
  if (ticked !== EVERY_ERROR) parameters.set("show", ticked);
  if (sort !== "confidence") parameters.set("sort", sort);
  if (lineSort !== "errors") parameters.set("lines", lineSort);
  return parameters;
}
