/** The basic conclusion of a report, from its headline figures. */
import type { LabelResult, Report } from "../../api/evaluator";

export type Grade = "good" | "fair" | "poor" | "none";

export interface Conclusion {
  readonly grade: Grade;
  /** The label to work on first: the worst of those that carry a warning on their rate. */
  readonly weakest: LabelResult | null;
}

/** Below this a label's rate is marked too, so the words and the marks agree. */
const GOOD = 0.9;
const FAIR = 0.7;

/** A model is good only when the detection rate and the precision (mAP) are both good. */
export function conclude(report: Report): Conclusion {
  const { average_detection_rate: rate, map_50: precision, labels } = report;
  const marked = labels
    .filter(({ warnings, detection_rate: own }) => warnings.includes("rate") && own !== null)
    .sort((a, b) => (a.detection_rate ?? 0) - (b.detection_rate ?? 0));
  if (rate === null || precision === null) return { grade: "none", weakest: null };
  const lower = Math.min(rate, precision);
  return {
    grade: lower >= GOOD ? "good" : lower >= FAIR ? "fair" : "poor",
    weakest: marked[0] ?? null,
  };
}
