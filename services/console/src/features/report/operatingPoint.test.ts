import { expect, test } from "vitest";
import type { Curves } from "../../api/evaluator";
import { countsAt, figures, meanF1At, totalAt } from "./operatingPoint";

const CURVES: Curves = {
  thresholds: [0, 0.3, 0.6, 1],
  labels: ["scratch", "pit"],
  truths: [10, 5],
  found: [
    [10, 9, 7, 0],
    [5, 4, 1, 0],
  ],
  wrong: [
    [6, 4, 1, 0],
    [3, 0, 0, 0],
  ],
  f1: [0.7, 0.8, 0.5, null],
  precision_at_recall: [],
};

test("counts at a threshold are those of the findings that reach it", () => {
  expect(countsAt(CURVES, 0, 0)).toEqual({ truths: 10, found: 10, wrong: 6 });
  expect(countsAt(CURVES, 0, 0.3)).toEqual({ truths: 10, found: 9, wrong: 4 });
  expect(countsAt(CURVES, 0, 0.31)).toEqual({ truths: 10, found: 7, wrong: 1 });
  expect(countsAt(CURVES, 1, 1)).toEqual({ truths: 5, found: 0, wrong: 0 });
});

test("labels add up to the whole", () => {
  expect(totalAt(CURVES, 0.3)).toEqual({ truths: 15, found: 13, wrong: 4 });
});

test("figures follow their definitions, and have none where there is nothing to divide", () => {
  const { precision, recall, f1 } = figures({ truths: 10, found: 8, wrong: 2 });
  expect([precision, recall, f1]).toEqual([0.8, 0.8, 0.8]);
  expect(figures({ truths: 10, found: 0, wrong: 0 })).toEqual({ precision: null, recall: 0, f1: 0 });
  expect(figures({ truths: 0, found: 0, wrong: 0 })).toEqual({ precision: null, recall: null, f1: null });
});

test("the mean F1 is the report's own, and unknown stays unknown", () => {
  expect(meanF1At(CURVES, 0.25)).toBe(0.8);
  expect(meanF1At(CURVES, 1)).toBeNull();
});
