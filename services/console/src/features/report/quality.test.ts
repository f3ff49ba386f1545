import { expect, test } from "vitest";
import { qualityFigures } from "./quality";

test("figures that a report has are shown, and those it lacks are left out", () => {
  const boxes = {
    box: { iou: 0.82, tightness: 0.89, coverage: null },
    count: { mean_absolute: 0.3, bias: -0.2, exact_rate: 0.7 },
  };
  expect(qualityFigures(boxes).map(({ name }) => name)).toEqual([
    "iou",
    "tightness",
    "count_error",
    "count_bias",
    "count_exact",
  ]);
});

test("masks bring their outline figures", () => {
  const masks = { mask: { iou: 0.8, boundary_iou: 0.6, boundary_f: 0.7, shape: 0.9 }, boundary_map: 0.5 };
  expect(qualityFigures(masks).map(({ value }) => value)).toEqual([0.8, 0.6, 0.7, 0.9, 0.5]);
  expect(qualityFigures(null)).toEqual([]);
});
