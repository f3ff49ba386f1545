import { expect, test } from "vitest";
import { columnsOf, maskArea, maskBox, maskOf, maskPaths, painted, runLengths, runText, shifted, strokeColumns } from "./masks";

// The codes were written by pycocotools, which defines the format.
/** 3 rows, 4 columns: rows 1 and 2 of column 1, row 1 of column 2. */
const SMALL = { size: [3, 4], counts: "421O3" };

test("runs are read as pycocotools writes them", () => {
  expect(runLengths(SMALL.counts)).toEqual([4, 2, 1, 1, 4]);
  expect(runLengths("`_e0l^1ihea2_?_V[^MhQN_Vck8Nfg^TG")).toEqual([
    22000, 1500, 2676505, 1995, 1000, 3, 9294007, 1, 2989,
  ]);
});

test("every covered pixel is in the area, and edges lie only between covered and not", () => {
  const { area, edge } = maskPaths(SMALL);
  expect(area).toBe("M1 1h1V3h-1zM2 1h1V2h-1z");
  const pieces = edge.split("M").filter((piece) => piece !== "");
  expect(pieces.sort()).toEqual(["1 1V3", "1 1h1", "1 3h1", "2 1h1", "2 2V3", "2 2h1", "3 1V2"]);
});

test("a run that goes on in the next column is cut there", () => {
  const across = { size: [4, 3], counts: "246" }; // rows 2 and 3 of column 0, rows 0 and 1 of column 1
  const { area, edge } = maskPaths(across);
  expect(area).toBe("M0 2h1V4h-1zM1 0h1V2h-1z");
  expect(edge).toContain("M1 0V4");
});

test("the box is around every pixel", () => {
  expect(maskBox(SMALL)).toEqual([1, 1, 3, 3]);
});

test("an empty mask has no box and no paths", () => {
  const nothing = { size: [3, 4], counts: "<" };
  expect(maskBox(nothing)).toBeNull();
  expect(maskPaths(nothing)).toEqual({ area: "", edge: "" });
});

test("runs are written as they are read", () => {
  for (const counts of [SMALL.counts, "`_e0l^1ihea2_?_V[^MhQN_Vck8Nfg^TG", "<", "246"]) {
    expect(runText(runLengths(counts))).toBe(counts);
  }
  expect(maskOf(columnsOf(SMALL), SMALL.size)).toEqual(SMALL);
});

test("a mask is shifted by whole pixels and cut at the edge, but never lost", () => {
  const once = shifted(SMALL, [1, -1]);
  expect(maskBox(once)).toEqual([2, 0, 4, 2]);
  expect(maskArea(once)).toBe(3);
  expect(maskArea(shifted(SMALL, [2, 0]))).toBe(2);
  expect(shifted(SMALL, [9, 9])).toEqual(SMALL);
});

test("a brush paints a disc, a band on its way, and nothing outside the image", () => {
  const size = [40, 60];
  const dot = painted(null, strokeColumns([20, 20], [20, 20], 5, size), size, false);
  expect(dot && maskBox(dot)).toEqual([15, 15, 25, 25]);
  expect(dot && Math.abs(maskArea(dot) - Math.PI * 25)).toBeLessThan(8);
  const band = painted(null, strokeColumns([10, 20], [30, 20], 5, size), size, false);
  expect(band && Math.abs(maskArea(band) - (Math.PI * 25 + 200))).toBeLessThan(12);
  const slanted = painted(null, strokeColumns([10, 10], [25, 30], 3, size), size, false);
  expect(slanted && Math.abs(maskArea(slanted) - (Math.PI * 9 + 150))).toBeLessThan(12);
  expect(painted(null, strokeColumns([-20, -20], [-20, -20], 5, size), size, false)).toBeNull();
});

test("painting twice is painting once, and the eraser takes away what it passes", () => {
  const size = [40, 60];
  const stroke = strokeColumns([10, 20], [30, 20], 5, size);
  const once = painted(null, stroke, size, false);
  expect(painted(once, stroke, size, false)).toEqual(once);
  expect(painted(once, stroke, size, true)).toBeNull();
  const rest = painted(once, strokeColumns([10, 20], [10, 20], 9, size), size, true);
  expect(rest && maskBox(rest)?.[0]).toBeGreaterThan(15);
});
