/** Precision, recall and F at any threshold, from the compact curves of a report: no request needed. */
import type { LabelCurve } from "../../api/evaluator";

export interface Counts {
  readonly truths: number;
  readonly tp: number;
  readonly fp: number;
}

export interface Figures {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

/** What matters more: fewer false detections, both alike, or fewer misses. */
export type Preference = "precision" | "balanced" | "recall";

/** β of the F measure that each answer stands for (van Rijsbergen 1979, chapter 7). */
const BETA: Record<Preference, number> = { precision: 0.5, balanced: 1, recall: 2 };

/** Counts at `threshold`: those of the last point that is not above it (scores ≥ threshold are kept). */
export function countsAt(curve: LabelCurve, threshold: number): Counts {
  let low = 0;
  let high = curve.thresholds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((curve.thresholds[middle] ?? Number.POSITIVE_INFINITY) < threshold - 1e-9) low = middle + 1;
    else high = middle;
  }
  return { truths: curve.truths, tp: curve.tp[low] ?? 0, fp: curve.fp[low] ?? 0 };
}

export function total(counts: readonly Counts[]): Counts {
  return counts.reduce(
    (sum, one) => ({ truths: sum.truths + one.truths, tp: sum.tp + one.tp, fp: sum.fp + one.fp }),
    { truths: 0, tp: 0, fp: 0 },
  );
}

/** No prediction has no precision, no truth has no recall; F needs both. */
export function figures({ truths, tp, fp }: Counts): Figures {
  const precision = tp + fp === 0 ? null : tp / (tp + fp);
  const recall = truths === 0 ? null : tp / truths;
  return { precision, recall, f1: fMeasure({ truths, tp, fp }, 1) };
}

export function fMeasure({ truths, tp, fp }: Counts, beta: number): number | null {
  const weight = beta * beta;
  const denominator = weight * truths + tp + fp;
  return denominator === 0 ? null : ((1 + weight) * tp) / denominator;
}

/** Mean over the labels that have one: the report's F1 is a macro one. */
export function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Every threshold at which some label's counts change, rising. */
export function allThresholds(curves: readonly LabelCurve[]): number[] {
  return [...new Set(curves.flatMap(({ thresholds }) => thresholds))].sort((a, b) => a - b);
}

/** The threshold that serves the answer best over all labels; the lowest of equals, null without curves. */
export function recommended(curves: readonly LabelCurve[], preference: Preference): number | null {
  let best: number | null = null;
  let reached = -1;
  for (const threshold of allThresholds(curves)) {
    const value = fMeasure(total(curves.map((curve) => countsAt(curve, threshold))), BETA[preference]);
    if (value !== null && value > reached + 1e-12) {
      best = threshold;
      reached = value;
    }
  }
  return best;
}
