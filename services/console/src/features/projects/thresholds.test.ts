import { expect, test } from "vitest";
import { lowestThreshold, startThreshold } from "./thresholds";

test("a classifier is asked for its label at any score, and its results begin there", () => {
  expect([lowestThreshold("classification"), startThreshold("classification", 0.4)]).toEqual([0, 0]);
});

test("results of other versions begin at the advised threshold, and no lower than what was asked for", () => {
  expect(startThreshold("detection", 0.394)).toBe(0.39);
  expect(startThreshold("detection", 0.001)).toBe(lowestThreshold("detection"));
  expect(startThreshold("detection", null)).toBe(0.3);
});
