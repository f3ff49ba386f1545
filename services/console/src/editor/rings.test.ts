import { expect, test } from "vitest";
import { ringArea, type Point } from "./geometry";
import { clipped, cut, isWithin, simplified } from "./rings";

const SQUARE: readonly Point[] = [[0, 0], [10, 0], [10, 10], [0, 10]];
/** A comb with two teeth: a level line at y = 2 passes through both. */
const COMB: readonly Point[] = [[0, 0], [4, 0], [4, 6], [8, 6], [8, 0], [12, 0], [12, 10], [0, 10]];

test("points nearer to the line than the tolerance go, corners stay", () => {
  const noisy: Point[] = [[0, 0], [3, 0.2], [6, -0.2], [10, 0], [10.2, 5], [10, 10], [0, 10], [-0.1, 5]];
  expect(simplified(noisy, 0.5)).toEqual([[0, 0], [10, 0], [10, 10], [0, 10]]);
  expect(simplified(noisy, 0.01)).toBe(noisy);
  expect(simplified(SQUARE, 100)).toHaveLength(3);
});

test("a simplified circle stays within the tolerance of it", () => {
  const circle = Array.from({ length: 360 }, (_, degrees): Point => [
    100 * Math.cos((degrees * Math.PI) / 180),
    100 * Math.sin((degrees * Math.PI) / 180),
  ]);
  const fewer = simplified(circle, 1);
  expect(fewer.length).toBeLessThan(40);
  expect(Math.abs(ringArea(fewer) - Math.PI * 10_000)).toBeLessThan(2 * Math.PI * 100);
});

test("a line through a ring cuts it in two, and nothing is lost", () => {
  const parts = cut(SQUARE, [-5, 4], [15, 4]);
  expect(parts.map(ringArea).sort((a, b) => a - b)).toEqual([40, 60]);
  const slanted = cut(SQUARE, [-1, -1], [11, 11]);
  expect(slanted.map(ringArea)).toEqual([50, 50]);
});

test("a line cuts only where it passes: a tooth, both teeth, or nothing", () => {
  expect(cut(COMB, [-1, 2], [6, 2]).map(ringArea).sort((a, b) => a - b)).toEqual([8, 88]);
  expect(cut(COMB, [-1, 2], [13, 2]).map(ringArea).sort((a, b) => a - b)).toEqual([8, 8, 80]);
  expect(cut(SQUARE, [5, 5], [15, 5])).toEqual([SQUARE]);
  expect(cut(SQUARE, [-5, -5], [15, -5])).toEqual([SQUARE]);
  expect(cut(SQUARE, [0, 0], [10, 0])).toEqual([SQUARE]);
});

test("rings that overlap become one, others stay apart, and a gap is a hole", () => {
  const [one, ...none] = clipped("add", SQUARE, [[5, 5], [15, 5], [15, 15], [5, 15]]);
  expect(none).toEqual([]);
  expect(one && ringArea(one.outer)).toBe(175);
  expect(clipped("add", SQUARE, [[20, 20], [30, 20], [30, 30]])).toHaveLength(2);
  const [frame] = clipped("subtract", SQUARE, [[3, 3], [7, 3], [7, 7], [3, 7]]);
  expect(frame?.holes.map(ringArea)).toEqual([16]);
  expect(frame && ringArea(frame.outer)).toBe(100);
});

test("a point is inside by even and odd", () => {
  expect(isWithin([2, 2], COMB)).toBe(true);
  expect(isWithin([6, 2], COMB)).toBe(false);
});
