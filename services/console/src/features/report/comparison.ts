/** Whether a difference between two versions can be chance. */
import type { Difference } from "../../api/evaluator";

/** The usual bound: a difference this rare by chance alone is taken for real. */
export const SIGNIFICANT = 0.05;

export type Verdict = "better" | "worse" | "chance" | "same" | "unknown";

export function verdictOf({ difference, p_value: p }: Pick<Difference, "difference" | "p_value">): Verdict {
  if (difference === null) return "unknown";
  if (difference === 0) return "same";
  if (p >= SIGNIFICANT) return "chance";
  return difference > 0 ? "better" : "worse";
}
