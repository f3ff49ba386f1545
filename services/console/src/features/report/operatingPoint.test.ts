import { expect, test } from "vitest";
import type { LabelCurve } from "../../api/evaluator";
import { countsAt, figures, meanF1At,  totalAt } from "./operatingPoint";
import { onGrid } from "../../ui/onGrid";

function curve(label: string, truths: number, tp: number[], fp: number[]): LabelCurve {
  return { label, truths, thresholds: [0, 0.3, 0.6, 1], tp, fp, precision_at_recall: [] };
}

const SCRATCH = curve("scratch", 10, [10, 9, 7, 0], [6, 4, 1, 0]);
const PIT = curve("pit", 5, [5, 4, 1, 0], [3, 0, 0, 0]);
const UNSEEN = curve("stain", 0, [0, 0, 0, 0], [2, 1, 0, 0]);

test("counts at a threshold are those of the findings that reach it", () => {
  expect(countsAt(SCRATCH, 0)).toEqual({ truths: 10, found: 10, wrong: 6 });
  expect(countsAt(SCRATCH, 0.3)).toEqual({ truths: 10, found: 9, wrong: 4 });
  expect(countsAt(SCRATCH, 0.31)).toEqual({ truths: 10, found: 7, wrong: 1 });
  expect(countsAt(PIT, 1)).toEqual({ truths: 5, found: 0, wrong: 0 });
});

test("labels add up to the whole, false detections of unseen labels included", () => {
  expect(totalAt([SCRATCH, PIT, UNSEEN], 0.3)).toEqual({ truths: 15, found: 13, wrong: 5 });
});

test("figures follow their definitions, and have none where there is nothing to divide", () => {
  const { precision, recall, f1 } = figures({ truths: 10, found: 8, wrong: 2 });
  expect([precision, recall, f1]).toEqual([0.8, 0.8, 0.8]);
  expect(figures({ truths: 10, found: 0, wrong: 0 })).toEqual({ precision: null, recall: 0, f1: 0 });
  expect(figures({ truths: 0, found: 0, wrong: 0 })).toEqual({ precision: null, recall: null, f1: null });
});

test("the report's F1 is the mean over labels that have targets", () => {
  const scratch = (2 * 9) / (10 + 9 + 4);
  const pit = (2 * 4) / (5 + 4);
  expect(meanF1At([SCRATCH, PIT, UNSEEN], 0.3)).toBeCloseTo((scratch + pit) / 2);
  expect(meanF1At([UNSEEN], 0.3)).toBeNull();
});

test("a threshold goes down to the grid, and one on the grid stays", () => {
  expect(onGrid(0.809)).toBe(0.8);
  expect(onGrid(0.3)).toBe(0.3);
  // 0.29 and 0.57 times a hundred end in ….999… in floating point.
  for (let step = 0; step <= 100; step += 1) expect(onGrid(step / 100)).toBe(step / 100);
});
