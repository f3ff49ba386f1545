import { expect, test } from "vitest";
import type { Box, Point, Size } from "./geometry";
import { holds, isWhole, windowAbout } from "./wand";

const LARGE = { width: 10_000, height: 8000 };
const NARROW = { width: 100_000, height: 300 };

test.each<[string, Point, Size, Box]>([
  ["all of a small picture", [5, 5], { width: 4000, height: 3000 }, [0, 0, 4000, 3000]],
  ["a large picture's middle", [5000, 4000], LARGE, [3000, 2000, 7000, 6000]],
  ["its first corner", [0, 0], LARGE, [0, 0, 4000, 4000]],
  ["its last corner", [10_000, 8000], LARGE, [6000, 4000, 10_000, 8000]],
  ["the length of a narrow one", [50_000, 150], NARROW, [23_334, 0, 76_667, 300]],
  ["the end of a narrow one", [99_999, 0], NARROW, [46_667, 0, 100_000, 300]],
  ["the height of a tall one", [150, 0], { width: 300, height: 100_000 }, [0, 0, 300, 53_333]],
])("the wand looks at %s, no more pixels than it may, and need not look again", (_, at, image, window) => {
  const [left, top, right, bottom] = windowAbout(at, image);
  expect([left, top, right, bottom]).toEqual(window);
  expect(isWhole({ width: right - left, height: bottom - top })).toBe(true);
  expect(holds(window, at, image)).toBe(true);
});

test.each<[Box, Point, boolean]>([
  [[3000, 2000, 7000, 6000], [4000, 5000], true],
  [[3000, 2000, 7000, 6000], [3999, 5000], false],
  [[3000, 2000, 7000, 6000], [6000, 5000], true],
  [[3000, 2000, 7000, 6000], [6001, 5000], false],
  [[3000, 2000, 7000, 6000], [5000, 2999], false],
  [[3000, 2000, 7000, 6000], [5000, 5001], false],
  [[3000, 2000, 7000, 6000], [9000, 4000], false],
  // At the picture's own edge there is nothing more to see.
  [[0, 0, 4000, 4000], [0, 0], true],
  [[0, 0, 4000, 4000], [3001, 0], false],
  [[6000, 4000, 10_000, 8000], [9999, 7999], true],
])("of the window %j a quarter lies around %j: %s", (window, at, held) => {
  expect(holds(window, at, LARGE)).toBe(held);
});
