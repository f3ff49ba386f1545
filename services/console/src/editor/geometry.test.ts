import { expect, test } from "vitest";
import {
  angleTowards,
  boxBetween,
  handleAt,
  HANDLES,
  isDrawn,
  meets,
  nearestSide,
  resized,
  ringArea,
  rotated,
  stopped,
  type Box,
  type Point,
} from "./geometry";

const IMAGE = { width: 100, height: 50 };
const BOX: Box = [10, 10, 30, 20];

function near(box: readonly number[]): number[] {
  return box.map((value) => Math.round(value * 1e6) / 1e6);
}

test("a box drawn in any direction is the same and stays inside the image", () => {
  expect(boxBetween([30, 20], [10, 10], IMAGE)).toEqual(BOX);
  expect(boxBetween([-5, 60], [120, -1], IMAGE)).toEqual([0, 0, 100, 50]);
});

test("a shift stops at the edge, and never pushes back what sticks out already", () => {
  expect(stopped([5, -3], BOX, IMAGE)).toEqual([5, -3]);
  expect(stopped([500, 500], BOX, IMAGE)).toEqual([70, 30]);
  expect(stopped([-500, -500], BOX, IMAGE)).toEqual([-10, -10]);
  expect(stopped([3, 0], [-4, 0, 10, 10], IMAGE)).toEqual([3, 0]);
  expect(stopped([-3, 0], [-4, 0, 10, 10], IMAGE)).toEqual([0, 0]);
});

test("a handle pulled to where it is changes nothing, turned or not", () => {
  for (const degrees of [0, 30, 90, -135]) {
    for (const handle of HANDLES) {
      expect(near(resized(BOX, handle, handleAt(BOX, handle, degrees), degrees))).toEqual(near(BOX));
    }
  }
});

test("a corner moves two sides, a side one", () => {
  expect(resized(BOX, "se", [40, 25])).toEqual([10, 10, 40, 25]);
  expect(resized(BOX, "nw", [5, 5])).toEqual([5, 5, 30, 20]);
  expect(resized(BOX, "e", [40, 99])).toEqual([10, 10, 40, 20]);
  expect(resized(BOX, "n", [99, 0])).toEqual([10, 0, 30, 20]);
});

test("a corner pulled over its opposite turns the box over", () => {
  expect(resized(BOX, "nw", [50, 40])).toEqual([30, 20, 50, 40]);
});

test("of a turned box the opposite corner stays where it is on the image", () => {
  const before = handleAt(BOX, "nw", 40);
  const after = handleAt(resized(BOX, "se", [60, 44], 40), "nw", 40);
  expect(near(after)).toEqual(near(before));
});

test("a box is turned towards what its upper side shall look at", () => {
  expect(angleTowards(BOX, [20, 0])).toBe(0);
  expect(angleTowards(BOX, [90, 15])).toBe(90);
  expect(angleTowards(BOX, [-90, 15])).toBe(-90);
  expect(rotated([0, 0, 4, 2], 90).map(near)).toEqual([[3, -1], [3, 3], [1, 3], [1, -1]]);
});

test("a click is not a drawing", () => {
  expect(isDrawn([10, 10, 11, 40])).toBe(false);
  expect(isDrawn([10, 10, 13, 14])).toBe(true);
});

test("boxes meet where they touch", () => {
  expect(meets(BOX, [30, 20, 40, 40])).toBe(true);
  expect(meets(BOX, [31, 10, 40, 20])).toBe(false);
});

test("a ring has an area in any direction, and a nearest side", () => {
  const ring: Point[] = [[0, 0], [10, 0], [10, 5], [0, 5]];
  expect(ringArea(ring)).toBe(50);
  expect(ringArea(ring.toReversed())).toBe(50);
  expect(nearestSide(ring, [9, 3])).toBe(1);
  expect(nearestSide(ring, [1, 3])).toBe(3);
});
