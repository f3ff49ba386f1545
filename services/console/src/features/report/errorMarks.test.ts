import { expect, test } from "vitest";
import type { ReportMark } from "../../api/evaluator";
import { askedKind, caption, KIND_COLOURS, marksOf } from "./errorMarks";

const MARKS: ReportMark[] = [
  { kind: "false", label: "scratch", confused_with: "pit", score: 0.8, box: [1, 2, 3, 4], shape_id: null },
  { kind: "missed", label: "pit", confused_with: null, score: null, box: [5, 6, 7, 8], shape_id: "a" },
  { kind: "correct", label: "pit", confused_with: null, score: 0.9, box: [5, 6, 7, 8], shape_id: "b" },
];

test("only ticked kinds are drawn, each in its colour", () => {
  const drawn = marksOf(MARKS, { false: true, missed: true, correct: false });
  expect(drawn.map(({ colour }) => colour)).toEqual([KIND_COLOURS.false, KIND_COLOURS.missed]);
  expect(drawn[1]?.outline[0]).toEqual([5, 6]);
});

test("one tick asks for images with that error, two or none for all", () => {
  expect(askedKind({ false: true, missed: false, correct: true })).toBe("false");
  expect(askedKind({ false: false, missed: true, correct: false })).toBe("missed");
  expect(askedKind({ false: true, missed: true, correct: false })).toBeNull();
  expect(askedKind({ false: false, missed: false, correct: true })).toBeNull();
});

test("captions name the label it was confused with", () => {
  expect(MARKS.map(caption)).toEqual(["scratch ⇄ pit 0.80", "pit", "pit 0.90"]);
});
