import { expect, test } from "vitest";
import type { ReportMark } from "../../api/evaluator";
import { VERDICT_COLOURS } from "../../ui/theme";
import { askedKind, caption, countOf, marksOf, type Shown } from "./errorMarks";

const MARKS: ReportMark[] = [
  { kind: "false", label: "scratch", confused_with: "pit", score: 0.8, box: [1, 2, 3, 4], rle: null, shape_id: null },
  { kind: "missed", label: "pit", confused_with: null, score: null, box: [5, 6, 7, 8], rle: null, shape_id: "a" },
  { kind: "correct", label: "pit", confused_with: null, score: 0.9, box: [5, 6, 7, 8], rle: null, shape_id: "b" },
];

const NONE: Shown = { false: false, missed: false, wrong_label: false, correct: false };

test("only ticked kinds are drawn, each in its colour", () => {
  const drawn = marksOf(MARKS, { ...NONE, false: true, missed: true });
  expect(drawn.map(({ colour }) => colour)).toEqual([VERDICT_COLOURS.false, VERDICT_COLOURS.missed]);
  expect(drawn[1]?.outline[0]).toEqual([5, 6]);
});

test("a mask is drawn where there is one", () => {
  const rle: { size: [number, number]; counts: string } = { size: [3, 4], counts: "421O3" };
  const masked = MARKS.map((mark) => ({ ...mark, rle }));
  const drawn = marksOf(masked, { ...NONE, missed: true });
  expect(drawn).toEqual([expect.objectContaining({ mask: rle, colour: VERDICT_COLOURS.missed })]);
});

test("one tick asks for images with that error, two or none for all", () => {
  expect(askedKind({ ...NONE, false: true, correct: true })).toBe("false");
  expect(askedKind({ ...NONE, missed: true })).toBe("missed");
  expect(askedKind({ ...NONE, false: true, missed: true })).toBeNull();
  expect(askedKind({ ...NONE, correct: true })).toBeNull();
});

test("captions name the label it was confused with", () => {
  expect(MARKS.map(caption)).toEqual(["scratch ⇄ pit 0.80", "pit", "pit 0.90"]);
});

test("a wrong label can be looked at alone, and comes along with either of its halves", () => {
  const pair: ReportMark[] = [
    ...MARKS.slice(1),
    { kind: "false", label: "scratch", confused_with: "pit", score: 0.8, box: [1, 2, 3, 4], rle: null, shape_id: "c" },
    { kind: "missed", label: "pit", confused_with: "scratch", score: null, box: [1, 2, 3, 4], rle: null, shape_id: "c" },
  ];
  const alone = { ...NONE, wrong_label: true };
  expect(askedKind(alone)).toBe("wrong_label");
  expect(askedKind({ ...alone, false: true })).toBe("false");
  expect(marksOf(pair, alone).map(({ caption: text }) => text)).toEqual(["scratch ⇄ pit 0.80", "pit ⇄ scratch"]);
  expect(marksOf(pair, alone).map(({ captionBelow }) => captionBelow)).toEqual([false, true]);
  expect(marksOf(pair, { ...NONE, false: true })).toHaveLength(1);
  const ticks = ["false", "missed", "wrong_label"] as const;
  expect(ticks.map((tick) => countOf(pair, tick))).toEqual([1, 2, 1]);
});
