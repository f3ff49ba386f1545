import { expect, test } from "vitest";
import { qualityFigures } from "./quality";

test("figures that a report has are shown, and those it lacks are left out", () => {
  const boxes = {
    iou: 0.82,
    tightness: 0.89,
    coverage: null,
    count_mean_absolute: 0.3,
    count_bias: -0.2,
    count_exact_rate: 0.7,
    intervals: { iou: { low: 0.8, high: 0.84 } },
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
  const masks = { iou: 0.8, boundary_iou: 0.6, boundary_f: 0.7, shape: 0.9, boundary_map: 0.5 };
  expect(qualityFigures(masks).map(({ name, value }) => [name, value])).toEqual([
    ["mask_iou", 0.8],
    ["boundary_iou", 0.6],
    ["boundary_f", 0.7],
    ["shape", 0.9],
    ["boundary_map", 0.5],
  ]);
  expect(qualityFigures(null)).toEqual([]);
});
