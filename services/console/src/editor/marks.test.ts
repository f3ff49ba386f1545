import { expect, test } from "vitest";
import { outline } from "./marks";

test("a rotated box turns clockwise about its centre", () => {
  const corners = outline({ kind: "rotated_box", points: [[0, 0], [4, 2]], angle: 90 });
  const rounded = corners.map(([x, y]) => [Math.round(x), Math.round(y)]);
  expect(rounded).toEqual([[3, -1], [3, 3], [1, 3], [1, -1]]);
});

test("a mask is outlined by its box", () => {
  const shape = { kind: "mask", points: [], rle: { size: [3, 4], counts: "421O3" } };
  expect(outline(shape)).toEqual([[1, 1], [3, 1], [3, 3], [1, 3]]);
});

test("a label of the whole image has no outline", () => {
  expect(outline({ kind: "image", points: [] })).toEqual([]);
});
