import { expect, test } from "vitest";
import { maskBox, maskPaths, runLengths } from "./masks";

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
  expect(edge).toContain("M1 0V2");
  expect(edge).toContain("M1 2V4");
});

test("the box is around every pixel", () => {
  expect(maskBox(SMALL)).toEqual([1, 1, 3, 3]);
});

test("an empty mask has no box and no paths", () => {
  const nothing = { size: [3, 4], counts: "<" };
  expect(maskBox(nothing)).toBeNull();
  expect(maskPaths(nothing)).toEqual({ area: "", edge: "" });
});
