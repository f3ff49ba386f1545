import { expect, test } from "vitest";
import { ringArea, type Point } from "./geometry";
import { clipped, crossesItself, cut, isWithin, simplified, thinned, uncrossed } from "./rings";

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

test("a ring that touches itself or is convex does not cross itself, an hourglass does", () => {
  expect(crossesItself(SQUARE)).toBe(false);
  expect(crossesItself([[0, 0], [5, 5], [10, 0], [10, 10], [5, 5], [0, 10]])).toBe(false);
  expect(crossesItself([[0, 0], [10, 0], [0, 10], [10, 10]])).toBe(true);
});

test("an outline that overshoots its start is what it goes around, without a hole", () => {
  const round: Point[] = [[5, 0], [10, 0], [10, 10], [0, 10], [0, 0]];
  const within: Point[] = [...round, [6, 2], [8, -1]];
  expect(crossesItself(within)).toBe(true);
  const ring = uncrossed(within);
  expect(crossesItself(ring)).toBe(false);
  expect(ringArea(ring)).toBeGreaterThan(92);
  // Twice around: once is enough.
  const twice = uncrossed([...SQUARE, [1, -1], [11, -1], [11, 9], [1, 9]]);
  expect(crossesItself(twice)).toBe(false);
  expect(ringArea(twice)).toBeGreaterThan(110);
  expect(uncrossed(SQUARE)).toBe(SQUARE);
});

test("a thin bow keeps as many points as it needs not to cross itself, whatever the slack", () => {
  const bow: Point[] = Array.from({ length: 81 }, (_, step): Point => {
    const [turn, far] = step <= 40 ? [step, 100] : [80 - step, 97];
    const angle = (turn / 40) * 1.7 * Math.PI;
    return [far * Math.cos(angle), far * Math.sin(angle)];
  });
  const slacks = [1, 2, 4, 8, 16, 32, 50];
  expect(slacks.some((slack) => crossesItself(simplified(bow, slack)))).toBe(true);
  for (const slack of slacks) expect(crossesItself(thinned(bow, slack))).toBe(false);
  expect(thinned(bow, 1).length).toBeLessThan(bow.length);
});
