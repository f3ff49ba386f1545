// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { dropDraft, keepDraft, readDraft } from "./drafts";

const isText = (work: unknown): work is string => typeof work === "string";
const DAY_MS = 24 * 3_600_000;

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
});

test("a draft is there until it is dropped", () => {
  keepDraft("one", "work");
  expect(readDraft("one", isText)?.work).toBe("work");
  dropDraft("one");
  expect(readDraft("one", isText)).toBeNull();
});

test("what is no such work is no draft", () => {
  keepDraft("one", 7);
  localStorage.setItem("loupe.draft.two", "{");
  expect(readDraft("one", isText)).toBeNull();
  expect(readDraft("two", isText)).toBeNull();
});

test("a draft that nobody came back to for a month is forgotten", () => {
  vi.useFakeTimers();
  keepDraft("old", "work");
  vi.advanceTimersByTime(31 * DAY_MS);
  keepDraft("new", "work");
  expect(readDraft("old", isText)).toBeNull();
  expect(readDraft("new", isText)).not.toBeNull();
});
