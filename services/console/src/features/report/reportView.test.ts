import { expect, test } from "vitest";
import { readReportView, writeReportView } from "./reportView";

const read = (address: string) => readReportView(new URLSearchParams(address));

test("a view that was written is read again as it was", () => {
  const view = {
    threshold: 0.42,
    label: "scratch, deep",
    cell: { truth: "", predicted: "a&b" },
    shown: { false: false, missed: true, wrong_label: false, correct: true },
    sort: "size", lineSort: "confidence",
  } as const;
  expect(readReportView(writeReportView(view))).toEqual(view);
});

test("a report just opened has a plain address", () => {
  expect(writeReportView(read("")).toString()).toBe("");
  expect(read("").shown).toEqual({ false: true, missed: true, wrong_label: true, correct: false });
});

test("nonsense in the address is left aside", () => {
  expect(read("threshold=7&sort=odd&show=nothing&lines=odd")).toEqual({
    threshold: null,
    label: null,
    cell: null,
    shown: { false: false, missed: false, wrong_label: false, correct: false },
    sort: "confidence",
    lineSort: "errors",
  });
});
