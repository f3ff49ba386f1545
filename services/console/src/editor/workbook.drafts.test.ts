// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { Shelved } from "../testing/shelf";
import { added, removed } from "./edits";
import { boxShape, EMPTY, type Drawing } from "./shapes";
import { drawingOf, QUIET_MS, SHELVED_AFTER_MS, Workbook } from "./workbook";

const A = boxShape("a", "box", "scratch", [10, 10, 30, 20]);
const B = boxShape("b", "box", "pore", [50, 10, 60, 20]);
const one: Drawing = added(EMPTY, A);

let place: Shelved;
let book: Workbook;
const opened = async (): Promise<void> => book.open("i", await place.read("i"));
const quiet = (): Promise<unknown> => vi.advanceTimersByTimeAsync(QUIET_MS);
const saving = (): string | undefined => book.sheet("i")?.saving.is;

beforeEach(() => {
  vi.useFakeTimers();
  place = new Shelved();
  book = new Workbook("p", place);
});
afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
});

const shelved = (): Promise<unknown> => vi.advanceTimersByTimeAsync(SHELVED_AFTER_MS);

test("what is saved by itself is no draft on the platform; what is refused is one, until it is taken back", async () => {
  await opened();
  book.change("i", one);
  await shelved();
  expect([saving(), place.kept.size]).toEqual(["saved", 0]);
  place.failure = new Problem({ code: "invalid-input", status: 422, title: "" });
  book.change("i", added(one, B));
  await shelved();
  expect(saving()).toBe("refused");
  expect(drawingOf(place.kept.get("i") ?? "", one)?.shapes).toEqual([A, B]);
  book.undo("i");
  await vi.advanceTimersByTimeAsync(0);
  expect([saving(), place.kept.size]).toEqual(["saved", 0]);
});

test.each(["in the same visit", "after a reload"])("a draft goes when what it drew is taken away again, %s", async (when) => {
  const platform = { read: place.read, write: place.write, drafts: place.drafts, lacks: ({ shapes }: Drawing) => shapes.length > 0 };
  book = new Workbook("p", platform);
  await opened();
  book.change("i", one);
  await shelved();
  expect([saving(), place.kept.size]).toEqual(["unlabelled", 1]);
  if (when === "after a reload") {
    book = new Workbook("p", platform);
    await opened();
  }
  book.change("i", removed(one, new Set(["a"])));
  await quiet();
  expect([saving(), place.kept.size]).toEqual(["saved", 0]);
});

test("a draft that is slow on its way does not come behind the save", async () => {
  const keep = async (imageId: string, work: string): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 10_000));
    place.kept.set(imageId, work);
  };
  book = new Workbook("p", { read: place.read, write: place.write, drafts: { ...place.drafts, keep } });
  await opened();
  place.failure = new Problem({ code: "invalid-input", status: 422, title: "" });
  book.change("i", one);
  await shelved();
  place.failure = null;
  book.change("i", added(one, B));
  await vi.advanceTimersByTimeAsync(20_000);
  expect([saving(), place.kept.size]).toEqual(["saved", 0]);
});

test("what is refused only after a while is a draft on the platform, too", async () => {
  await opened();
  place.failure = new TypeError("network");
  book.change("i", one);
  await shelved();
  expect([saving(), place.kept.size]).toEqual(["retrying", 0]);
  place.failure = new Problem({ code: "forbidden", status: 403, title: "" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([saving(), place.kept.size]).toEqual(["refused", 1]);
});

test("another browser goes on with the draft, over what was saved since, and saves it", async () => {
  place.store("i", one, "me");
  const first = new Workbook("p", place);
  first.open("i", await place.read("i"));
  place.failure = new Problem({ code: "invalid-input", status: 422, title: "" });
  first.change("i", removed(one, new Set(["a"])));
  await shelved();
  localStorage.clear(); // the other browser has a store of its own
  place.failure = null;
  const theirs = added(one, B);
  place.store("i", theirs, "bob");

  book = new Workbook("p", place);
  await opened();
  book.adopt("i", place.kept.get("i") ?? "");
  expect(book.sheet("i")?.history.present.shapes).toEqual([B]);
  await quiet();
  expect(saving()).toBe("saved");
  expect(place.written.at(-1)?.shapes).toEqual([B]);
});

test("a draft that says what is saved, or that nobody can read, is none", () => {
  const work = JSON.stringify({ base: { version: 1, drawing: EMPTY, author: "" }, drawing: one, conflicts: [] });
  expect(drawingOf(work, one)).toBeNull();
  expect(drawingOf(work, EMPTY)).toEqual(one);
  for (const text of ["", "{", "null", '{"drawing":7}']) expect(drawingOf(text, EMPTY)).toBeNull();
});
