import { expect, test } from "vitest";
import type { Box } from "./geometry";
import { maskOf } from "./masks";
import { nextAfter, openProposals, overlap, walked } from "./proposals";
import { boxShape, shapeOf, vouched, type EditedShape } from "./shapes";

const IMAGE = { width: 100, height: 80 };
const proposal = (id: string, box: Box, score = 0.9, label = "scratch"): EditedShape => ({ ...boxShape(id, "box", label, box), score, proposedBy: "V1" });
const A = proposal("a", [0, 0, 10, 10]);
const B = proposal("b", [20, 0, 30, 10], 0.6);
const C = proposal("c", [40, 0, 50, 10], 0.3, "pore");
const ALL = { threshold: 0, rejected: new Set<string>() };
const of = (...shapes: EditedShape[]) => ({ shapes, nothing: false });
const ids = (shapes: readonly EditedShape[]) => shapes.map(({ id }) => id).join("");

test("what is sure enough is proposed, the threshold itself included", () => {
  expect(ids(openProposals([A, B, C], of(), { ...ALL, threshold: 0.6 }, IMAGE))).toBe("ab");
});

test("what was rejected, or accepted and is still there, is not proposed again", () => {
  const relabelled = vouched(A, { label: "dent", points: [[70, 0], [80, 10]] });
  expect(ids(openProposals([A, B, C], of(relabelled), { ...ALL, rejected: new Set("b") }, IMAGE))).toBe("c");
});

test.each([
  ["half of both, of one label", boxShape("x", "box", "scratch", [0, 0, 10, 5]), ""],
  ["less than half", boxShape("x", "box", "scratch", [0, 0, 10, 4.9]), "a"],
  ["the same place under another label", boxShape("x", "box", "pore", [0, 0, 10, 10]), "a"],
  ["an ignore region", boxShape("x", "ignore", "", [0, 0, 10, 10]), "a"],
  ["a polygon of the same pixels", boxShape("x", "polygon", "scratch", [0, 0, 10, 10]), ""],
  ["a box turned upside down", { ...boxShape("x", "rotated_box", "scratch", [0, 0, 10, 10]), angle: 180 }, ""],
])("over what a person drew, %s", (_, drawn, left) => {
  expect(ids(openProposals([A], of(drawn), ALL, IMAGE))).toBe(left);
});

test("masks are compared by their pixels, not by the boxes around them", () => {
  const bars = (id: string, ...columns: number[]) =>
    shapeOf(id, "mask", { label: "scratch", rle: maskOf(new Map(columns.map((column) => [column, [[0, 80]]])), [80, 100]) });
  expect(overlap(bars("m", 0, 1, 2), bars("n", 1, 2, 3), IMAGE)).toBe(0.5);
  expect(overlap(bars("m", 0, 2, 4, 6), bars("n", 1, 3, 5, 6), IMAGE)).toBeCloseTo(1 / 7);
});

test("an image that has a label is proposed no other", () => {
  const label = (id: string, name: string) => shapeOf(id, "image", { label: name, score: 0.4 });
  expect(openProposals([label("p", "good")], of(label("x", "bad")), ALL, IMAGE)).toEqual([]);
  expect(ids(openProposals([label("p", "good")], of(), ALL, IMAGE))).toBe("p");
});

test("walking goes round at both ends, and begins at the end it comes from", () => {
  expect(walked([A, B, C], C, 1)).toBe(A);
  expect(walked([A, B, C], A, -1)).toBe(C);
  expect(walked([A, B, C], null, 1)).toBe(A);
  expect(walked([A, B, C], null, -1)).toBe(C);
  expect(walked([], A, 1)).toBeNull();
});

test("after the last one comes the one before it", () => {
  expect(nextAfter([A, B, C], B)).toBe(C);
  expect(nextAfter([A, B, C], C)).toBe(B);
  expect(nextAfter([A], A)).toBeNull();
});
