import { expect, test } from "vitest";
import { drawnBox, during, nudged, relabelled, without, type EditedBox } from "./tools";

const IMAGE = { width: 100, height: 50 };
const A: EditedBox = { id: "a", label: "scratch", box: [10, 10, 30, 20], score: 0.8 };
const B: EditedBox = { id: "b", label: "pore", box: [50, 10, 60, 20], score: 0.6 };

test("a box that a person moved or pulled has no score of the version any more", () => {
  const shifted = during([A, B], { kind: "move", id: "a", from: [0, 0], to: [5, 5] }, IMAGE);
  expect(shifted).toEqual([{ ...A, box: [15, 15, 35, 25], score: null }, B]);
  const pulled = during([A, B], { kind: "resize", id: "b", handle: "se", to: [70, 30] }, IMAGE);
  expect(pulled[1]).toEqual({ ...B, box: [50, 10, 70, 30], score: null });
});

test("a click moves nothing: the same box comes back, score and all", () => {
  const [same] = during([A], { kind: "move", id: "a", from: [7, 7], to: [7, 7] }, IMAGE);
  expect(same).toBe(A);
  expect(nudged([A], "a", [0, 0], IMAGE)[0]).toBe(A);
});

test("drawing leaves a box in any direction, a click leaves none", () => {
  expect(drawnBox({ kind: "draw", from: [30, 20], to: [10, 10] }, IMAGE)).toEqual([10, 10, 30, 20]);
  expect(drawnBox({ kind: "draw", from: [30, 20], to: [30, 21] }, IMAGE)).toBeNull();
});

test("another label is a person's word; the same one is not", () => {
  expect(relabelled([A], "a", "pore")[0]).toEqual({ ...A, label: "pore", score: null });
  expect(relabelled([A], "a", "scratch")[0]).toBe(A);
  expect(without([A, B], "a")).toEqual([B]);
});
