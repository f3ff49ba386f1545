/** Precision, recall and F1 at any threshold, from the compact curves of a report: no request needed. */
import type { LabelCurve, Report } from "../../api/evaluator";

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

export const NOTHING: Counts = { truths: 0, found: 0, wrong: 0 };

/** Whether what is judged are objects in images, of which there may be none. */
export function countsObjects({ kind }: Report): boolean {
  return kind === "box" || kind === "mask";
}

/** A classifier says its best label, a segmenter each pixel's: only scored objects are cut at a threshold. */
export function hasThreshold({ kind }: Report): boolean {
  return kind !== "classification" && kind !== "semantic_segmentation";
}

/** Counts of one label: those of the first grid point that is not under the threshold. */
export function countsAt(curve: LabelCurve, threshold: number): Counts {
  const first = curve.thresholds.findIndex((value) => value >= threshold - 1e-9);
  const place = first < 0 ? curve.thresholds.length - 1 : first;
  return { truths: curve.truths, found: curve.tp[place] ?? 0, wrong: curve.fp[place] ?? 0 };
}

/** Counts over all labels. */
export function totalAt(curves: readonly LabelCurve[], threshold: number): Counts {
  return curves
    .map((curve) => countsAt(curve, threshold))
    .reduce(
      (sum, one) => ({
        truths: sum.truths + one.truths,
        found: sum.found + one.found,
        wrong: sum.wrong + one.wrong,
      }),
      NOTHING,
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

/** F1 as the report names it: the mean over the labels that have targets; null where none has. */
export function meanF1At(curves: readonly LabelCurve[], threshold: number): number | null {
  const values = curves
    .filter(({ truths }) => truths > 0)
    .map((curve) => figures(countsAt(curve, threshold)).f1 ?? 0);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
