/** Precision, recall and F1 at any threshold, from the compact curves of a report: no request needed. */
import type { Curves } from "../../api/evaluator";

export interface Counts {
  readonly truths: number;
  readonly found: number;
  readonly wrong: number;
}

export interface Figures {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

/** Place on the rising grid from which all scores ≥ `threshold` are counted. */
function placeOf(thresholds: readonly number[], threshold: number): number {
  const place = thresholds.findIndex((value) => value >= threshold - 1e-9);
  return place < 0 ? thresholds.length - 1 : place;
}

/** Counts of one label (by its place among the curves' labels) at a threshold. */
export function countsAt(curves: Curves, label: number, threshold: number): Counts {
  const place = placeOf(curves.thresholds, threshold);
  return {
    truths: curves.truths[label] ?? 0,
    found: curves.found[label]?.[place] ?? 0,
    wrong: curves.wrong[label]?.[place] ?? 0,
  };
}

/** Counts over all labels at a threshold. */
export function totalAt(curves: Curves, threshold: number): Counts {
  return curves.labels
    .map((_, label) => countsAt(curves, label, threshold))
    .reduce(
      (sum, one) => ({
        truths: sum.truths + one.truths,
        found: sum.found + one.found,
        wrong: sum.wrong + one.wrong,
      }),
      { truths: 0, found: 0, wrong: 0 },
    );
}

/** No finding has no precision, no target has no recall, and neither has no F1. */
export function figures({ truths, found, wrong }: Counts): Figures {
  return {
    precision: found + wrong === 0 ? null : found / (found + wrong),
    recall: truths === 0 ? null : found / truths,
    f1: truths + found + wrong === 0 ? null : (2 * found) / (truths + found + wrong),
  };
}

/** F1 as the report names it: the mean over the labels that have targets. */
export function meanF1At(curves: Curves, threshold: number): number | null {
  return curves.f1[placeOf(curves.thresholds, threshold)] ?? null;
}
