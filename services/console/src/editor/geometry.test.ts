import { expect, test } from "vitest";
import { boxBetween, corner, HANDLES, isDrawn, moved, resized, type Box } from "./geometry";

const IMAGE = { width: 100, height: 50 };
const BOX: Box = [10, 10, 30, 20];

test("a box drawn in any direction is the same and stays inside the image", () => {
  expect(boxBetween([30, 20], [10, 10], IMAGE)).toEqual(BOX);
  expect(boxBetween([-5, 60], [120, -1], IMAGE)).toEqual([0, 0, 100, 50]);
});

test("moving keeps the size and stops at the edge", () => {
  expect(moved(BOX, [5, -3], IMAGE)).toEqual([15, 7, 35, 17]);
  expect(moved(BOX, [500, 500], IMAGE)).toEqual([80, 40, 100, 50]);
  expect(moved(BOX, [-500, -500], IMAGE)).toEqual([0, 0, 20, 10]);
});

test("pulling a corner moves that corner only", () => {
  for (const handle of HANDLES) expect(resized(BOX, handle, corner(BOX, handle), IMAGE)).toEqual(BOX);
  expect(resized(BOX, "se", [40, 25], IMAGE)).toEqual([10, 10, 40, 25]);
  expect(resized(BOX, "nw", [5, 5], IMAGE)).toEqual([5, 5, 30, 20]);
});

test("a corner pulled over its opposite turns the box over", () => {
  expect(resized(BOX, "nw", [50, 40], IMAGE)).toEqual([30, 20, 50, 40]);
});

test("a click is not a drawing", () => {
  expect(isDrawn([10, 10, 11, 40])).toBe(false);
  expect(isDrawn([10, 10, 13, 14])).toBe(true);
});
